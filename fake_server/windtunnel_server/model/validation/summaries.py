"""What has to hold for compaction on demand, and for the signed summaries that come back (wire.md 9.4).

Summaries of the edit are not signed, and free to repeat: what stands before the last one is not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from windtunnel_server.model.context.clearing import listed as blocks_of
from windtunnel_server.model.context.edits import COMPACT, ON_DEMAND_BETA, listed
from windtunnel_server.model.context.seal import broken, sealed
from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.rule import Asked, Example, Placed, Rule


def _alone(asked: Asked) -> Iterator[Problem]:
    """What only shapes an answer has no place beside `compaction`, nor have edits."""
    request = asked.request
    if request.get("compaction") is None:
        return
    beside = {
        "context_management": request.get("context_management"),
        "stop_sequences": request.get("stop_sequences"),
        "output_config.format": (request.get("output_config") or {}).get("format"),
        "output_format": request.get("output_format"),
        "tool_choice": (request.get("tool_choice") or {}).get("type") in ("any", "tool"),
    }
    for name, given in beside.items():
        if given:
            yield invalid("compaction", f"cannot be used together with `{name}`")


def _complete(asked: Asked) -> Iterator[Problem]:
    last = asked.messages[-1] if asked.messages else {}
    if asked.request.get("compaction") is None or last.get("role") != "assistant":
        return
    if any(block["type"] == "tool_use" for block in blocks_of(last)):
        yield Problem("compaction_incomplete_turn", "compaction: the last assistant turn has an open tool call")


def _something(asked: Asked) -> Iterator[Problem]:
    if asked.request.get("compaction") is None:
        return
    if not any(message["content"] for message in asked.messages if message["role"] != "system"):
        yield Problem("compaction_nothing_to_summarize", "compaction: `messages` has no content to summarize")


def _signed(asked: Asked) -> list[Placed]:
    """The summaries of a conversation that has a signed one, under the beta of such."""
    if ON_DEMAND_BETA not in asked.terms.betas:
        return []
    found = [placed for placed in asked.by_type.get("compaction", ()) if placed.block.get("content")]
    return found if any("signature" in placed.block for placed in found) else []


def _one(asked: Asked) -> Iterator[Problem]:
    found = asked.once(_signed)
    if len(found) > 1:
        yield Problem("compaction_block_ambiguous", f"messages: {len(found)} `compaction` blocks have content")


def _leading(asked: Asked) -> Iterator[Problem]:
    for placed in asked.once(_signed):
        if placed.message or placed.place or placed.role == "system":
            what = "a `compaction` block must come first in `messages`"
            yield Problem("compaction_block_misplaced", f"{placed.path}: {what}")


def _without_edit(asked: Asked) -> Iterator[Problem]:
    if asked.once(_signed) and any(edit["type"] == COMPACT for edit in listed(asked.request)):
        yield invalid("context_management", f"`{COMPACT}` cannot be used together with a signed `compaction` block")


def _unchanged(asked: Asked) -> Iterator[Problem]:
    for placed in asked.once(_signed):
        code = broken(placed.block)
        if code is not None:
            yield Problem(code, f"{placed.path}: the `compaction` block is not as it was returned")


_ON_DEMAND: Final = {"betas": frozenset({ON_DEMAND_BETA})}
_BOTH: Final = {"betas": frozenset({ON_DEMAND_BETA, "compact-2026-01-12"})}
_BLOCK: Final = sealed({"type": "compaction", "content": "They spoke of tides."})
_NEXT: Final = {"role": "user", "content": "And now?"}


def _summed(*blocks: Mapping[str, Any]) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def _conversation(*messages: Mapping[str, Any], **more: Any) -> Example:
    return Example({"model": "claude-sonnet-4-6", "messages": list(messages), **more}, _ON_DEMAND)


def _asking(*messages: Mapping[str, Any], **more: Any) -> Example:
    return _conversation(*messages, compaction={"type": "summarize"}, **more)


_SOURCE: Final = "wire.md 6.2, 9.4 (documented; the words are unverified)"
_CALL: Final = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
_SAID: Final = {"type": "text", "text": "Hello there."}

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="compaction_asked_for_alone",
        about="No edits, stop sequences, output format or forced choice stand beside a compaction on demand.",
        source=_SOURCE,
        passes=_asking(_NEXT, stop_sequences=[]),
        fails=_asking(_NEXT, stop_sequences=["."]),
        says="compaction: cannot be used together with `stop_sequences`",
        check=_alone,
    ),
    Rule(
        name="compacted_turn_is_complete",
        about="No tool call at the end waits for its result while a conversation is compacted.",
        source=_SOURCE,
        passes=_asking(_NEXT, _summed(_SAID)),
        fails=_asking(_NEXT, _summed(_CALL)),
        says="compaction: the last assistant turn has an open tool call",
        check=_complete,
        kind="compaction_incomplete_turn",
    ),
    Rule(
        name="something_to_compact",
        about="There is something to summarise.",
        source=_SOURCE,
        passes=_asking(_NEXT),
        fails=_asking({"role": "assistant", "content": []}),
        says="compaction: `messages` has no content to summarize",
        check=_something,
        kind="compaction_nothing_to_summarize",
    ),
    Rule(
        name="one_signed_summary",
        about="A signed summary is the only one.",
        source=_SOURCE,
        passes=_conversation(_summed(_BLOCK), _NEXT),
        fails=_conversation(_summed(_BLOCK), _NEXT, _summed(_BLOCK), _NEXT),
        says="messages: 2 `compaction` blocks have content",
        check=_one,
        kind="compaction_block_ambiguous",
    ),
    Rule(
        name="signed_summary_is_first",
        about="A signed summary is the first block of the conversation.",
        source=_SOURCE,
        passes=_conversation(_summed(_BLOCK), _NEXT),
        fails=_conversation(_NEXT, _summed(_BLOCK), _NEXT),
        says="messages.1.content.0: a `compaction` block must come first in `messages`",
        check=_leading,
        kind="compaction_block_misplaced",
    ),
    Rule(
        name="signed_summary_without_edit",
        about="A signed summary does not stand beside an edit that compacts.",
        source=_SOURCE,
        passes=Example({**_conversation(_summed(_BLOCK), _NEXT).changes}, _BOTH),
        fails=Example(
            {
                **_conversation(_summed(_BLOCK), _NEXT).changes,
                "context_management": {"edits": [{"type": COMPACT}]},
            },
            _BOTH,
        ),
        says=f"context_management: `{COMPACT}` cannot be used together with a signed `compaction` block",
        check=_without_edit,
    ),
    Rule(
        name="signed_summary_is_unchanged",
        about="A signed summary comes back as it was returned.",
        source=_SOURCE,
        passes=_conversation(_summed(_BLOCK), _NEXT),
        fails=_conversation(_summed(_BLOCK | {"content": "They spoke of kites."}), _NEXT),
        says="messages.0.content.0: the `compaction` block is not as it was returned",
        check=_unchanged,
        kind="compaction_content_mismatch",
    ),
)
