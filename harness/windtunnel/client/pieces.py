"""What is too long to be summarised at once, in pieces: beginnings of a history, cut where nothing is torn apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from windtunnel.client.exchanges import is_summary, results_of
from windtunnel.client.request import Message


def ends(messages: Sequence[Message]) -> list[int]:
    """Return where a piece may end: behind an exchange, before an answer, and at the end; never behind nothing new."""
    inside = [place for place in range(1, len(messages)) if _is_seam(messages[place - 1], messages[place])]
    return [place for place in (*inside, len(messages)) if not all(map(is_summary, messages[:place]))]


def piece(
    messages: Sequence[Message],
    size: Callable[[Sequence[Message]], int],
    *,
    room: float,
    shorter_than: int | None = None,
) -> int | None:
    """Return the length of the longest piece of no more than `room` tokens, or else of the shortest there is.

    None where no piece is `shorter_than` so many messages.
    """
    places = [place for place in ends(messages) if shorter_than is None or place < shorter_than]
    fitting = [place for place in places if size(messages[:place]) <= room]
    return max(fitting) if fitting else min(places, default=None)


def _is_seam(before: Message, after: Message) -> bool:
    """Between the two, no call is parted from its result, nor a turn that was paused from what goes on with it."""
    if after["role"] == "assistant":
        return bool(before["role"] == "user")
    return not results_of(after)
