"""The fault cut_utf8: a body cut inside a character."""

from __future__ import annotations

from random import Random
from typing import Literal

from windtunnel_server.faults import _cut, _events, _needs
from windtunnel_server.faults._rules import Count
from windtunnel_server.plan import Close, Plan, Reset, Send
from windtunnel_server.script import ScriptError

#: Where a character is put into a body that is all ASCII: the texts a client decodes and shows.
PLACES = (b'"text_delta","text":"', b'"thinking_delta","thinking":"', b'"partial_json":"', b'"text":"')
CHARACTER = "é".encode()


def cut_utf8(
    plan: Plan,
    *,
    rng: Random,
    after_events: Count | None = None,
    end: Literal["close", "reset", "end"] = "close",
) -> Plan:
    """The body stops inside a character of several bytes, at the first one behind `after_events` events.

    Seen when a connection dies: bytes are cut, not characters. A body that has no such character gets one, at the
    start of a text. `end` chooses how it stops: a clean close, a reset, or a body that HTTP takes for finished.
    """
    _needs.plain(plan, "cut_utf8")
    if plan.is_stream or after_events is not None:
        _needs.stream(plan, "cut_utf8", "leave out after_events")
        _events.only_sse_stream(plan, "cut_utf8", "use reset_mid_body with after_bytes, or leave bedrock out")
    skipped = len(plan.split(after_events or 0)[0].body)
    offset, piece = _place(plan.body[skipped:])
    sent, _ = _cut.split(plan, "cut_utf8", after_bytes=skipped + offset)
    sent += Send(piece)
    return _cut.ended(plan, sent) if end == "end" else sent + (Close() if end == "close" else Reset())


def _place(body: bytes) -> tuple[int, bytes]:
    """Return the offset of the character that is cut, and the part of it that is sent."""
    offset = next((index for index, byte in enumerate(body) if byte >= 0x80), None)
    if offset is not None:
        return offset, body[offset : offset + 1]
    for place in PLACES:
        if place in body:
            return body.index(place) + len(place), CHARACTER[:1]
    raise ScriptError("cut_utf8: no text is left to cut; lay it over a reply with text, or give a smaller after_events")
