"""The fault wrong_content_type: a good body under a wrong name."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _needs
from windtunnel_server.faults._rules import Word
from windtunnel_server.plan import Plan


def wrong_content_type(plan: Plan, *, rng: Random, value: Word = "text/html; charset=utf-8") -> Plan:
    """The body is what it should be, and its content-type says `value`.

    Seen behind proxies that set a type of their own on what passes through.
    """
    _needs.head(plan, "wrong_content_type")
    return plan.map_head(lambda head: head.with_header("Content-Type", value))
