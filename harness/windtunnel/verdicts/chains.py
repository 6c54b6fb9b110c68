"""Which attempts belong to one logical request.

The client's own marks come first (an idempotency key, the retry count), then the thread or task that the in-process
transport saw, and only then body and time. Where the evidence allows more than one reading, the chain says so. An attempt turned
away at the door has no marks: its sender, and what that sender sent next, say whose it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from windtunnel.policies import Counts
from windtunnel.verdicts._book import Book, Mark, Open, Retried, key_of, may_follow, retry_count
from windtunnel.verdicts._doors import Habits
from windtunnel.verdicts.failures import at_the_door, failed
from windtunnel_server.journal import Entry

__all__ = ["Chain", "Mark", "chains", "counts_mean_something", "retry_count"]


@dataclass(frozen=True, slots=True)
class Chain:
    """The attempts of one logical request, in order of arrival.

    `marks` says what they were recognised by. Where `certain` is False, `rivals` has, for the number of an attempt,
    the other failures it may have been the answer to, and the first `proved` attempts belong together all the same.
    """

    attempts: tuple[Entry, ...]
    certain: bool
    marks: Mark
    proved: int = 0
    rivals: Mapping[int, tuple[Entry, ...]] = field(default_factory=dict)

    @property
    def numbers(self) -> tuple[int, ...]:
        """The journal's numbers of the attempts."""
        return tuple(attempt.number for attempt in self.attempts)

    @property
    def any_failed(self) -> bool:
        return any(failed(attempt) for attempt in self.attempts)


def counts_mean_something(entries: Iterable[Entry], counts: Counts = "auto") -> bool:
    """Say whether to go by the client's retry counts; "auto": where any of them is above 0."""
    return counts == "read" or (counts == "auto" and any(retry_count(entry) for entry in entries))


def _may_go_on(entry: Entry, taken: int) -> bool:
    return failed(entry)


def chains(entries: Iterable[Entry], *, counts: Counts = "auto", retried: Retried = _may_go_on) -> list[Chain]:
    """Group entries into chains, in order of their first attempts. Every entry is in exactly one chain.

    `retried` says after which attempt, with how many retries behind it, the client may try again; it decides about
    attempts turned away at the door after it.
    """
    ordered = sorted(entries, key=lambda entry: (entry.arrived_at, entry.number))
    reads = counts_mean_something(ordered, counts)
    counting = (entry for entry in ordered if reads and retry_count(entry) is not None)
    book = Book(reads, Habits.of(ordered, counting), retried)
    for entry in ordered:
        book.add(entry)
    book.finish()
    book.doubt_neighbours()
    owners = {attempt.number: chain for chain in book.chains for attempt in chain.attempts}
    return [_close(chain, ordered, owners) for chain in book.chains]


def _close(chain: Open, entries: list[Entry], owners: Mapping[int, Open]) -> Chain:
    doubtful = () if chain.certain else chain.attempts[1:]
    rivals = {entry.number: found for entry in doubtful if (found := _rivals(entry, chain, entries, owners))}
    attempts = sorted(chain.attempts, key=lambda entry: (entry.arrived_at, entry.number))
    return Chain(tuple(attempts), chain.certain, chain.marks, len(attempts) if chain.certain else chain.proved, rivals)


def _rivals(entry: Entry, chain: Open, entries: list[Entry], owners: Mapping[int, Open]) -> tuple[Entry, ...]:
    """Return the failures outside its chain that this attempt may have been the answer to.

    Without marks those of chains that were over before this one began are left out: a client that does one thing after
    the other is the plainest reading, and one that is right by it passes.
    """
    began = chain.attempts[0].arrived_at
    count = retry_count(entry) if chain.marks == "retry count" else None
    own = {attempt.number for attempt in chain.attempts}
    return tuple(
        last
        for last in entries
        if last.number not in own
        and last.sender is None
        and not at_the_door(last)
        and key_of(last) is None
        and may_follow(last, entry)
        and (count is None or retry_count(last) == count - 1)
        and (chain.marks != "body and time" or owners[last.number].ends_at >= began)
    )
