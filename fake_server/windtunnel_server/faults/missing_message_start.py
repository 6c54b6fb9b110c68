"""The fault missing_message_start: a stream that starts without message_start."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _events, _needs
from windtunnel_server.plan import Plan


def missing_message_start(plan: Plan, *, rng: Random) -> Plan:
    """The stream starts without message_start; every other event comes.

    Seen from gateways that start to forward a stream too late. The ids and the input counts are in that event.
    """
    _needs.stream(plan, "missing_message_start", "use truncated_json or empty_body for a body that is not streamed")
    return _events.without(plan, "missing_message_start", "message_start")
