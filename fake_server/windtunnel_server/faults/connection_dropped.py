"""The fault connection_dropped: accepted, and closed at once."""

from __future__ import annotations

from random import Random

from windtunnel_server.plan import Close, Plan


def connection_dropped(plan: Plan, *, rng: Random) -> Plan:
    """The connection is accepted and closed at once, before the request is read.

    Seen when a proxy accepts for a service that is gone, or sheds load before it looks at requests.
    """
    return Plan((Close(),), plan.notes)
