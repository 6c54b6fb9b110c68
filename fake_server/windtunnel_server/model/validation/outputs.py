"""The shapes of what is asked of the answer: thinking, effort, format, budget."""

from __future__ import annotations

from typing import Final

from windtunnel_server.model.validation.conditions import with_beta
from windtunnel_server.model.validation.shape import (
    Key,
    Shape,
    integer,
    mapping,
    may,
    must,
    one_of,
    one_of_known,
    record,
)
from windtunnel_server.model.validation.unions import member, tagged

#: Both are refused without their betas, in these words (reported, September 2026).
_UPDATES: Final = with_beta("thinking-display-updates-")
_BINDING: Final = with_beta("thinking-binding-controls-")

_SHOWN: Final[dict[str, Key]] = {
    "display": may(one_of_known({"summarized": None, "omitted": None, "updates": _UPDATES})),
    "block_binding": may(record({"prefix_mismatch_behavior": may(one_of("error", "drop_block"))}), known=_BINDING),
}

#: Which of them a model takes is a rule of its own.
THINKING: Final = tagged(
    {
        "adaptive": member(_SHOWN),
        "between_tools": member({}),
        "disabled": member({}),
        "enabled": member({"budget_tokens": must(integer(least=1024)), **_SHOWN}),
    }
)

#: Reported in these words (2026); that earlier models know fewer is not checked here.
EFFORT: Final[Shape] = one_of("low", "medium", "high", "xhigh", "max")

#: Recorded: `output_format.schema: Field required`, with no tag in the path.
FORMAT: Final = record({"type": must(one_of("json_schema")), "schema": must(mapping())})

_BUDGET: Final = record({"type": must(one_of("tokens")), "total": must(integer()), "remaining": may(integer(least=0))})

OUTPUT_CONFIG: Final = record(
    {
        "effort": may(EFFORT),
        "format": may(FORMAT),
        # An extra input without its beta (reported, September 2026).
        "task_budget": may(_BUDGET, known=with_beta("task-budgets-")),
    }
)
