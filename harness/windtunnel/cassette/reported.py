"""What a recorded answer reports: its events, its usage, its error; for the journal, the ledger and the verdicts."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

from windtunnel.cassette.interaction import Headers
from windtunnel_server.wire.eventstream import CONTENT_TYPE as FRAMES
from windtunnel_server.wire.eventstream import Frame, FrameError
from windtunnel_server.wire.eventstream import decode as decode_frames
from windtunnel_server.wire.sse import decode as decode_events

#: Content codings, and the window in zlib's words (32 KiB; + 16: with a gzip wrapper).
_WINDOWS: Final = {"gzip": 15 + 16, "deflate": 15}
#: Converse's counts and what the API calls them.
_COUNTS: Final = {
    "inputTokens": "input_tokens",
    "outputTokens": "output_tokens",
    "cacheReadInputTokens": "cache_read_input_tokens",
    "cacheWriteInputTokens": "cache_creation_input_tokens",
}
#: Events that report usage or an error, as the API and Converse call them.
_TELLING: Final = ("message_start", "message_delta", "error", "metadata")
_REQUEST_IDS: Final = ("request-id", "x-amzn-requestid", "apim-request-id")
_EVENTS: Final = "text/event-stream"
#: Media types of bodies that come in events.
STREAMS: Final = (_EVENTS, FRAMES)


class Piece(NamedTuple):
    """Bytes of a body; `event` names the event that ends with them, None for those that complete none."""

    # A tuple, not a frozen dataclass: a stream makes one for every event, and this is built in a third of the time.

    data: bytes
    event: str | None = None


def named(headers: Headers) -> dict[str, str]:
    """Return headers by their names in lower case; of several with one name the first counts."""
    return {name.lower(): value for name, value in reversed(headers)}


def kind_of(heads: Mapping[str, str], body: bytes = b"") -> str:
    """Return the media type that headers name, lower case and without parameters; else that which a plain body shows.

    Recorders may blot the header out, and the events of a stream still count.
    """
    stated = heads.get("content-type", "").partition(";")[0].strip().lower()
    return stated if "/" in stated else _shown(body) or stated


def _shown(body: bytes) -> str:
    if body.startswith((b"event:", b"data:")):
        return _EVENTS
    return FRAMES if body and _frame(body[: int.from_bytes(body[:4], "big")]) is not None else ""


def coding(heads: Mapping[str, str], body: bytes) -> str:
    """Return the content coding that a body really has: foreign recorders unpack bodies and leave the header."""
    stated = heads.get("content-encoding", "identity").strip().lower()
    unpacked = stated in _WINDOWS and body[:1] not in (b"\x1f", b"\x78")
    return "identity" if unpacked else stated


def plain(body: bytes, coding: str) -> bytes | None:
    """Return a body without its content coding, as far as it goes; None for a coding that cannot be read here."""
    if coding == "identity":
        return body
    if coding not in _WINDOWS:
        return None
    try:
        return zlib.decompressobj(_WINDOWS[coding]).decompress(body)
    except zlib.error:
        return None


# --- events ------------------------------------------------------------------------------------------------------


def pieces(kind: str, body: bytes) -> list[Piece]:
    """Take a plain body of a media type apart, event by event; one without events is one piece."""
    if kind == _EVENTS:
        return list(_by_events(body))
    if kind == FRAMES:
        return list(_by_frames(body))
    return [Piece(body)] if body else []


def _by_events(body: bytes) -> Iterator[Piece]:
    # Lines end in LF, of old in CRLF (FACTS).
    blank = b"\r\n\r\n" if b"\r\n\r\n" in body else b"\n\n"
    begin = 0
    while (at := body.find(blank, begin)) >= 0:
        end = at + len(blank)
        yield Piece(body[begin:end], _name(body[begin:end]))
        begin = end
    if begin < len(body):
        yield Piece(body[begin:])


def _name(event: bytes) -> str | None:
    if event.startswith(b"event:"):
        return event[6 : event.index(b"\n")].strip().decode("utf-8", "replace")
    return next((name for name, _ in decode_events(event)), None)


def _by_frames(body: bytes) -> Iterator[Piece]:
    begin = 0
    while begin < len(body):
        size = int.from_bytes(body[begin : begin + 4], "big")
        data = body[begin : begin + size] if 0 < size <= len(body) - begin else body[begin:]
        frame = _frame(data)
        yield Piece(data, None if frame is None else _event_of(frame)[0])
        begin += len(data)


def _frame(data: bytes) -> Frame | None:
    try:
        return next(iter(decode_frames(data)), None)
    except FrameError:
        return None


def _event_of(frame: Frame) -> tuple[str, Any]:
    """Name a frame as the fake names its own: by the event inside, or as Converse calls it."""
    if frame.exception is not None:
        return "error", {"error": {"type": frame.exception[0]}}
    said = _object(frame.payload)
    if frame.event_type == "chunk" and isinstance(said.get("bytes"), str):
        said = _object(base64.b64decode(said["bytes"]))
        return str(said.get("type", "chunk")), said
    return frame.event_type or "", said


# --- notes -------------------------------------------------------------------------------------------------------


def notes(status: int, heads: Mapping[str, str], body: bytes | None, parts: list[Piece]) -> dict[str, object]:
    """Return what a plan's notes say of an answer: request id, error, usage as reported and as charged."""
    found: dict[str, object] = {"request_id": next((heads[name] for name in _REQUEST_IDS if name in heads), None)}
    if body is None:
        return found
    kind = kind_of(heads, body)
    if kind in STREAMS:
        return found | _of_stream(parts, framed=kind == FRAMES)
    said = _object(body)
    if status >= 400:
        return found | {"error_type": _error_type(heads, said)}
    usage = _usage(said.get("usage"))
    return found | ({"usage": usage, "billed": usage} if usage else {})


def _of_stream(parts: list[Piece], *, framed: bool) -> dict[str, object]:
    found: dict[str, object] = {}
    merged: dict[str, Any] = {}
    for part in parts:
        if part.event not in _TELLING:
            continue
        said = _said(part.data, framed=framed)
        if part.event == "error":
            found["error_type"] = _member(said, "error").get("type")
        usage = _usage(_member(said, "message").get("usage") or said.get("usage"))
        # Counts are cumulative; what a later report leaves out keeps its value (wire.md 4.3).
        merged |= {key: value for key, value in usage.items() if value is not None}
        if part.event == "message_start" and usage:
            found["usage_at_start"] = usage
        if part.event == "metadata":
            found["usage_event"] = "metadata"
    return found | ({"usage": merged, "billed": merged} if merged else {})


def _said(data: bytes, *, framed: bool) -> Mapping[str, Any]:
    if framed:
        frame = _frame(data)
        return _event_of(frame)[1] if frame is not None else {}
    line = data.partition(b"data:")[2]
    if b"\n" not in line.rstrip(b"\r\n"):
        return _object(line)
    return next((_object(text.encode()) for _, text in decode_events(data)), {})


def _usage(usage: Any) -> dict[str, Any]:
    if not isinstance(usage, Mapping):
        return {}
    if "inputTokens" in usage:
        return {ours: usage[theirs] for theirs, ours in _COUNTS.items() if theirs in usage}
    # Old answers count in one direction only; those of count_tokens and of embeddings are not usage.
    return dict(usage) if "output_tokens" in usage or "input_tokens" in usage else {}


def _error_type(heads: Mapping[str, str], said: Mapping[str, Any]) -> str | None:
    amazons = heads.get("x-amzn-errortype", "").partition(":")[0]
    error = _member(said, "error")
    kind = error.get("type") or error.get("status") or error.get("code") or amazons
    return kind if isinstance(kind, str) and kind else None


def _member(said: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = said.get(name)
    return value if isinstance(value, Mapping) else {}


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError:
        return {}
    if isinstance(value, list):  # Google wraps the error of a streaming route in a list
        value = value[0] if value else {}
    return value if isinstance(value, dict) else {}
