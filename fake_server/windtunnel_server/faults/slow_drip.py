"""The fault slow_drip: a body that comes in drops."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _needs, _pieces
from windtunnel_server.faults._rules import FiniteSeconds, Size
from windtunnel_server.plan import Plan


def slow_drip(plan: Plan, *, rng: Random, every_s: FiniteSeconds = 1.0, bytes: Size = 16) -> Plan:
    """The body comes `bytes` bytes at a time, `every_s` seconds apart, never silent for long and hardly moving.

    Seen on bad mobile links and behind throttling proxies; a read timeout per chunk never strikes.
    """
    _needs.head(plan, "slow_drip")
    return _pieces.in_pieces(plan, lambda start: start + bytes, every_s=every_s)
