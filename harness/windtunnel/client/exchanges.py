"""A history as exchanges and steps: where it may be cut so that no tool call is parted from its result.

An exchange begins with words of the user. Inside one, each answer that calls tools begins a step, which ends with the
results.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from windtunnel.client.request import Block, Message

#: How a message begins that stands for what was summarised; nobody else's may begin so.
OPENING: Final = "This conversation became too long to be sent whole. Its older part, summarised:"


@dataclass(frozen=True, slots=True)
class Cut:
    """One way to shorten a history."""

    #: What a summary is to stand for.
    old: tuple[Message, ...]
    #: What stays word for word: the last exchanges, or the user's last words and the steps behind them.
    kept: tuple[Message, ...]

    def closed_by(self, summary: str) -> tuple[Message, ...]:
        """Return the shortened history."""
        return (summary_message(summary), *self.kept)


def summary_message(summary: str) -> Message:
    """Write the message that stands for what was summarised."""
    return {"role": "user", "content": [{"type": "text", "text": f"{OPENING}\n\n{summary}"}]}


def plan(messages: Sequence[Message], keep: int) -> Cut | None:
    """Cut before the last `keep` exchanges and the one that is under way; None where there is nothing older."""
    starts = beginnings(messages)
    place = len(starts) - 1 - keep
    if place < 0:
        return None
    return _cut(messages, starts[place], messages[starts[place] :])


def plan_inside(messages: Sequence[Message], keep: int) -> Cut | None:
    """Cut inside the exchange that is under way, before its last `keep` steps, at least one; the user's words stay."""
    starts = beginnings(messages)
    if not starts:
        return None
    start = starts[-1]
    steps = [place for place in range(start + 1, len(messages)) if messages[place]["role"] == "assistant"]
    place = len(steps) - max(keep, 1)
    if place < 1:
        return None
    return _cut(messages, steps[place], (messages[start], *messages[steps[place] :]))


def cuts(messages: Sequence[Message], keep: int) -> Iterator[Cut]:
    """Give the cuts there are, from that which keeps most to that which keeps least."""
    for number in range(keep, -1, -1):
        cut = plan(messages, number)
        if cut is not None:
            yield cut
    for number in range(max(keep, 1), 0, -1):
        cut = plan_inside(messages, number)
        if cut is not None:
            yield cut


def _cut(messages: Sequence[Message], place: int, kept: Sequence[Message]) -> Cut | None:
    old = tuple(messages[:place])
    # A summary alone gains nothing by being summarised.
    return None if all(map(is_summary, old)) else Cut(old, tuple(kept))


def beginnings(messages: Sequence[Message]) -> list[int]:
    """Return where exchanges begin: messages of the user that are no results, and no summary."""
    return [place for place, message in enumerate(messages) if _begins(message)]


def _begins(message: Message) -> bool:
    return message["role"] == "user" and not is_summary(message) and not results_of(message)


def is_summary(message: Message) -> bool:
    """Whether a message stands for what was summarised."""
    blocks = blocks_of(message)
    return message["role"] == "user" and bool(blocks) and str(blocks[0].get("text", "")).startswith(OPENING)


def blocks_of(message: Message) -> list[Block]:
    """Return the content of a message as blocks."""
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def calls_of(message: Message) -> list[Block]:
    """Return the calls of tools in a message."""
    return [block for block in blocks_of(message) if block.get("type") == "tool_use"]


def results_of(message: Message) -> list[Any]:
    """Return the ids of the calls that a message has the results of."""
    return [block.get("tool_use_id") for block in blocks_of(message) if block.get("type") == "tool_result"]
