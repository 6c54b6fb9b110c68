"""The fault wrong_content_length: a length that lies."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _framing, _needs
from windtunnel_server.faults._rules import NonZero
from windtunnel_server.plan import Close, End, Plan


def wrong_content_length(plan: Plan, *, rng: Random, by: NonZero = 10) -> Plan:
    """The content-length is `by` bytes more than the body, which then ends early, or less, and leaves bytes over.

    Seen when a proxy changes a body and not its head. A chunked body gets a content-length in the place of its chunks.
    Bytes left over are what the client reads as the start of the next answer on that connection.
    """
    _needs.head(plan, "wrong_content_length")
    length = len(plan.body) + by
    lying = plan.map_head(lambda head: _framing.with_length(head, length))
    if by < 0:
        return lying
    # A client waits for the bytes that were promised: only the end of the connection tells it that they never come.
    return Plan(tuple(Close() if isinstance(step, End) else step for step in lying), plan.notes)
