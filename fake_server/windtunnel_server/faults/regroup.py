"""The fault regroup: the same bytes in other pieces."""

from __future__ import annotations

import sys
from random import Random
from typing import Literal

from windtunnel_server.faults import _needs, _pieces
from windtunnel_server.faults._rules import FiniteSeconds, Offsets, Size
from windtunnel_server.plan import Plan

#: Largest piece of `bytes="random"`: short enough to cut most events, long enough to hold several pings.
LARGEST_RANDOM = 64


def regroup(
    plan: Plan,
    *,
    rng: Random,
    bytes: Size | Literal["random"] = 1,
    at: Offsets | None = None,
    every_s: FiniteSeconds = 0.0,
) -> Plan:
    """The same bytes come in pieces of `bytes` bytes, of random sizes, or cut at the offsets `at`; `every_s` apart.

    Seen always: proxies and TCP cut a stream where they like, inside events, lines and characters, and merge what
    the service sent apart. `at` counts body bytes and takes the place of `bytes`. A wait of the plan ends a piece too.
    """
    _needs.head(plan, "regroup")

    def end_of(start: int) -> int:
        if at is not None:
            return next((offset for offset in at if offset > start), sys.maxsize)
        return start + (bytes if isinstance(bytes, int) else rng.randint(1, LARGEST_RANDOM))

    return _pieces.in_pieces(plan, end_of, every_s=every_s)
