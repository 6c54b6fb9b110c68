"""Where a conversation was shortened, or should have been: the request before, the summaries, the request after.

A summary request is known by what it asks for (claude-code.md 4: the last text of the last user message is the only
mark there is), by the API's own parameter, or by its answer, which comes back in a shorter request. What only looks
like one is told apart by what follows: an ordinary turn stays in the history, a summary request does not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from windtunnel.verdicts._exchange import Exchange, exchanges, is_exchange
from windtunnel.verdicts._requests import message_calls
from windtunnel.verdicts.failures import at_the_door
from windtunnel_server.journal import Entry

#: Why a conversation was due to be shortened, or that the client did so by itself.
Why: TypeAlias = Literal["overflow", "threshold", "own accord"]

_SUMMARY: Final = re.compile(r"\b(summar(y|ies|i[sz]\w+)|compact\w*|condense|recap)\b", re.IGNORECASE)
_OF_THIS: Final = re.compile(
    r"\b(conversation|history|context|session|so far|dialog\w*|chat|transcript|messages)\b", re.IGNORECASE
)
_TAGGED: Final = re.compile(r"<summary>(.*?)</summary>", re.DOTALL)
#: Characters an answer must have before its return in a later request means anything. Our choice.
_TELLING: Final = 20


@dataclass(frozen=True, slots=True)
class Conversation:
    """The exchanges of one conversation in order; not `certain` where several may be mixed."""

    exchanges: tuple[Exchange, ...]
    certain: bool


@dataclass(frozen=True, slots=True)
class Episode:
    """One occasion to shorten a conversation, and what was made of it."""

    before: Exchange
    why: Why
    summaries: tuple[Exchange, ...]
    #: The next request of the conversation; None: there was none.
    after: Exchange | None

    @property
    def by_service(self) -> bool:
        """The service compacted inside the request before."""
        return self.before.compacts_itself and not self.summaries

    @property
    def shortened(self) -> bool:
        """The client did something about the length, whether it helped or not."""
        return bool(self.summaries) or self.by_service or (self.after is not None and self._fewer(self.after))

    @property
    def unfinished_turn(self) -> bool:
        """The words of the request before still wait for their answer."""
        return self.before.overflow is not None

    def _fewer(self, after: Exchange) -> bool:
        """Part of the history is gone. The same history with another last turn is not shortened, nor is a new start."""
        before = self.before
        if after.keys[: len(before.keys) - 1] == before.keys[:-1]:
            return False
        return not set(after.keys).isdisjoint(before.keys) or bool(set(after.words) & set(before.words))


def conversations(entries: Iterable[Entry], clients: int = 1) -> list[Conversation]:
    """Tell apart the conversations of several clients, by thread or task, where there are several."""
    calls = [entry for entry in message_calls(entries) if not at_the_door(entry) and is_exchange(entry)]
    by_sender: dict[str | None, list[Entry]] = {}
    for call in calls:
        by_sender.setdefault(call.sender, []).append(call)
    each_goes_on = len(by_sender) > 1 and all(len(own) > 1 for own in by_sender.values())
    if clients <= 1 and not each_goes_on and not _overlap(calls):
        return [Conversation(tuple(exchanges(calls)), True)]
    if None in by_sender or len(by_sender) < 2:
        return [Conversation(tuple(exchanges(calls)), False)]
    return [Conversation(tuple(exchanges(own)), True) for own in by_sender.values()]


def _overlap(calls: Sequence[Entry]) -> bool:
    busy_until = float("-inf")
    for call in calls:
        if call.arrived_at < busy_until:
            return True
        busy_until = max(busy_until, float("inf") if call.ended_at is None else call.ended_at)
    return False


def episodes(conversation: Conversation, threshold: int | None = None) -> list[Episode]:
    """Find the occasions in order. `threshold` is tokens of the window behind an answer."""
    asked = conversation.exchanges
    summaries = {place for place in range(len(asked)) if _is_summary(asked, place)}
    turns = [place for place in range(len(asked)) if place not in summaries]
    last_summary = max(summaries, default=-1)
    found = []
    for at, place in enumerate(turns):
        if _due(asked[place], threshold) is None and place > last_summary:
            continue
        after = _next(asked[place], turns[at + 1 :], asked)
        between = sorted(one for one in summaries if place < one and (after is None or one < after))
        found.append(_episode(asked, place, between, after, threshold))
    return [episode for episode in found if episode is not None]


def _episode(
    asked: Sequence[Exchange], place: int, between: Sequence[int], after: int | None, threshold: int | None
) -> Episode | None:
    why = _due(asked[place], threshold) or ("own accord" if between else None)
    if why is None:
        return None
    episode = Episode(asked[place], why, tuple(asked[one] for one in between), None if after is None else asked[after])
    return episode if why != "own accord" or _linked(episode) else None


def _due(before: Exchange, threshold: int | None) -> Why | None:
    if before.overflow is not None:
        return "overflow"
    if threshold is not None and (before.used or 0) > threshold:
        return "threshold"
    return "own accord" if before.compacts_itself else None


def _linked(episode: Episode) -> bool:
    """What follows goes on with the conversation; a new one behind it proves nothing."""
    after, last = episode.after, episode.summaries[-1:]
    if after is None or episode.by_service or any("compaction" in one.body for one in episode.summaries):
        return True
    return any(summary_text(one) in after.heard for one in last) or not set(after.keys).isdisjoint(episode.before.keys)


def _next(before: Exchange, places: Sequence[int], asked: Sequence[Exchange]) -> int | None:
    """Find the next request of the same conversation, past what a client asks for on the side (titles, subagents)."""
    kin = (place for place in places if _kin(before, asked[place]))
    plain = (place for place in places if _nothing_to_go_by(before, asked[place]))
    return next(kin, next(plain, None))


def _kin(one: Exchange, other: Exchange) -> bool:
    same_system = bool(one.system) and one.system == other.system
    same_tools = bool(one.tools) and one.tools == other.tools
    return same_system or same_tools or bool(one.words and other.words and one.words[-1] == other.words[-1])


def _nothing_to_go_by(one: Exchange, other: Exchange) -> bool:
    return not (one.system or other.system or one.tools or other.tools)


# --- what a summary request is ----------------------------------------------------------------------------------------


def _is_summary(asked: Sequence[Exchange], place: int) -> bool:
    this, later, earlier = asked[place], asked[place + 1 :], asked[:place]
    if "compaction" in this.body:
        return True
    if _asks_for_one(this, earlier):
        due = bool(later) or any(before.overflow for before in earlier[-2:])
    else:
        due = any(_came_back(this, after) for after in later[:2])
    return due and not any(after.extends(this) for after in later)


def _asks_for_one(this: Exchange, earlier: Sequence[Exchange]) -> bool:
    told = this.words[-1:]
    if not any(this.system == before.system for before in earlier):
        told = [*told, *this.system]
    return any(_SUMMARY.search(text) and _OF_THIS.search(text) for text in told)


def _came_back(this: Exchange, after: Exchange) -> bool:
    """The answer stands in a later and shorter request as something the user or the system says."""
    if this.size is None or after.size is None or after.size >= this.size:
        return False
    answer = summary_text(this)
    return len(answer) >= _TELLING and answer in after.heard and answer not in this.heard


def summary_text(summary: Exchange) -> str:
    """Return what was answered, or the part of it that is tagged as the summary."""
    tagged = _TAGGED.search(summary.reading.text)
    return (tagged[1] if tagged else summary.reading.text).strip()
