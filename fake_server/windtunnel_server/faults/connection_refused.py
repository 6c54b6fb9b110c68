"""The fault connection_refused: nobody listens."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults._rules import Seconds
from windtunnel_server.plan import Plan, Reset


def connection_refused(plan: Plan, *, rng: Random, for_s: Seconds = 1.0) -> Plan:
    """Attempts to connect are refused.

    Seen while a service restarts, or behind a balancer with no healthy host. For a client in the server's process, as
    many attempts as the step's `times` says; those of another process cannot be counted, since a refused one never
    reaches a server, and for them the port is shut for `for_s` seconds. On a connection that is open already, where
    nothing can be refused any more, the request is answered with a reset.
    """
    return Plan((Reset(),), plan.notes)
