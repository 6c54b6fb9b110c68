"""The fault end_mid_stream: a stream that stops early and looks finished to HTTP."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _cut, _needs
from windtunnel_server.faults._rules import Count
from windtunnel_server.plan import Plan


def end_mid_stream(plan: Plan, *, rng: Random, after_events: Count | None = None) -> Plan:
    """The body ends properly after `after_events` events, by default half of them, and no message_stop was among them.

    Seen when a proxy loses the service behind it and finishes the response on its behalf. Official clients hand on
    the part that came without an error (wire.md 4.5), so this is the cut that costs the most.
    """
    _needs.stream(plan, "end_mid_stream", "use truncated_json for a body that is not streamed")
    sent, _ = _cut.split(plan, "end_mid_stream", after_events=after_events)
    return _cut.ended(plan, sent)
