"""Logical requests as a client's user sees them, and which claim is about which.

A chain is what the client's own marks hold together. A loop around an SDK asks anew, with marks that begin anew: the
chains of one request then follow each other, the same body again behind a failure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, Literal, TypeAlias

from windtunnel.verdicts._ends import SLACK_S, Ending, by_end
from windtunnel.verdicts.chains import Chain, chains
from windtunnel.verdicts.claims import Claim
from windtunnel.verdicts.failures import at_the_door
from windtunnel.verdicts.sent import Sent, asks_for_message, read
from windtunnel_server.journal import Entry

By: TypeAlias = Literal["message id", "time", "order", "nothing"]


@dataclass(frozen=True)
class Request:
    """The attempts of one logical request, in order, and what each of them brought."""

    attempts: tuple[Entry, ...]
    certain: bool
    #: The attempts asked for the same thing.
    same: bool = True

    @cached_property
    def readings(self) -> tuple[Sent, ...]:
        return tuple(read(attempt) for attempt in self.attempts)

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(attempt.number for attempt in self.attempts)

    @property
    def begins_at(self) -> float:
        return self.attempts[0].arrived_at

    @property
    def place(self) -> tuple[float, int]:
        """Where it stands in the run; several can begin at one instant of the virtual clock."""
        return self.begins_at, self.attempts[0].number

    @property
    def ends_at(self) -> float:
        ended = self.attempts[-1].ended_at
        return float("inf") if ended is None else ended

    @property
    def under_way(self) -> bool:
        return any(attempt.ended is None for attempt in self.attempts)


@dataclass(frozen=True, slots=True)
class Pair:
    """A claim and the request it is about; None where there is no such request in the journal."""

    claim: Claim
    request: Request | None
    by: By = "nothing"


@dataclass(frozen=True, slots=True)
class Matched:
    """Which claim is about which request. `open_claims` and `open_requests` could not be told apart."""

    pairs: tuple[Pair, ...]
    open_claims: tuple[Claim, ...] = ()
    open_requests: tuple[Request, ...] = ()


def message_calls(entries: Iterable[Entry]) -> list[Entry]:
    """Return the calls that ask for a message, in order of arrival."""
    return sorted((e for e in entries if asks_for_message(e)), key=lambda e: (e.arrived_at, e.number))


def requests(entries: Iterable[Entry]) -> list[Request]:
    """Group the calls for messages into requests, chains that continue one another joined."""
    return [_joined(group) for group in _runs([_of(chain) for chain in chains(message_calls(entries))])]


def _of(chain: Chain) -> Request:
    return Request(chain.attempts, chain.certain, _alike(chain.attempts))


def _alike(attempts: Sequence[Entry]) -> bool:
    # Attempts turned away at the door had no time to ask for anything.
    asked = [_asked(attempt) for attempt in attempts if not at_the_door(attempt)]
    return all(one == other for one, other in pairwise(asked))


def _asked(entry: Entry) -> Any:
    """What was asked for, whether as a stream or not: clients fall back from one to the other (claude-code.md 2)."""
    if not isinstance(entry.body, dict):
        return entry.body_digest
    return {key: value for key, value in entry.body.items() if key != "stream"}


def _runs(found: list[Request]) -> list[list[Request]]:
    runs: list[list[Request]] = []
    for request in found:
        before = [run for run in runs if _continues(run[-1], request)]
        if before:
            before[-1].append(request)
        else:
            runs.append([request])
    return runs


def _continues(one: Request, other: Request) -> bool:
    """Say whether a client can have asked anew after `one` came to nothing."""
    last, first = one.attempts[-1], other.attempts[0]
    in_turn = one.ends_at <= other.begins_at and last.sender == first.sender
    came_to_nothing = not one.readings[-1].whole or bool(one.readings[-1].doubts)
    return in_turn and came_to_nothing and _alike((last, first))


def _joined(group: Sequence[Request]) -> Request:
    attempts = tuple(attempt for request in group for attempt in request.attempts)
    return Request(attempts, all(request.certain for request in group), _alike(attempts))


def match(entries: Iterable[Entry], claims: Sequence[Claim]) -> Matched:
    """Find the request of every claim: by message id, else by the instants it names, else by order."""
    named = {claim.message_id for claim in claims if claim.message_id}
    found = [_of(chain) for chain in chains(message_calls(entries))]
    return _Matching([part for request in found for part in _parted(request, named)], claims).all()


def _parted(request: Request, named: Set[str]) -> Iterator[Request]:
    """Part a chain behind each answer that a claim names: what came after it is another claim's."""
    ends = [place for place, sent in enumerate(request.readings, start=1) if sent.message_id in named]
    cuts = sorted({0, *ends, len(request.attempts)})
    for start, end in pairwise(cuts):
        attempts = request.attempts[start:end]
        yield Request(attempts, request.certain, _alike(attempts))


class _Matching:
    def __init__(self, found: list[Request], claims: Sequence[Claim]) -> None:
        self.left = list(found)
        self.claims = list(claims)
        self.own: dict[int, list[Request]] = {}
        self.by: dict[int, By] = {}

    def all(self) -> Matched:
        self._by_message_id()
        self._by_end()
        self._by_time()
        self._earlier_attempts()
        self._by_order()
        self._doubt()
        places = range(len(self.claims))
        pairs = [self._pair(place) for place in places if place in self.own or not self.left]
        rest = () if not self.left else tuple(self.claims[place] for place in places if place not in self.own)
        left = sorted(self.left, key=lambda request: request.place)
        return Matched(tuple(pairs), rest, tuple(_joined(run) for run in _runs(left)))

    def _pair(self, place: int) -> Pair:
        own = sorted(self.own.get(place, ()), key=lambda request: request.place)
        return Pair(self.claims[place], _joined(own) if own else None, self.by.get(place, "nothing"))

    def _doubt(self) -> None:
        """Where a claim found no request, one of several attempts that another claim got may be its own."""
        if self.left or len(self.own) == len(self.claims):
            return
        for place, own in list(self.own.items()):
            if self.by[place] != "message id" and sum(len(request.attempts) for request in own) > 1:
                self.left += self.own.pop(place)

    def _give(self, place: int, request: Request, by: By) -> None:
        self.own.setdefault(place, []).append(request)
        self.by.setdefault(place, by)
        self.left.remove(request)

    def _by_message_id(self) -> None:
        ids = Counter(claim.message_id for claim in self.claims if claim.message_id)
        for place, claim in enumerate(self.claims):
            said = [r for r in self.left if claim.message_id in {sent.message_id for sent in r.readings}]
            if claim.message_id and ids[claim.message_id] == 1 and len(said) == 1:
                self._give(place, said[0], "message id")

    def _by_end(self) -> None:
        """Requests that came to nothing, many at once: a claim is made in the instant its request is over."""
        owned = {id(request) for own in self.own.values() for request in own}
        runs = _runs(self.left + [request for own in self.own.values() for request in own])
        if not all(map(_is_sure, runs)):
            return
        free = [run for run in runs if not owned.intersection(map(id, run))]
        places = [place for place in range(len(self.claims)) if place not in self.own]
        clients = self._clients()
        endings = [_ending(_joined(run), clients.get(run[0].attempts[0].sender)) for run in free]
        for claim, run in by_end([self.claims[place] for place in places], endings):
            for request in free[run]:
                self._give(places[claim], request, "time")

    def _by_time(self) -> None:
        """A request falls into the time of a claim; where several claims were open, those of its sender's client."""
        clients = self._clients()
        for request in list(self.left):
            places = [place for place, claim in enumerate(self.claims) if _during(request, claim)]
            client = clients.get(request.attempts[0].sender)
            if len(places) > 1 and client is not None:
                places = [place for place in places if self.claims[place].client == client]
            if len(places) == 1:
                self._give(places[0], request, "time")

    def _clients(self) -> dict[str | None, int]:
        """Return whose the senders are, as far as their requests are known."""
        known = {r.attempts[0].sender: self.claims[place].client for place, own in self.own.items() for r in own}
        return {sender: client for sender, client in known.items() if sender is not None}

    def _earlier_attempts(self) -> None:
        """What failed just before a request that has its claim, and asked for the same, is part of it."""
        surplus = len(self.left) - (len(self.claims) - len(self.own))
        for place in list(self.own):
            claim = self.claims[place]
            while surplus > 0:
                first = min(self.own[place], key=lambda request: request.place)
                open_then = [r for r in self.left if claim.asked_at is None or _during(r, claim)]
                before = [request for request in open_then if _continues(request, first)]
                if not before:
                    break
                self._give(place, max(before, key=lambda request: request.place), "message id")
                surplus -= 1

    def _by_order(self) -> None:
        places = [place for place in range(len(self.claims)) if place not in self.own]
        singly = [[_single(request, attempt)] for request in self.left for attempt in request.attempts]
        readings = ([[request] for request in self.left], _runs(self.left), singly)
        runs = next((runs for runs in readings if len(runs) == len(places)), None)
        if runs is None or not _one_by_one([_joined(run) for run in runs]):
            return
        self.left = [request for run in runs for request in run]
        for place, run in zip(places, runs, strict=True):
            for request in run:
                self._give(place, request, "order")


def _single(request: Request, attempt: Entry) -> Request:
    return Request((attempt,), request.certain)


def _is_sure(run: Sequence[Request]) -> bool:
    """Without a sender it is a guess that chains continue one another."""
    return all(one.certain for one in run) and (len(run) == 1 or run[0].attempts[0].sender is not None)


def _ending(request: Request, client: int | None) -> Ending:
    met = [(attempt.status, attempt.error_type, attempt.ended, _asked(attempt)) for attempt in request.attempts]
    return Ending(request.begins_at, request.ends_at, (met, request.readings, request.same), client)


def _during(request: Request, claim: Claim) -> bool:
    if claim.asked_at is None or claim.ended_at is None:
        return False
    return claim.asked_at - SLACK_S <= request.begins_at <= claim.ended_at + SLACK_S


def _one_by_one(found: list[Request]) -> bool:
    return all(one.ends_at <= other.begins_at for one, other in pairwise(found))
