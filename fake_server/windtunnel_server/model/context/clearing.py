"""Tool results, tool inputs and thinking taken out of a conversation (wire.md 9.2).

Documented: the oldest results go first, and a placeholder stands where one was. Unverified: the words of the
placeholder, that it stands in `content`, that a cleared input is empty, that tools the service runs are left alone, and
that calls of excluded tools count among those that are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Final, NamedTuple, TypeAlias

from windtunnel_server.model.context.edits import ClearThinking, ClearToolUses
from windtunnel_server.wire.message import Block

Messages: TypeAlias = Sequence[Mapping[str, Any]]

#: unverified.
PLACEHOLDER: Final = "[Old tool result cleared to save context]"

_THINKING: Final = ("thinking", "redacted_thinking")


class Cleared(NamedTuple):
    """What is left of a conversation, and how many tool uses or turns of thinking it lost."""

    messages: Messages
    lost: int


def tool_uses(messages: Messages) -> list[Block]:
    """Give the tool calls of a conversation that have a result, in order."""
    answered = {block.get("tool_use_id") for block in _blocks(messages) if block.get("type") == "tool_result"}
    return [block for block in _blocks(messages) if block.get("type") == "tool_use" and block.get("id") in answered]


def clear_tool_uses(messages: Messages, edit: ClearToolUses) -> Cleared:
    """Clear the results of all tool calls but the latest `keep`, and inputs where that is asked for."""
    calls = tool_uses(messages)
    old = islice(calls, max(len(calls) - edit.keep, 0))
    going = {call.get("id"): str(call.get("name")) for call in old if call.get("name") not in edit.excluded}
    if not going:
        return Cleared(messages, 0)

    def without(block: Block) -> Block | None:
        if block.get("type") == "tool_result" and block.get("tool_use_id") in going:
            return {**block, "content": PLACEHOLDER}
        if block.get("type") == "tool_use" and block.get("id") in going and edit.clears_input(going[block["id"]]):
            return {**block, "input": {}}
        return block

    return Cleared(_mapped(messages, range(len(messages)), without), len(going))


def clear_thinking(messages: Messages, edit: ClearThinking) -> Cleared:
    """Clear the thinking of all turns but the latest `keep` of those that have some.

    A loop of tool calls is one turn (documented: an assistant's turn may have several blocks of thinking).
    """
    if edit.keep is None:
        return Cleared(messages, 0)
    thinking = [turn for turn in _turns(messages) if any(_thinks(messages[place]) for place in turn)]
    going = thinking[: max(len(thinking) - edit.keep, 0)]
    places = [place for turn in going for place in turn]
    if not places:
        return Cleared(messages, 0)
    return Cleared(_mapped(messages, places, _unless_thinking), len(going))


def _unless_thinking(block: Block) -> Block | None:
    return None if block.get("type") in _THINKING else block


def _turns(messages: Messages) -> Iterator[range]:
    """Part a conversation at each message of the user that is no tool result."""
    start = 0
    for place, message in enumerate(messages):
        if message.get("role") == "user" and not any(b.get("type") == "tool_result" for b in listed(message)):
            yield range(start, place)
            start = place
    yield range(start, len(messages))


def _thinks(message: Mapping[str, Any]) -> bool:
    return message.get("role") == "assistant" and any(block.get("type") in _THINKING for block in listed(message))


def _mapped(messages: Messages, places: Sequence[int], change: Callable[[Block], Block | None]) -> Messages:
    """Change the blocks of some messages; None takes a block out. What is not changed stays the same object."""
    changed = list(messages)
    for place in places:
        content = messages[place].get("content")
        if isinstance(content, list):
            kept = [new for block in content if (new := _changed(block, change)) is not None]
            changed[place] = {**messages[place], "content": kept}
    return changed


def _changed(block: Any, change: Callable[[Block], Block | None]) -> Any:
    return change(block) if isinstance(block, Mapping) else block


def _blocks(messages: Messages) -> Iterator[Block]:
    for message in messages:
        yield from listed(message)


def listed(message: Mapping[str, Any]) -> list[Block]:
    """Give the blocks of a message; none for one that is a plain string."""
    content = message.get("content")
    return [block for block in content if isinstance(block, Mapping)] if isinstance(content, list) else []
