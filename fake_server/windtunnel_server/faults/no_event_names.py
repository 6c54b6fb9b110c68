"""The fault no_event_names: data lines only."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _events, _frames, _needs
from windtunnel_server.plan import Plan


def no_event_names(plan: Plan, *, rng: Random) -> Plan:
    """The stream has its data lines and none of its event lines; frames have no `:event-type`.

    Seen from gateways that speak the dialect of another vendor, in which the data says it all. Official clients drop
    such events silently (wire.md 4.5).
    """
    _needs.stream(plan, "no_event_names", "it has no meaning for a body that is not streamed; leave it out")
    return _events.change_each(plan, "no_event_names", _nameless)


def _nameless(event: _events.Event) -> _events.Event:
    if not event.is_sse:
        return event.rewritten(_typeless(event.data))
    lines = event.data.split(b"\n")
    return event.rewritten(b"\n".join(line for line in lines if not line.startswith(b"event:")))


def _typeless(data: bytes) -> bytes:
    from windtunnel_server.wire import eventstream

    (frame,) = _frames.all_of(data)
    headers = tuple((name, value) for name, value in frame.headers if name != ":event-type")
    return eventstream.Frame(headers, frame.payload).encode()
