"""The fault duplicate_event: an event that comes twice."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _events, _needs
from windtunnel_server.faults._rules import Count
from windtunnel_server.plan import Plan


def duplicate_event(plan: Plan, *, rng: Random, at_event: Count = 3) -> Plan:
    """Event `at_event`, counted from 0, comes twice in a row, byte for byte the same.

    Seen when a proxy sends a buffer again after it was interrupted.
    """
    _needs.stream(plan, "duplicate_event", "it has no meaning for a body that is not streamed; leave it out")
    return _events.change_one(plan, "duplicate_event", at_event, lambda event: [event, event])
