"""The fault trailing_garbage: bytes behind the end of a body."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _framing, _needs
from windtunnel_server.plan import Plan, Send

#: No JSON and no field of an event; the comment that some gateways append to every page they pass on (unverified).
GARBAGE = b"\n<!-- served by proxy-7 -->\n"


def trailing_garbage(plan: Plan, *, rng: Random) -> Plan:
    """The body is whole, and behind its end, still inside it for HTTP, come bytes that do not belong to it.

    Seen behind proxies that append to every page they pass on.
    """
    _needs.plain(plan, "trailing_garbage")
    end = plan.index_of_end
    return _framing.in_step(plan, Plan((*plan.steps[:end], Send(GARBAGE), *plan.steps[end:]), plan.notes))
