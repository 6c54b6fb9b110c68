"""The fault malformed_json: an event whose data is not JSON."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _events, _needs
from windtunnel_server.faults._rules import Count
from windtunnel_server.plan import Plan


def malformed_json(plan: Plan, *, rng: Random, at_event: Count = 3) -> Plan:
    """The data of event `at_event`, counted from 0, breaks off half-way and is not JSON; the stream goes on.

    Seen when a proxy loses part of a buffer, or a service writes from two threads into one stream.
    """
    _needs.stream(plan, "malformed_json", "use truncated_json for a body that is not streamed")
    return _events.change_one(plan, "malformed_json", at_event, _break)


def _break(event: _events.Event) -> list[_events.Part]:
    front, mark, data = _events.only_sse(event, "malformed_json").data.rpartition(b"data: ")
    # Half of the text of an object is never the text of a value: its last brace is gone.
    text = data.decode(errors="ignore").strip()
    return [event.rewritten(front + mark + text[: len(text) // 2].encode() + b"\n\n")]
