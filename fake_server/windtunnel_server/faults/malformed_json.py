"""The fault malformed_json: an event whose data is not JSON."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _events, _frames, _needs
from windtunnel_server.faults._rules import Count
from windtunnel_server.plan import Plan


def malformed_json(plan: Plan, *, rng: Random, at_event: Count = 3) -> Plan:
    """The data of event `at_event`, counted from 0, breaks off half-way and is not JSON; the stream goes on.

    Seen when a proxy loses part of a buffer, or a service writes from two threads into one stream. The checksums of a
    frame are true all the same.
    """
    _needs.stream(plan, "malformed_json", "use truncated_json for a body that is not streamed")
    return _events.change_one(plan, "malformed_json", at_event, _break)


def _break(event: _events.Event) -> list[_events.Part]:
    if not event.is_sse:
        return [event.rewritten(_frames.saying(event.data, _half(event.said)))]
    front, mark, data = event.data.rpartition(b"data: ")
    return [event.rewritten(front + mark + _half(data) + b"\n\n")]


def _half(said: bytes) -> bytes:
    # Half of the text of an object is never the text of a value: its last brace is gone.
    text = said.decode(errors="ignore").strip()
    return text[: len(text) // 2].encode()
