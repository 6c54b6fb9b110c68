"""The fault out_of_order_events: two neighbours change places."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _events, _needs
from windtunnel_server.faults._rules import Count
from windtunnel_server.plan import Plan


def out_of_order_events(plan: Plan, *, rng: Random, at_event: Count = 3) -> Plan:
    """Event `at_event`, counted from 0, and the one behind it come in the wrong order.

    Seen when a service or a proxy writes one stream from several workers.
    """
    _needs.stream(plan, "out_of_order_events", "it has no meaning for a body that is not streamed; leave it out")
    found = _events.parts(plan, "out_of_order_events")
    here = _events.place_of(found, at_event, "out_of_order_events")
    there = _events.place_of(found, at_event + 1, "out_of_order_events")
    found[here], found[there] = found[there], found[here]
    return _events.joined(found, plan)
