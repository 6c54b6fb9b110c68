"""The fault empty_body: a head and nothing behind it."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _cut, _needs
from windtunnel_server.plan import Plan


def empty_body(plan: Plan, *, rng: Random) -> Plan:
    """The answer has its status and headers, and a body of no bytes.

    Seen from gateways that lose the service behind them after they have copied its headers.
    """
    _needs.head(plan, "empty_body")
    sent, _ = plan.split(0)
    return _cut.ended(plan, sent)
