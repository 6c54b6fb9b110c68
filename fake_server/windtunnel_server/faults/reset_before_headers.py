"""The fault reset_before_headers: a reset in the place of an answer."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults._rules import FiniteSeconds
from windtunnel_server.plan import Plan, Reset, Wait


def reset_before_headers(plan: Plan, *, rng: Random, after_s: FiniteSeconds = 0.0) -> Plan:
    """The connection is reset `after_s` seconds after the request, without a byte of an answer.

    Seen when the process behind a connection dies, or a firewall forgets a connection that was silent for long.
    """
    return Plan((*([Wait(after_s)] if after_s else []), Reset()), plan.notes)
