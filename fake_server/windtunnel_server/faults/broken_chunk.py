"""The fault broken_chunk: a chunk whose size is no number."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _cut, _framing
from windtunnel_server.faults._rules import Count
from windtunnel_server.plan import Close, Plan, Raw


def broken_chunk(
    plan: Plan, *, rng: Random, after_events: Count | None = None, after_bytes: Count | None = None
) -> Plan:
    """After `after_events` events or `after_bytes` body bytes, by default half-way, comes a chunk without a valid size.

    Seen when a proxy mixes two answers on one connection. The connection is closed behind it; a body that has a
    content-length is chunked first.
    """
    sent, _ = _cut.split(plan, "broken_chunk", after_events=after_events, after_bytes=after_bytes)
    return sent.map_head(_framing.chunked) + Raw(b"not a size\r\n") + Close()
