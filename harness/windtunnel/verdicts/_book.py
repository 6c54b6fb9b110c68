"""Chains as they grow, one entry at a time in order of arrival."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from windtunnel.verdicts._doors import Doorstep, Habits, sender_of
from windtunnel.verdicts.failures import asks_the_api, at_the_door, failed
from windtunnel_server.journal import Entry

Mark: TypeAlias = Literal["key", "sender", "retry count", "body and time", "time"]
Fingerprint: TypeAlias = tuple[str, str, str]
#: Whether a client may have gone on after an attempt, with so many retries behind it.
Retried: TypeAlias = Callable[[Entry, int], bool]

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
    #: So many of the first attempts belong together, whatever is doubtful about those after them.
    proved: int = 0

    def doubt(self) -> None:
        """Take what comes next, or that nothing does, for doubtful."""
        if self.certain:
            self.certain, self.proved = False, len(self.attempts)

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
    habits: Habits = field(default_factory=Habits)
    retried: Retried = lambda entry, taken: failed(entry)
    chains: list[Open] = field(default_factory=list)
    #: The latest chain of a key, of a sender, and of a sender on one path; the chains with one fingerprint.
    latest: dict[tuple[str | None, ...], Open] = field(default_factory=dict)
    alike: dict[tuple[Mark, Fingerprint], list[Open]] = field(default_factory=dict)
    doorstep: Doorstep = field(default_factory=Doorstep)

    def add(self, entry: Entry) -> None:
        """Continue the chain the entry belongs to, or begin one."""
        if at_the_door(entry):
            self._turn_away(entry)
            return
        away = self._claimed(entry) if entry.sender is not None and asks_the_api(entry) else []
        mark = self._mark(entry)
        chain = _CONTINUED[mark](self, entry, len(away))
        if entry.sender is None and None in self.doorstep.waiting and asks_the_api(entry):
            away, chain = self._claimed_by_time(entry, mark, chain)
        if chain is None:
            chain = self._begin(entry, mark, len(away))
        chain.attempts += [*away, entry]
        self.latest |= dict.fromkeys(_places(entry), chain)

    def _begin(self, entry: Entry, mark: Mark, away: int) -> Open:
        # A count above 0 on a first attempt: those before it are not in the journal.
        orphan = mark != "key" and (self.count(entry) or 0) > away
        # Turned away after a failure with another body: of either call.
        torn = bool(away) and self.count(entry) is None and self._goes_on(entry.sender, failed_only=True) is not None
        chain = Open(mark, [], certain=not (orphan or torn))
        self.chains.append(chain)
        self.alike.setdefault((mark, fingerprint(entry)), []).append(chain)
        return chain

    # --- attempts turned away at the door ------------------------------------------------------------------------

    def finish(self) -> None:
        """Give the attempts that nothing came after their place, and bring the chains into order."""
        for sender in list(self.doorstep.waiting):
            self._give_up(self.doorstep.part(sender, None)[1], plain=self.habits.plain(sender))
        self.chains.sort(key=lambda chain: (chain.attempts[0].arrived_at, chain.attempts[0].number))

    def _turn_away(self, entry: Entry) -> None:
        if sender_of(entry) is None:
            for chain in self.chains:
                if chain.last.sender is None and failed(chain.last) and chain.ends_at <= entry.arrived_at:
                    chain.doubt()
            if entry.ended == "refused":
                # A shut port cannot count who knocks: one entry stands for all that did, when it opens again.
                self._give_up([entry], plain=False)
                return
        self.doorstep.add(entry)

    def _claimed(self, entry: Entry) -> list[Entry]:
        count = self.count(entry)
        if count is None and entry.sender in self.habits.counting:
            # One thread, two clients: one counts, this one does not.
            self._give_up(self.doorstep.part(entry.sender, 0)[0], plain=False, certain=False)
            return []
        given_up, own = self.doorstep.part(entry.sender, count)
        self._give_up(given_up, plain=False)
        return own

    def _claimed_by_time(self, entry: Entry, mark: Mark, chain: Open | None) -> tuple[list[Entry], Open | None]:
        """Without a sender, those turned away are the entry's for certain only if nobody else can have been there."""
        if chain is not None:
            chain.doubt()
        count = 0 if chain is not None else self.count(entry)
        given_up, own = self.doorstep.part(None, count)
        if own:
            quiet = all(_was_done(other, own[0].arrived_at) for other in self.chains)
            chain = self._begin(entry, mark, len(own))
            chain.certain = count == len(own) and not given_up and quiet
        self._give_up(given_up, plain=False)
        return own, chain

    def _give_up(self, away: list[Entry], *, plain: bool, certain: bool | None = None) -> None:
        """Put attempts that no later one claims where they belong: behind a failure, or into a chain of their own."""
        if not away:
            return
        sender = sender_of(away[0])
        chain = self._goes_on(sender, failed_only=plain)
        if chain is None:
            # Several calls given up one after the other look like a long one; a single attempt is a single call.
            sure = plain or (sender is not None and len(away) == 1) if certain is None else certain
            chain = Open("time" if sender is None else "sender", [], certain=sure)
            self.chains.append(chain)
        elif not plain:
            chain.doubt()
        chain.attempts += away
        if sender is not None:
            self.latest["sender", sender] = chain

    def _goes_on(self, sender: str | None, *, failed_only: bool) -> Open | None:
        """Return the sender's last chain where the policy allows, or its failing suggests, another attempt."""
        chain = None if sender is None else self.latest.get(("sender", sender))
        if chain is None or not failed(chain.last):
            return None
        said = self.count(chain.last)
        taken = len(chain.attempts) - 1 if said is None else said
        return chain if failed_only or self.retried(chain.last, taken) else None

    def count(self, entry: Entry) -> int | None:
        return retry_count(entry) if self.reads_counts else None

    def _mark(self, entry: Entry) -> Mark:
        if key_of(entry) is not None:
            return "key"
        if entry.sender is not None:
            return "sender"
        return "body and time" if self.count(entry) is None else "retry count"

    # --- the chain that an entry goes on, `away` attempts having been turned away in between ----------------------

    def by_key(self, entry: Entry, away: int) -> Open | None:
        return self.latest.get(_places(entry)[0])

    def by_sender(self, entry: Entry, away: int) -> Open | None:
        """A thread or task does one thing after the other, so its last chain is the one that can go on."""
        on_path, anywhere = _places(entry)
        count = self.count(entry)
        if count is None:
            chain = self.latest.get(on_path)
            goes_on = chain is not None and failed(chain.last) and fingerprint(chain.last) == fingerprint(entry)
            return chain if goes_on else None
        # A retry on another path: the model, which some providers have in the path, was changed.
        chain = self.latest.get(on_path) or self.latest.get(anywhere)
        count -= away
        if count == 0 or chain is None:
            return None
        before = self.count(chain.last) or 0
        # More than one up: attempts in between never reached us, and only a failure explains them.
        return chain if count == before + 1 or (count > before and failed(chain.last)) else None

    def by_count(self, entry: Entry, away: int) -> Open | None:
        """The chain whose last attempt failed with the count before this one's; the longest wait where several did."""
        before = (self.count(entry) or 0) - 1
        return self._choose(entry, [c for c in self._open("retry count", entry) if self.count(c.last) == before])

    def by_body_and_time(self, entry: Entry, away: int) -> Open | None:
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

    def doubt_neighbours(self) -> None:
        """Without marks, calls with one body cannot be told apart where one begins while another may be retried."""
        for (mark, _), found in self.alike.items():
            if mark == "body and time":
                _doubt_neighbours(sorted(found, key=lambda chain: chain.attempts[0].arrived_at))


_CONTINUED: Mapping[Mark, Callable[[Book, Entry, int], Open | None]] = {
    "key": Book.by_key,
    "sender": Book.by_sender,
    "retry count": Book.by_count,
    "body and time": Book.by_body_and_time,
}


def _was_done(chain: Open, at: float) -> bool:
    """Say whether no attempt of the chain can have come from then on, as far as it could be without a sender."""
    return chain.last.sender is not None or (chain.ends_at <= at and not failed(chain.last))


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
    return entry.arrived_at - (last.ended_at or 0.0) <= _plausible_s(last)


def _plausible_s(last: Entry) -> float:
    """Return for how long after a failure the same body counts as a retry of it."""
    hint = last.response_header("retry-after") or ""
    return PLAUSIBLE_S + (float(hint) if hint.isascii() and hint.isdigit() else 0.0)


def _doubt_neighbours(found: list[Open]) -> None:
    """Doubt every chain that begins within the reach of an earlier one, and the earlier one too.

    A chain nobody has doubted does not reach the one after it, and so none of those after that: only the one before
    has to be looked at.
    """
    furthest = -math.inf
    for place, chain in enumerate(found):
        began = chain.attempts[0].arrived_at
        if began <= furthest:
            before = found[place - 1]
            for one in (chain, before) if _reach(before) >= began else (chain,):
                one.certain, one.proved = False, 0
        furthest = max(furthest, _reach(chain))


def _reach(chain: Open) -> float:
    """Return the last instant at which an attempt can have been an answer to one of the chain's, or at its side."""
    failures = [attempt for attempt in chain.attempts if failed(attempt)]
    return max([chain.ends_at, *((attempt.ended_at or 0.0) + _plausible_s(attempt) for attempt in failures)])
