"""A recorded answer as a plan: its head, its bytes in the pieces they came in, their instants, and how it ended."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Final, Literal, TypeAlias

from windtunnel.cassette.interaction import Arrival, Headers, Response
from windtunnel.cassette.reported import STREAMS, Piece, coding, kind_of, named, notes, pieces, plain
from windtunnel_server.plan import Close, End, Head, Plan, Reset, Send, Step, Wait
from windtunnel_server.whole import Whole

#: How fast a recording is played: without any silence, as it was, or so many times as fast.
Pace: TypeAlias = "Literal['none', 'recorded'] | float"

#: Headers that belong to the connection of the recording, and not to this one (RFC 9110, 7.6.1).
_OF_THE_HOP: Final = frozenset({"keep-alive", "proxy-connection", "te", "trailer", "upgrade"})
#: Answers that have no body, whatever they declare.
_BODILESS: Final = frozenset({204, 304})


def plan_of(response: Response, *, method: str = "POST", pace: Pace = "none", editable: bool = False) -> Plan:
    """Make the plan that answers as it is recorded. `editable`: with its body unpacked, so that faults can act on it."""
    heads = named(response.headers)
    packed = coding(heads, response.body)
    told = partial(_paced, response, heads, packed, method, pace, editable=editable)
    if pace == "none" and not editable and response.status and response.ended == "complete" and method != "HEAD":
        dropped = "content-encoding" if packed == "identity" else ""
        head = Head(response.status, _headers(response, heads, len(response.body), method=method, drop=dropped))
        return Whole(head, response.body, told)
    return told()


def _paced(
    response: Response, heads: Mapping[str, str], packed: str, method: str, pace: Pace, *, editable: bool
) -> Plan:
    body = plain(response.body, packed)
    parts = pieces(kind_of(heads, body), body) if body is not None else []
    noted = notes(response.status, heads, body, parts) | {"at_once": pace == "none" and not editable}
    if packed != "identity" and (not editable or body is None):
        parts = [Piece(response.body)] if response.body else []
        headers = _headers(response, heads, len(response.body), method=method)
        return _plan(response, headers, parts, response.arrivals, pace, noted)
    size, longer = sum(len(part.data) for part in parts), packed != "identity"
    headers = _headers(response, heads, size, method=method, drop="content-encoding", longer=longer)
    arrivals = response.arrivals if packed == "identity" else ()
    return _plan(response, headers, parts, arrivals, pace, noted)


def _plan(
    response: Response,
    headers: Headers,
    parts: Sequence[Piece],
    arrivals: Sequence[Arrival],
    pace: Pace,
    noted: dict[str, object],
) -> Plan:
    head = Head(response.status, headers)
    return Plan((*_timed(response, head, parts, arrivals, pace_of(pace)), *_ending(response)), noted)


def pace_of(pace: Pace) -> float:
    """Return how many times as fast as recorded; infinity for no silence at all. ValueError for what is no pace."""
    if pace in ("none", "recorded"):
        return math.inf if pace == "none" else 1.0
    if isinstance(pace, bool) or not isinstance(pace, (int, float)) or not 0 < pace < math.inf:
        raise ValueError(
            f'pace: {pace!r} is neither "none" nor "recorded" nor a number above 0 (so many times as fast)'
        )
    return float(pace)


def _timed(
    response: Response, head: Head, parts: Sequence[Piece], arrivals: Sequence[Arrival], speed: float
) -> Iterator[Step]:
    """The head and the body, with silences in between."""
    clock = _Silences(speed)
    began_at_s = response.head_at_s
    if began_at_s is None and response.arrivals:
        began_at_s = response.arrivals[0].at_s
    yield from clock.until(began_at_s)
    if head.status:
        yield head
    if not arrivals:
        yield from (Send(data, event) for data, event in parts)
    for at_s, piece in _at_instants(parts, arrivals) if arrivals else ():
        yield from clock.until(at_s)
        yield Send(piece.data, piece.event)
    yield from clock.until(response.ended_at_s)


class _Silences:
    """What is left to wait until an instant of the recording."""

    def __init__(self, speed: float) -> None:
        self._speed, self._now_s = speed, 0.0

    def until(self, at_s: float | None) -> Iterator[Wait]:
        if at_s is not None and at_s > self._now_s:
            if self._speed < math.inf:
                yield Wait((at_s - self._now_s) / self._speed)
            self._now_s = at_s


def _at_instants(parts: Sequence[Piece], arrivals: Sequence[Arrival]) -> Iterator[tuple[float | None, Piece]]:
    """Cut the pieces where bytes came apart in time; None where the instant is not known."""
    coming = iter(arrivals)
    at_s, room = None, 0
    for part in parts:
        data = part.data
        while data:
            if room == 0:
                arrival = next(coming, None)
                at_s, room = (at_s, len(data)) if arrival is None else (arrival.at_s, arrival.size)
                continue
            taken, data = data[:room], data[room:]
            room -= len(taken)
            yield at_s, Piece(taken, None if data else part.event)


def _headers(
    response: Response, heads: Mapping[str, str], size: int, *, method: str, drop: str = "", longer: bool = False
) -> Headers:
    """Keep the headers in their order; how the body is delimited is put right where it would not be true here.

    `size` is the body's in bytes; `drop` a header that is left out; `longer`: the body is not the one that came over the
    wire.
    """
    dropped = _OF_THE_HOP | {drop}
    if heads.get("connection", "").lower() == "close":
        dropped |= {"connection"}
    framing: dict[str, str] = {}
    has_body = response.status not in _BODILESS and method != "HEAD"
    if has_body:
        if "transfer-encoding" in heads:
            framing, dropped = {"transfer-encoding": "chunked"}, dropped | {"content-length"}
        elif "content-length" in heads and (response.ended == "complete" or longer):
            # A body that was cut is shorter than it was to be, and its length is left: that is how a client can tell.
            framing = {"content-length": str(size)}
    if dropped.isdisjoint(heads) and all(heads[name] == value for name, value in framing.items()):
        kept = response.headers
    else:
        lowered = [(name, name.lower(), value) for name, value in response.headers]
        kept = tuple([(name, framing.get(low, value)) for name, low, value in lowered if low not in dropped])
    if framing or "content-length" in heads or not has_body:
        return kept
    return (*kept, _framing(response, heads, size))


def _framing(response: Response, heads: Mapping[str, str], size: int) -> tuple[str, str]:
    """How to delimit a body whose recording does not say: HTTP/2, or the end of the connection."""
    if response.ended != "complete" or (size and kind_of(heads, response.body) in STREAMS):
        return "Transfer-Encoding", "chunked"
    return "Content-Length", str(size)


def _ending(response: Response) -> tuple[Step, ...]:
    """How it ended. Where nobody connected, a socket knows too late who comes: it can only reset the connection."""
    if response.ended == "complete":
        return (End(),)
    if response.ended == "cut":
        return (Close(),)
    if response.ended == "timeout":
        # The client of the recording waited no longer; this one is to find out for itself when it has had enough.
        return (Wait(math.inf), Close())
    return (Reset(refused=response.ended == "refused"),)
