"""What is refused about context edits and compaction: functions of a request and its betas.

Words told as reported are from public reports of 2025 and 2026; all others are unverified, the refusals behind them are
documented (wire.md 9.2 to 9.4) unless they say so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from itertools import chain
from typing import Any, Final, TypeAlias

from windtunnel_server.model.context import summary
from windtunnel_server.model.context.clearing import listed as blocks_of
from windtunnel_server.model.context.edits import (
    CLEAR_THINKING,
    CLEAR_TOOL_USES,
    CLEARING_BETA,
    COMPACT,
    COMPACTING_BETA,
    ON_DEMAND_BETA,
    listed,
)
from windtunnel_server.model.context.seal import broken
from windtunnel_server.model.models import find
from windtunnel_server.model.problem import Problem, invalid

Betas: TypeAlias = AbstractSet[str]
Rule: TypeAlias = Callable[[Mapping[str, Any], Betas], Iterator[Problem]]

LEAST_TRIGGER: Final = 50_000
MOST_INSTRUCTIONS: Final = 16_384

_EXTRA: Final = "Extra inputs are not permitted"
#: Which beta opens an edit.
_OPENED_BY: Final[Mapping[str, str]] = {
    CLEAR_THINKING: CLEARING_BETA,
    CLEAR_TOOL_USES: CLEARING_BETA,
    COMPACT: COMPACTING_BETA,
}
_UNITS: Final[Mapping[str, tuple[str, ...]]] = {
    CLEAR_TOOL_USES: ("input_tokens", "tool_uses"),
    COMPACT: ("input_tokens",),
}


def refusal(request: Mapping[str, Any], betas: Betas) -> Problem | None:
    """Give the first thing that is wrong; None for a request that may go on."""
    if request.get("context_management") is None and request.get("compaction") is None and ON_DEMAND_BETA not in betas:
        return None
    return next(chain.from_iterable(rule(request, betas) for rule in RULES), None)


def edits_need_a_beta(request: Mapping[str, Any], betas: Betas) -> Iterator[Problem]:
    """The field is unknown without one of its betas (words as reported)."""
    if request.get("context_management") is not None and not betas & set(_OPENED_BY.values()):
        yield invalid("context_management", _EXTRA)


def compaction_needs_a_beta(request: Mapping[str, Any], betas: Betas) -> Iterator[Problem]:
    if request.get("compaction") is not None and ON_DEMAND_BETA not in betas:
        yield invalid("compaction", _EXTRA)


def edits_are_known(request: Mapping[str, Any], betas: Betas) -> Iterator[Problem]:
    """An edit is one of those that its betas open; words as recorded for other tagged unions."""
    known = sorted(kind for kind, beta in _OPENED_BY.items() if beta in betas)
    expected = ", ".join(f"'{kind}'" for kind in known)
    for place, edit in enumerate(listed(request)):
        if edit.get("type") not in known:
            found = f"Input tag '{edit.get('type')}' found using 'type' does not match any of the expected tags: "
            yield invalid(f"context_management.edits.{place}", found + expected)


def edits_are_supported(request: Mapping[str, Any], betas: Betas) -> Iterator[Problem]:
    """A model has the edits that the models endpoint names for it (recorded; that others are refused is unverified)."""
    model = find(str(request.get("model")))
    for place, edit in enumerate(listed(request)):
        if model is not None and edit.get("type") not in model.era.context_edits:
            what = f"`{edit.get('type')}` is not supported on {request['model']}"
            yield invalid(f"context_management.edits.{place}", what)


def thinking_edit_is_first(request: Mapping[str, Any], betas: Betas) -> Iterator[Problem]:
    places = [place for place, edit in enumerate(listed(request)) if edit.get("type") == CLEAR_THINKING]
    if places and places != [0]:
        yield invalid("context_management.edits", f"`{CLEAR_THINKING}` must be the first edit, and the only one of it")


def thinking_edit_needs_thinking(request: Mapping[str, Any], betas: Betas) -> Iterator[Problem]:
    """Words as reported in August 2026; models that always think are taken to need no `thinking` (unverified)."""
    model, thinking = find(str(request.get("model"))), request.get("thinking")
    thinks = isinstance(thinking, Mapping) and thinking.get("type") != "disabled"
    always = model is not None and "disabled" not in model.era.thinking
    if not (thinks or always) and any(edit.get("type") == CLEAR_THINKING for edit in listed(request)):
        # Unlike other faults this one is told without a path.
        yield Problem("invalid_request", f"`{CLEAR_THINKING}` strategy requires `thinking` to be enabled or adaptive")


def triggers_are_in_range(request: Mapping[str, Any], betas: Betas) -> Iterator[Problem]:
    """Words of the least trigger of a compaction as reported in February 2026."""
    for place, edit in enumerate(listed(request)):
        kind, trigger = str(edit.get("type")), edit.get("trigger")
        path = f"context_management.edits.{place}.{kind}"
        if trigger is None or kind not in _UNITS:
            continue
        if not isinstance(trigger, Mapping) or trigger.get("type") not in _UNITS[kind]:
            units = " or ".join(f"'{unit}'" for unit in _UNITS[kind])
            yield invalid(f"{path}.trigger", f"type must be {units}")
        elif not _is_count(trigger.get("value")):
            yield invalid(f"{path}.trigger.value", "Input should be a valid integer")
        elif kind == COMPACT and trigger["value"] < LEAST_TRIGGER:
            yield invalid(path, f"trigger.value must be at least {LEAST_TRIGGER}")


def compaction_is_asked_for_alone(request: Mapping[str, Any], betas: Betas) -> Iterator[Problem]:
    """What only shapes an answer has no place beside `compaction`, nor have edits."""
    if request.get("compaction") is None:
        return
    choice = request.get("tool_choice")
    config = request.get("output_config")
    beside = {
        "context_management": request.get("context_management"),
        "stop_sequences": request.get("stop_sequences"),
        "output_config.format": config.get("format") if isinstance(config, Mapping) else None,
        "output_format": request.get("output_format"),
        "tool_choice": isinstance(choice, Mapping) and choice.get("type") in ("any", "tool"),
    }
    for name, given in beside.items():
        if given:
            yield invalid("compaction", f"cannot be used together with `{name}`")


def compaction_is_well_formed(request: Mapping[str, Any], betas: Betas) -> Iterator[Problem]:
    asked = request.get("compaction")
    if asked is None:
        return
    if not isinstance(asked, Mapping):
        yield invalid("compaction", "Input should be an object")
        return
    if asked.get("type") != "summarize":
        yield invalid("compaction.type", "Input should be 'summarize'")
    if len(str(asked.get("instructions") or "")) > MOST_INSTRUCTIONS:
        yield invalid("compaction.instructions", f"String should have at most {MOST_INSTRUCTIONS} characters")


def turn_to_compact_is_complete(request: Mapping[str, Any], betas: Betas) -> Iterator[Problem]:
    """No tool call at the end waits for its result."""
    messages = request.get("messages")
    if request.get("compaction") is None or not messages or messages[-1].get("role") != "assistant":
        return
    if any(block.get("type") == "tool_use" for block in blocks_of(messages[-1])):
        yield Problem("compaction_incomplete_turn", "compaction: the last assistant turn has an open tool call")


def something_to_compact(request: Mapping[str, Any], betas: Betas) -> Iterator[Problem]:
    if request.get("compaction") is None:
        return
    if not any(m.get("content") for m in request.get("messages") or () if m.get("role") in ("user", "assistant")):
        yield Problem("compaction_nothing_to_summarize", "compaction: `messages` has no content to summarize")


def summaries_come_back_as_given(request: Mapping[str, Any], betas: Betas) -> Iterator[Problem]:
    """A signed summary stands first, alone and unchanged. Summaries of the edit are not signed, and free to repeat."""
    placed = [
        (f"messages.{number}.content.{place}", number + place, message.get("role"), block)
        for number, message in enumerate(request.get("messages") or ())
        for place, block in enumerate(blocks_of(message))
        if summary.is_summary(block)
    ]
    if ON_DEMAND_BETA not in betas or not any("signature" in block for *_, block in placed):
        return
    path, before, role, block = placed[-1]
    if len(placed) > 1:
        yield Problem("compaction_block_ambiguous", f"messages: {len(placed)} `compaction` blocks have content")
    elif before or role == "system":
        yield Problem("compaction_block_misplaced", f"{path}: a `compaction` block must come first in `messages`")
    elif any(edit.get("type") == COMPACT for edit in listed(request)):
        yield invalid("context_management", f"`{COMPACT}` cannot be used together with a signed `compaction` block")
    elif code := broken(block):
        yield Problem(code, f"{path}: the `compaction` block is not as it was returned")


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


#: In the order in which they are asked (unverified).
RULES: Final[tuple[Rule, ...]] = (
    edits_need_a_beta,
    compaction_needs_a_beta,
    edits_are_known,
    edits_are_supported,
    triggers_are_in_range,
    thinking_edit_is_first,
    thinking_edit_needs_thinking,
    compaction_is_well_formed,
    compaction_is_asked_for_alone,
    turn_to_compact_is_complete,
    something_to_compact,
    summaries_come_back_as_given,
)
