"""The context edits of a request, read: what each is to do, with the documented defaults (wire.md 9.2, 9.3).

Reading is lenient: what is no edit is passed over. `validation/context_edits.py` says what is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

#: Betas that open the edits that clear, the edit that compacts, and compaction on demand.
CLEARING_BETA: Final = "context-management-2025-06-27"
COMPACTING_BETA: Final = "compact-2026-01-12"
ON_DEMAND_BETA: Final = "compact-2026-09-04"

CLEAR_TOOL_USES: Final = "clear_tool_uses_20250919"
CLEAR_THINKING: Final = "clear_thinking_20251015"
COMPACT: Final = "compact_20260112"

Unit: TypeAlias = Literal["input_tokens", "tool_uses"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearToolUses:
    """Clear the results of old tool calls."""

    #: It acts once there is more than this, in its unit.
    trigger: int = 100_000
    unit: Unit = "input_tokens"
    #: Tool calls that are kept, the latest ones.
    keep: int = 3
    #: Tokens; where less would be cleared, nothing is.
    at_least: int = 0
    excluded: frozenset[str] = frozenset()
    #: Whose inputs go too: the names of tools, or None for all tools.
    inputs_of: frozenset[str] | None = frozenset()

    def clears_input(self, name: str) -> bool:
        return self.inputs_of is None or name in self.inputs_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ClearThinking:
    """Clear the thinking of old turns."""

    #: Turns with thinking that keep it, the latest ones; None: all.
    keep: int | None = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Compact:
    """Put a summary in the place of the conversation."""

    #: Input tokens; it acts once there are more.
    trigger: int = 150_000
    #: The summary is the whole answer.
    pauses: bool = False
    #: Instructions in the place of the service's own.
    instructions: str | None = None


Edit: TypeAlias = ClearToolUses | ClearThinking | Compact


def edits(request: Mapping[str, Any]) -> Iterator[Edit]:
    """Read the edits of a request in their order."""
    for edit in listed(request):
        kind = edit.get("type")
        if kind == CLEAR_TOOL_USES:
            yield _tool_uses(edit)
        elif kind == CLEAR_THINKING:
            yield ClearThinking(keep=_turns(edit.get("keep")))
        elif kind == COMPACT:
            yield _compact(edit)


def listed(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give the edits of a request as it has them."""
    management = request.get("context_management")
    found = management.get("edits") if isinstance(management, Mapping) else None
    return [edit for edit in found if isinstance(edit, Mapping)] if isinstance(found, list) else []


def _tool_uses(edit: Mapping[str, Any]) -> ClearToolUses:
    trigger = _object(edit.get("trigger"))
    inputs = edit.get("clear_tool_inputs")
    return ClearToolUses(
        trigger=_number(trigger, ClearToolUses().trigger),
        unit="tool_uses" if trigger.get("type") == "tool_uses" else "input_tokens",
        keep=_number(_object(edit.get("keep")), ClearToolUses().keep),
        at_least=_number(_object(edit.get("clear_at_least")), 0),
        excluded=frozenset(map(str, edit.get("exclude_tools") or ())),
        inputs_of=None if inputs is True else frozenset(map(str, inputs)) if isinstance(inputs, list) else frozenset(),
    )


def _turns(keep: Any) -> int | None:
    if keep == "all" or _object(keep).get("type") == "all":
        return None
    return _number(_object(keep), 1)


def _compact(edit: Mapping[str, Any]) -> Compact:
    return Compact(
        trigger=_number(_object(edit.get("trigger")), Compact().trigger),
        pauses=edit.get("pause_after_compaction") is True,
        instructions=said(edit.get("instructions")),
    )


def said(instructions: Any) -> str | None:
    """Give instructions that say something; blank ones count as absent (wire.md 9.4)."""
    return instructions if isinstance(instructions, str) and instructions.strip() else None


def _number(holder: Mapping[str, Any], usual: int) -> int:
    value = holder.get("value")
    return value if isinstance(value, int) and not isinstance(value, bool) else usual


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
