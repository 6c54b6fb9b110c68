"""The fault missing_message_stop: a stream that ends properly, and without message_stop."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _events, _needs
from windtunnel_server.plan import Plan


def missing_message_stop(plan: Plan, *, rng: Random) -> Plan:
    """The stream ends properly, and without message_stop; every other event comes.

    Seen from gateways that take message_delta, with its stop reason, for the end of a message.
    """
    _needs.stream(plan, "missing_message_stop", "use truncated_json or empty_body for a body that is not streamed")
    return _events.without(plan, "missing_message_stop", "message_stop")
