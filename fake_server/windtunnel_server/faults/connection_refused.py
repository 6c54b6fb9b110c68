"""The fault connection_refused: nobody listens."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults._rules import Seconds
from windtunnel_server.plan import Plan, Reset


def connection_refused(plan: Plan, *, rng: Random, for_s: Seconds = 1.0) -> Plan:
    """Every attempt to connect is refused for `for_s` seconds, counted from the first one that meets it.

    Seen while a service restarts, or behind a balancer with no healthy host. On a connection that is open already,
    where nothing can be refused any more, the request is answered with a reset.
    """
    return Plan((Reset(),), plan.notes)
