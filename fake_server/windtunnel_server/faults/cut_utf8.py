"""The fault cut_utf8: a body cut inside a character."""

from __future__ import annotations

from random import Random
from typing import Literal

from windtunnel_server.faults import _cut, _frames, _needs
from windtunnel_server.faults._rules import Count
from windtunnel_server.plan import Close, Plan, Reset, Send
from windtunnel_server.script import ScriptError

#: Where a character is put into a body that is all ASCII: the texts a client decodes and shows.
PLACES = (b'"text_delta","text":"', b'"thinking_delta","thinking":"', b'"partial_json":"', b'"text":"')
PLACES_IN_FRAMES = (
    b'"text_delta"',
    b'"thinking_delta"',
    b'"partial_json":"',
    b'"delta":{"text":',
    b'"delta":{"toolUse"',
    b'"delta":{"reasoningContent"',
)
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
    start of a text; of a stream of frames, one is left half. `end` chooses how it stops: a clean close, a reset, or a
    body that HTTP takes for finished.
    """
    _needs.plain(plan, "cut_utf8")
    if plan.is_stream or after_events is not None:
        _needs.stream(plan, "cut_utf8", "leave out after_events")
    skipped = len(plan.split(after_events or 0)[0].body)
    framed = plan.is_stream and _frames.are_in(plan)
    offset, piece = _place_in_frames(plan.body[skipped:]) if framed else _place(plan.body[skipped:])
    sent, _ = _cut.split(plan, "cut_utf8", after_bytes=skipped + offset)
    sent += Send(piece)
    return _cut.ended(plan, sent) if end == "end" else sent + (Close() if end == "close" else Reset())


def _place_in_frames(body: bytes) -> tuple[int, bytes]:
    """The same for frames: inside the first that brings a text, whose characters are wrapped up in it."""
    offset = 0
    for frame in _frames.all_of(body):
        data = frame.encode()
        if any(place in _frames.said(frame) for place in PLACES_IN_FRAMES):
            middle = offset + len(data) // 2
            return middle, body[middle : middle + 1]
        offset += len(data)
    raise ScriptError("cut_utf8: no text is left to cut; lay it over a reply with text, or give a smaller after_events")


def _place(body: bytes) -> tuple[int, bytes]:
    """Return the offset of the character that is cut, and the part of it that is sent."""
    offset = next((index for index, byte in enumerate(body) if byte >= 0x80), None)
    if offset is not None:
        return offset, body[offset : offset + 1]
    for place in PLACES:
        if place in body:
            return body.index(place) + len(place), CHARACTER[:1]
    raise ScriptError("cut_utf8: no text is left to cut; lay it over a reply with text, or give a smaller after_events")
