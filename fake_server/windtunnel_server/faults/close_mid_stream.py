"""The fault close_mid_stream: a clean close while the body is on its way."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _cut
from windtunnel_server.faults._rules import Count
from windtunnel_server.plan import Close, Plan


def close_mid_stream(
    plan: Plan, *, rng: Random, after_events: Count | None = None, after_bytes: Count | None = None
) -> Plan:
    """The connection is closed cleanly after `after_events` events or `after_bytes` body bytes, the body unfinished.

    Seen when a server is shut down while it answers: its kernel says goodbye properly, its HTTP does not. By default
    it happens half-way, in a body that is not streamed too.
    """
    sent, _ = _cut.split(plan, "close_mid_stream", after_events=after_events, after_bytes=after_bytes)
    return sent + Close()
