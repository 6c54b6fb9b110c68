"""Replies as plans: framed, and paced."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from random import Random

from windtunnel_server.plan import End, Head, Headers, Plan, Send, Step, Wait
from windtunnel_server.script import Stream
from windtunnel_server.wire import events as wire_events
from windtunnel_server.wire import sse

_UNPACED = Stream()


def whole(status: int, headers: Headers, body: bytes) -> Plan:
    """A body in one piece."""
    sends = (Send(body),) if body else ()
    return Plan((Head(status, headers), *sends, End()))


def streamed(headers: Headers, events: Sequence[wire_events.Event], pacing: Stream | None, rng: Random) -> Plan:
    """Events one after the other, with the silences that `pacing` asks for in between."""
    pacing = pacing or _UNPACED
    encoded = wire_events.encode_stream(events, rng)
    steps: list[Step] = [*_silence(pacing.first_byte, 0.0), Head(200, headers)]
    for event, (name, data) in zip(events, encoded, strict=True):
        if pacing.tokens_per_second > 0 and event.tokens:
            steps += _silence(event.tokens / pacing.tokens_per_second, pacing.ping_every)
        steps.append(Send(data, name))
    return Plan((*steps, End()))


def delayed(plan: Plan, pacing: Stream | None, output_tokens: int) -> Plan:
    """A body in one piece comes when the model is done: after the first byte's wait and all its tokens."""
    if pacing is None:
        return plan
    generating_s = output_tokens / pacing.tokens_per_second if pacing.tokens_per_second > 0 else 0.0
    return Plan((*_silence(pacing.first_byte + generating_s, 0.0), *plan.steps), plan.notes)


def _silence(for_s: float, ping_every_s: float) -> Iterator[Step]:
    """A wait, broken by pings where it is longer than `ping_every_s` (0: never)."""
    if ping_every_s > 0:
        for _ in range(math.ceil(for_s / ping_every_s) - 1):
            yield Wait(ping_every_s)
            yield Send(sse.PING, "ping")
            for_s -= ping_every_s
    if for_s > 0:
        yield Wait(for_s)
