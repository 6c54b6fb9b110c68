"""The fault reset_mid_body: a reset while the body is on its way."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _cut
from windtunnel_server.faults._rules import Count
from windtunnel_server.plan import Plan, Reset


def reset_mid_body(
    plan: Plan, *, rng: Random, after_events: Count | None = None, after_bytes: Count | None = None
) -> Plan:
    """The connection is reset after `after_events` events or `after_bytes` body bytes, by default half-way.

    Seen when a proxy or the process behind it dies while it answers. `after_bytes` may fall inside an event.
    """
    sent, _ = _cut.split(plan, "reset_mid_body", after_events=after_events, after_bytes=after_bytes)
    return sent + Reset()
