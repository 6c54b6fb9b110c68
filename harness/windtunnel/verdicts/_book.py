"""Chains as they grow, one entry at a time in order of arrival."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Literal, TypeAlias

from windtunnel.verdicts.failures import failed
from windtunnel_server.journal import Entry

Mark: TypeAlias = Literal["key", "sender", "retry count", "body and time"]
Fingerprint: TypeAlias = tuple[str, str, str]

#: Headers that name a logical request, the same on each of its attempts (wire.md 7.4 for Amazon's).
KEY_HEADERS = ("idempotency-key", "amz-sdk-invocation-id")

#: Without any mark, the same body counts as a retry for this long after a failure (or after the hint it carried).
#: Our choice: longer than any default backoff in wire.md 7, shorter than a person trying again later.
PLAUSIBLE_S = 600.0


def retry_count(entry: Entry) -> int | None:
    """Return the `x-stainless-retry-count` of the attempt, or None where the client sent none."""
    value = entry.header("x-stainless-retry-count") or ""
    return int(value) if value.isascii() and value.isdigit() else None


@dataclass(slots=True, eq=False)
class Open:
    """A chain that may still grow."""

    marks: Mark
    attempts: list[Entry]
    certain: bool = True

    @property
    def last(self) -> Entry:
        return self.attempts[-1]

    @property
    def ends_at(self) -> float:
        return float("inf") if self.last.ended_at is None else self.last.ended_at


@dataclass(slots=True)
class Book:
    """The chains so far; entries are added in order of arrival."""

    reads_counts: bool
    chains: list[Open] = field(default_factory=list)
    #: The latest chain of a key, of a sender, and of a sender on one path; the chains with one fingerprint.
    latest: dict[tuple[str | None, ...], Open] = field(default_factory=dict)
    alike: dict[tuple[Mark, Fingerprint], list[Open]] = field(default_factory=dict)

    def add(self, entry: Entry) -> None:
        """Continue the chain the entry belongs to, or begin one."""
        mark = self._mark(entry)
        chain = _CONTINUED[mark](self, entry)
        if chain is None:
            # A count above 0 on a first attempt: those before it are not in the journal.
            orphan = mark != "key" and bool(self.count(entry))
            chain = Open(mark, [], certain=not orphan)
            self.chains.append(chain)
            self.alike.setdefault((mark, fingerprint(entry)), []).append(chain)
        chain.attempts.append(entry)
        self.latest |= dict.fromkeys(_places(entry), chain)

    def count(self, entry: Entry) -> int | None:
        return retry_count(entry) if self.reads_counts else None

    def _mark(self, entry: Entry) -> Mark:
        if key_of(entry) is not None:
            return "key"
        if entry.sender is not None:
            return "sender"
        return "body and time" if self.count(entry) is None else "retry count"

    def by_key(self, entry: Entry) -> Open | None:
        return self.latest.get(_places(entry)[0])

    def by_sender(self, entry: Entry) -> Open | None:
        """A thread or task does one thing after the other, so its last chain is the one that can go on."""
        on_path, anywhere = _places(entry)
        count = self.count(entry)
        if count is None:
            chain = self.latest.get(on_path)
            goes_on = chain is not None and failed(chain.last) and fingerprint(chain.last) == fingerprint(entry)
            return chain if goes_on else None
        # A retry on another path: the model, which some providers have in the path, was changed.
        chain = self.latest.get(on_path) or self.latest.get(anywhere)
        if count == 0 or chain is None:
            return None
        before = self.count(chain.last) or 0
        # More than one up: attempts in between never reached us, and only a failure explains them.
        return chain if count == before + 1 or (count > before and failed(chain.last)) else None

    def by_count(self, entry: Entry) -> Open | None:
        """The chain whose last attempt failed with the count before this one's; the longest wait where several did."""
        before = (self.count(entry) or 0) - 1
        return self._choose(entry, [c for c in self._open("retry count", entry) if self.count(c.last) == before])

    def by_body_and_time(self, entry: Entry) -> Open | None:
        """The chain that failed with the same body not long ago; the longest wait where several did."""
        return self._choose(entry, [c for c in self._open("body and time", entry) if _plausible(c.last, entry)])

    def _open(self, mark: Mark, entry: Entry) -> list[Open]:
        return [c for c in self.alike.get((mark, fingerprint(entry)), []) if may_follow(c.last, entry)]

    def _choose(self, entry: Entry, found: list[Open]) -> Open | None:
        if len(found) < 2:
            return found[0] if found else None
        for chain in found:
            chain.certain = False
        # A pool hands any idle connection to any call, so the same connection is a hint and no proof.
        alike = [chain for chain in found if entry.connection and chain.last.connection == entry.connection]
        return alike[0] if len(alike) == 1 else min(found, key=lambda chain: chain.ends_at)

    def doubt_overlaps(self) -> None:
        """Without marks, two calls with one body at one time cannot be told apart."""
        for (mark, _), found in self.alike.items():
            for one, other in combinations(found, 2) if mark == "body and time" else ():
                if _overlap(one, other):
                    one.certain = other.certain = False


_CONTINUED: Mapping[Mark, Callable[[Book, Entry], Open | None]] = {
    "key": Book.by_key,
    "sender": Book.by_sender,
    "retry count": Book.by_count,
    "body and time": Book.by_body_and_time,
}


def key_of(entry: Entry) -> str | None:
    return next((value for name in KEY_HEADERS if (value := entry.header(name))), None)


def _places(entry: Entry) -> tuple[tuple[str | None, ...], ...]:
    """Return what an entry's chain is looked up by: its key; or its sender on this path, and anywhere."""
    if (key := key_of(entry)) is not None:
        return (("key", key),)
    if entry.sender is not None:
        return ("sender", entry.sender, entry.method, entry.path), ("sender", entry.sender)
    return ()


def fingerprint(entry: Entry) -> Fingerprint:
    return entry.method, entry.path, entry.body_digest


def may_follow(last: Entry, entry: Entry) -> bool:
    """Say whether `entry` can be the attempt after `last`: the same request, after that had failed."""
    over = last.ended_at is not None and last.ended_at <= entry.arrived_at
    return over and failed(last) and fingerprint(last) == fingerprint(entry)


def _plausible(last: Entry, entry: Entry) -> bool:
    hint = last.response_header("retry-after") or ""
    hinted = float(hint) if hint.isascii() and hint.isdigit() else 0.0
    return entry.arrived_at - (last.ended_at or 0.0) <= hinted + PLAUSIBLE_S


def _overlap(one: Open, other: Open) -> bool:
    return one.attempts[0].arrived_at <= other.ends_at and other.attempts[0].arrived_at <= one.ends_at
