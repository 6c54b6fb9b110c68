"""What has to hold for the edits of a context: which a model has, their order, and what they take with them.

That an edit is known under its beta is left to the table of shapes (`surroundings.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from windtunnel_server.model.context.edits import CLEAR_THINKING, CLEAR_TOOL_USES, COMPACT, listed
from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.rule import Asked, Example, Rule

#: Input tokens.
LEAST_TRIGGER: Final = 50_000


def _edits(asked: Asked) -> list[Mapping[str, Any]]:
    return listed(asked.request) if asked.request.get("context_management") is not None else []


def _supported(asked: Asked) -> Iterator[Problem]:
    for place, edit in enumerate(_edits(asked)):
        if edit["type"] not in asked.model.era.context_edits:
            what = f"`{edit['type']}` is not supported on {asked.request['model']}"
            yield invalid(f"context_management.edits.{place}", what)


def _triggered(asked: Asked) -> Iterator[Problem]:
    for place, edit in enumerate(_edits(asked)):
        trigger = edit.get("trigger")
        if edit["type"] == COMPACT and trigger is not None and trigger["value"] < LEAST_TRIGGER:
            what = f"trigger.value must be at least {LEAST_TRIGGER}"
            yield invalid(f"context_management.edits.{place}.{COMPACT}", what)


def _first(asked: Asked) -> Iterator[Problem]:
    places = [place for place, edit in enumerate(_edits(asked)) if edit["type"] == CLEAR_THINKING]
    if places and places != [0]:
        yield invalid("context_management.edits", f"`{CLEAR_THINKING}` must be the first edit, and the only one of it")


def _thinking(asked: Asked) -> Iterator[Problem]:
    """Models that always think are taken to need no `thinking` (unverified)."""
    if not any(edit["type"] == CLEAR_THINKING for edit in _edits(asked)):
        return
    thinking = asked.request.get("thinking")
    thinks = thinking is not None and thinking["type"] != "disabled"
    if not thinks and "disabled" in asked.model.era.thinking:
        # Unlike other faults this one is told without a path.
        yield invalid("", f"`{CLEAR_THINKING}` strategy requires `thinking` to be enabled or adaptive")


_MODEL: Final = "claude-sonnet-4-6"
_MANAGING: Final = {"betas": frozenset({"context-management-2025-06-27", "compact-2026-01-12"})}


def _example(*edits: Mapping[str, Any], **more: Any) -> Example:
    return Example({"model": _MODEL, "context_management": {"edits": list(edits)}, **more}, _MANAGING)


def _above(value: int) -> dict[str, Any]:
    return {"type": COMPACT, "trigger": {"type": "input_tokens", "value": value}}


_THINKING: Final = {"type": CLEAR_THINKING}
_TOOL_USES: Final = {"type": CLEAR_TOOL_USES}
_ADAPTIVE: Final = {"thinking": {"type": "adaptive"}}

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="context_edit_supported",
        about="A model has the edits that the models endpoint names for it.",
        source="recorded answers of the models endpoint (the words, and that others are refused, are unverified)",
        passes=_example(_TOOL_USES, model="claude-haiku-4-5"),
        fails=_example({"type": COMPACT}, model="claude-haiku-4-5"),
        says=f"context_management.edits.0: `{COMPACT}` is not supported on claude-haiku-4-5",
        check=_supported,
    ),
    Rule(
        name="compaction_triggered_late",
        about="A compaction waits for 50,000 input tokens at least.",
        source="wire.md 9.3; one public report of the words (February 2026)",
        passes=_example(_above(LEAST_TRIGGER)),
        fails=_example(_above(LEAST_TRIGGER - 1)),
        says=f"context_management.edits.0.{COMPACT}: trigger.value must be at least {LEAST_TRIGGER}",
        check=_triggered,
    ),
    Rule(
        name="thinking_is_cleared_first",
        about="The edit that clears thinking is the first, and there is one of it.",
        source="wire.md 9.2 (documented; the words are unverified)",
        passes=_example(_THINKING, _TOOL_USES, **_ADAPTIVE),
        fails=_example(_TOOL_USES, _THINKING, **_ADAPTIVE),
        says=f"context_management.edits: `{CLEAR_THINKING}` must be the first edit, and the only one of it",
        check=_first,
    ),
    Rule(
        name="thinking_is_cleared_of_thinkers",
        about="Thinking is cleared where the request thinks.",
        source="one public report (August 2026)",
        passes=_example(_THINKING, **_ADAPTIVE),
        fails=_example(_THINKING),
        says=f"`{CLEAR_THINKING}` strategy requires `thinking` to be enabled or adaptive",
        check=_thinking,
    ),
)
