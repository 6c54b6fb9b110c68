"""The fault truncated_json: half an answer that looks finished to HTTP."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _cut, _needs
from windtunnel_server.plan import Plan


def truncated_json(plan: Plan, *, rng: Random) -> Plan:
    """The JSON body breaks off half-way and is delimited as if that were all of it.

    Seen when a gateway caps the size of what it copies, or loses the service behind it and finishes on its behalf.
    """
    _needs.json_body(plan, "truncated_json", "use end_mid_stream or malformed_json for a stream")
    sent, _ = _cut.split(plan, "truncated_json")
    return _cut.ended(plan, sent)
