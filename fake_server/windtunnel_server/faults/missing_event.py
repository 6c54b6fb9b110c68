"""The fault missing_event: a stream with an event left out."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _events, _needs
from windtunnel_server.faults._rules import Count, Word
from windtunnel_server.plan import Plan


def missing_event(plan: Plan, *, rng: Random, name: Word = "content_block_stop", nth: Count = 0) -> Plan:
    """The `nth` event of that name, counted from 0, is left out of the stream; all the others come.

    Seen when a gateway translates between dialects and has no word for an event.
    """
    _needs.stream(plan, "missing_event", "use truncated_json or empty_body for a body that is not streamed")
    return _events.without(plan, "missing_event", name, nth)
