"""The fault empty_answer: a clean close in the place of an answer."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults._rules import FiniteSeconds
from windtunnel_server.plan import Close, Plan, Wait


def empty_answer(plan: Plan, *, rng: Random, after_s: FiniteSeconds = 0.0) -> Plan:
    """The connection is closed cleanly `after_s` seconds after the request, without a byte of an answer.

    Seen when a kept-alive connection reaches its idle limit at the server just as the client sends on it.
    """
    return Plan((*([Wait(after_s)] if after_s else []), Close()), plan.notes)
