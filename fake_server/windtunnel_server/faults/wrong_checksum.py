"""The fault wrong_checksum: a frame that was changed on its way."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _events, _frames, _needs
from windtunnel_server.faults._rules import Count
from windtunnel_server.plan import Plan
from windtunnel_server.script import ScriptError


def wrong_checksum(plan: Plan, *, rng: Random, at_event: Count = 3) -> Plan:
    """The checksum of event `at_event`, counted from 0, does not fit what is in it: a bit was flipped on the way.

    Seen when a proxy or a bad network card changes bytes; a client must not go on reading. Only the frames of Bedrock
    have checksums.
    """
    _needs.stream(plan, "wrong_checksum", "only the frames of a stream have checksums; leave it out")
    if not _frames.are_in(plan):
        raise ScriptError(
            "wrong_checksum: server-sent events have no checksums; use malformed_json, or leave all providers but bedrock out"
        )
    return _events.change_one(plan, "wrong_checksum", at_event, _flip)


def _flip(event: _events.Event) -> list[_events.Part]:
    data = event.data
    return [event.rewritten(data[:-1] + bytes([data[-1] ^ 1]))]
