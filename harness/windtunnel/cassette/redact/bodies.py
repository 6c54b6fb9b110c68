"""Bodies: server-sent events with what they spell out, Bedrock's frames, and everything else as it stands."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from windtunnel.cassette.redact import binary, fragments
from windtunnel.cassette.redact.edits import Edit, apply, merged
from windtunnel.cassette.redact.look import Look
from windtunnel_server.wire import eventstream

_WRAPPED: Final = re.compile(rb"\"bytes\"\s*:\s*\"([A-Za-z0-9+/]*={0,2})\"")


def edits(look: Look, content_type: str, body: bytes, *, exchange: bool, allowed: Sequence[str]) -> list[Edit]:
    """Find every secret in a body that has no content coding. Raises LeakError where nothing can look into it."""
    if content_type.partition(";")[0].strip().lower() == eventstream.CONTENT_TYPE or _is_framed(body):
        return merged(_framed(look, body), body)
    binary.check(content_type, body, allowed)
    found = look.edits(body, exchange=exchange)
    (spelt,) = fragments.edits([body], look.edits)
    return merged((*found, *spelt), body)


def _is_framed(body: bytes) -> bool:
    """Say whether a body begins with a whole frame, whatever its content type says: recorders have lost some."""
    return body.startswith(b"\0") and next(_frames(body), None) is not None


class _Placed(NamedTuple):
    start: int
    end: int
    frame: eventstream.Frame
    #: The event that the frame wraps, and where its base64 stands in the payload; or the payload, and None.
    event: bytes
    wrapped: tuple[int, int] | None


def _framed(look: Look, body: bytes) -> Iterator[Edit]:
    frames = list(_frames(body))
    spelt = fragments.edits([placed.event for placed in frames], look.edits)
    for placed, pieces in zip(frames, spelt, strict=True):
        yield from _frame(look, placed, pieces)
    end = frames[-1].end if frames else 0
    # A frame that was cut or is broken: no client reads it, and half of one cannot be written anew.
    if found := look.edits(body[end:]):
        yield Edit(end, len(body), b"", found[0].kind)


def _frames(body: bytes) -> Iterator[_Placed]:
    at = 0
    while len(body) - at >= 4:
        end = at + int.from_bytes(body[at : at + 4], "big")
        try:
            (frame,) = eventstream.decode(body[at:end])
        except ValueError:
            return
        yield _placed(at, end, frame)
        at = end


def _placed(start: int, end: int, frame: eventstream.Frame) -> _Placed:
    found = _WRAPPED.search(frame.payload)
    if found:
        try:
            return _Placed(start, end, frame, base64.b64decode(found[1], validate=True), found.span(1))
        except binascii.Error:
            pass
    return _Placed(start, end, frame, frame.payload, None)


def _frame(look: Look, placed: _Placed, pieces: Sequence[Edit]) -> Iterator[Edit]:
    found = merged((*look.edits(placed.event), *pieces), placed.event)
    payload = apply(placed.event, found)
    if placed.wrapped:
        start, end = placed.wrapped
        was = placed.frame.payload
        payload = was[:start] + base64.b64encode(payload) + was[end:] if found else was
        payload = apply(payload, look.edits(payload))
    headers = tuple((name, _text(look, value)) for name, value in placed.frame.headers)
    if (headers, payload) != (placed.frame.headers, placed.frame.payload):
        kind = found[0].kind if found else "credential"
        yield Edit(placed.start, placed.end, eventstream.Frame(headers, payload).encode(), kind)


def _text(look: Look, value: str) -> str:
    text = value.encode()
    return apply(text, look.edits(text)).decode()
