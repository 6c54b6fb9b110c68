"""The fault unknown_event: an event of a type nobody has heard of."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _events, _frames, _framing, _needs
from windtunnel_server.faults._rules import Count, Word
from windtunnel_server.plan import Plan, Send


def unknown_event(plan: Plan, *, rng: Random, after_events: Count = 2, name: Word = "message_annotation") -> Plan:
    """An event of a new type `name` comes after `after_events` events; everything else is as it should be.

    Seen when the API grows: new types may appear at any time, and clients must pass over them (wire.md 4.1).
    """
    _needs.stream(plan, "unknown_event", "it has no meaning for a body that is not streamed; leave it out")
    before, behind = _events.split(plan, "unknown_event", after_events)
    data = _frame(plan, name, rng) if _frames.are_in(plan) else _event(name, rng)
    return _framing.in_step(plan, before + Send(data, name) + behind)


def _event(name: str, rng: Random) -> bytes:
    from windtunnel_server.wire import sse

    return sse.encode(name, {"type": name, "index": 0}, pad=rng.randint(0, sse.MAX_PAD))


def _frame(plan: Plan, name: str, rng: Random) -> bytes:
    from windtunnel_server.wire import eventstream

    pad = eventstream.padding(rng)
    if _frames.of_invoke(plan):
        return eventstream.chunk({"type": name, "index": 0}, pad=pad).encode()
    return eventstream.event(name, {"contentBlockIndex": 0, "p": pad}).encode()
