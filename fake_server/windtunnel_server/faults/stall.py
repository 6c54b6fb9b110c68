"""The fault stall: a body that falls silent half-way."""

from __future__ import annotations

import math
from random import Random

from windtunnel_server.faults import _cut, _events, _frames, _framing, _needs
from windtunnel_server.faults._rules import Count, FiniteSeconds, Seconds
from windtunnel_server.plan import Plan, Send, Step, Wait

#: Pings are steps, and a plan is finite: behind so many a stall goes on without them.
MOST_PINGS = 10_000


def stall(
    plan: Plan,
    *,
    rng: Random,
    after_events: Count = 2,
    for_s: Seconds = math.inf,
    ping_every_s: FiniteSeconds | None = None,
) -> Plan:
    """The stream goes silent for `for_s` seconds after `after_events` events, then carries on where it stopped.

    Seen when the service is busy: the connection stays open, and pings come every `ping_every_s` seconds or stop too
    (None or 0; always on Bedrock, which has none). A reply that is not streamed goes silent in the middle of its body.
    """
    sent, rest = _cut.split(plan, "stall", after_events=after_events if plan.is_stream else None)
    if not ping_every_s:
        return sent + Wait(for_s) + rest
    _needs.stream(plan, "stall", "leave out ping_every_s")
    if _frames.are_in(plan):
        return sent + Wait(for_s) + rest
    sent, rest = _events.split(plan, "stall", after_events)
    return _framing.in_step(plan, sent + _with_pings(for_s, ping_every_s) + rest)


def _with_pings(for_s: float, every_s: float) -> list[Step]:
    from windtunnel_server.wire import sse

    # A ping that would come just as the stall ends is left out.
    count = min(math.ceil(min(for_s / every_s, MOST_PINGS + 1)) - 1, MOST_PINGS)
    pings: list[Step] = [Wait(every_s), Send(sse.PING, "ping")] * max(0, count)
    return [*pings, Wait(max(0.0, for_s - len(pings) // 2 * every_s))]
