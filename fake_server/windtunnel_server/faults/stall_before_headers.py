"""The fault stall_before_headers: silence in the place of an answer."""

from __future__ import annotations

import math
from random import Random

from windtunnel_server.faults._rules import Seconds
from windtunnel_server.plan import Plan, Wait


def stall_before_headers(plan: Plan, *, rng: Random, for_s: Seconds = math.inf) -> Plan:
    """Nothing comes for `for_s` seconds after the request, by default until the client hangs up; then the reply.

    Seen when a service queues requests under load, and when a network swallows packets without a word.
    """
    return Plan((Wait(for_s), *plan.steps), plan.notes)
