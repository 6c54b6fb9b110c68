"""A request as the model reads it: older than the last summary dropped, edits applied, in their order.

A request that asks for none of it passes through untouched and uncounted.
"""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Final

from windtunnel_server.model.context import compaction
from windtunnel_server.model.context.clearing import Cleared, Messages, clear_thinking, clear_tool_uses, tool_uses
from windtunnel_server.model.context.compaction import Compaction
from windtunnel_server.model.context.edits import (
    CLEAR_THINKING,
    CLEAR_TOOL_USES,
    CLEARING_BETA,
    COMPACTING_BETA,
    ON_DEMAND_BETA,
    ClearThinking,
    ClearToolUses,
    Compact,
    edits,
)
from windtunnel_server.model.context.summary import since_compaction
from windtunnel_server.model.tokens import count_input

_COMPACTING: Final = frozenset((COMPACTING_BETA, ON_DEMAND_BETA))


@dataclass(frozen=True, slots=True, kw_only=True)
class Managed:
    """A request after its edits."""

    #: What is counted, cached and held against the window.
    request: Mapping[str, Any]
    #: What was done, as the answer tells it.
    applied: tuple[Mapping[str, Any], ...] = ()
    #: The answer tells it, even if there is nothing to tell (recorded since 2026-03 wherever the beta is named).
    tells: bool = False
    compaction: Compaction | None = None

    @property
    def told(self) -> dict[str, Any] | None:
        """The `context_management` of the answer."""
        return {"applied_edits": [dict(edit) for edit in self.applied]} if self.tells else None


def managed(request: Mapping[str, Any], betas: AbstractSet[str] = frozenset()) -> Managed:
    """Do to a request what it asks for. Betas are not asked for here: validation refuses what lacks one."""
    has_edits, asked = bool(request.get("context_management")), request.get("compaction")
    tells = has_edits or CLEARING_BETA in betas
    if not (has_edits or asked or betas & _COMPACTING):
        return Managed(request=request, tells=tells)
    current, applied = _since_compaction(request), []
    found: Compaction | None = None
    for edit in edits(request):
        if isinstance(edit, Compact):
            found = compaction.by_edit(current, edit, count_input(current))
            continue
        current, told = _cleared(current, edit)
        applied += told
    if isinstance(asked, Mapping):
        found = compaction.on_demand(current, asked, count_input(current))
    return Managed(request=current, applied=tuple(applied), tells=tells, compaction=found)


def counted(request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a count of tokens: edits that clear are applied, and no compaction is begun (wire.md 8.1).

    Unverified: that `original_input_tokens` is without what lies before the last summary.
    """
    tokens = count_input(managed(request, _COMPACTING).request)
    if not request.get("context_management"):
        return {"input_tokens": tokens}
    original = count_input(_since_compaction(request))
    return {"input_tokens": tokens, "context_management": {"original_input_tokens": original}}


def _since_compaction(request: Mapping[str, Any]) -> Mapping[str, Any]:
    return _with(request, since_compaction(request["messages"]))


def _with(request: Mapping[str, Any], messages: Messages) -> Mapping[str, Any]:
    return request if messages is request["messages"] else {**request, "messages": messages}


def _cleared(
    request: Mapping[str, Any], edit: ClearToolUses | ClearThinking
) -> tuple[Mapping[str, Any], list[Mapping[str, Any]]]:
    """Apply an edit; what was not worth clearing is left as it was."""
    cleared = _clear(request, edit)
    if not cleared.lost:
        return request, []
    after = _with(request, cleared.messages)
    tokens = count_input(request) - count_input(after)
    if isinstance(edit, ClearThinking):
        told = {"type": CLEAR_THINKING, "cleared_thinking_turns": cleared.lost}
    elif tokens < edit.at_least:
        return request, []
    else:
        told = {"type": CLEAR_TOOL_USES, "cleared_tool_uses": cleared.lost}
    return after, [told | {"cleared_input_tokens": tokens}]


def _clear(request: Mapping[str, Any], edit: ClearToolUses | ClearThinking) -> Cleared:
    messages: Messages = request["messages"]
    if isinstance(edit, ClearThinking):
        return clear_thinking(messages, edit)
    reached = len(tool_uses(messages)) if edit.unit == "tool_uses" else count_input(request)
    # unverified: that it takes more than the trigger, and not just as much.
    return clear_tool_uses(messages, edit) if reached > edit.trigger else Cleared(messages, 0)
