"""The rounds of one answer in its usage: what reading the conversation for a summary took, and what answering took.

The counts above them are those of the rounds that are no compaction; what is billed is the sum of all (wire.md 8.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, Final, Literal

from windtunnel_server.model.context.edits import COMPACTING_BETA, ON_DEMAND_BETA
from windtunnel_server.wire.message import Reply, Usage

#: Betas under which every answer tells its rounds: documented for the first, recorded for the last two (2026).
TELLING_BETAS: Final = frozenset(
    (COMPACTING_BETA, ON_DEMAND_BETA, "advisor-tool-2026-03-01", "task-budgets-2026-03-13")
)


def iteration(usage: Usage, kind: Literal["message", "compaction"]) -> dict[str, Any]:
    """Write one round, in the recorded order of keys."""
    return {
        "input_tokens": usage.input_tokens,
        "output_tokens": usage.output_tokens,
        "cache_read_input_tokens": usage.cache_read_tokens,
        "cache_creation_input_tokens": usage.cache_creation_tokens,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_creation_5m_tokens,
            "ephemeral_1h_input_tokens": usage.cache_creation_1h_tokens,
        },
        "type": kind,
    }


def told(reply: Reply, betas: AbstractSet[str], summary: Usage | None) -> Reply:
    """Add the rounds to a reply: that of its summary, if it has one, and its own.

    Iterations that a script gave stay as they are.
    """
    if reply.usage.iterations is not None or (summary is None and not betas & TELLING_BETAS):
        return reply
    before = () if summary is None else (iteration(summary, "compaction"),)
    rounds = (*before, iteration(reply.usage, "message"))
    return replace(reply, usage=replace(reply.usage, iterations=rounds))


def alone(summary: Usage) -> Usage:
    """Write the usage of an answer that is a summary and nothing else: zero, and the round that made it."""
    rounds: tuple[Mapping[str, Any], ...] = (iteration(summary, "compaction"),)
    return Usage(iterations=rounds, inference_geo=summary.inference_geo, speed=summary.speed)
