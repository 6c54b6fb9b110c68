"""The fault slow_first_byte: an answer that takes its time to start."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults._rules import FiniteSeconds
from windtunnel_server.plan import Plan, Wait


def slow_first_byte(plan: Plan, *, rng: Random, for_s: FiniteSeconds = 30.0) -> Plan:
    """The first byte of the answer comes `for_s` seconds late, and everything behind it as usual.

    Seen on long prompts and on busy days: the service is well, and slower than a short timeout allows for.
    """
    return Plan((Wait(for_s), *plan.steps), plan.notes)
