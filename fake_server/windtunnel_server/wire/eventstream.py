"""AWS event-stream frames: bytes out as Bedrock writes them, bytes in with both checksums looked at.

A frame is its length (4 bytes, all of it), the length of its headers (4), the CRC-32 of those eight bytes, the headers,
the payload, and the CRC-32 of everything before (wire.md 5; 2,587 recorded frames keep to it).
"""

from __future__ import annotations

import base64
import json
import string
import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from windtunnel_server.wire import compact

CONTENT_TYPE: Final = "application/vnd.amazon.eventstream"

#: The limits of the format, in bytes.
MAX_HEADERS_BYTES: Final = 128 * 1024
MAX_PAYLOAD_BYTES: Final = 24 * 1024 * 1024

#: Of the two lengths and the checksum in front; of that and the checksum behind.
_PRELUDE_BYTES: Final = 12
_LEAST_BYTES: Final = _PRELUDE_BYTES + 4
#: The only type of header that Bedrock sends (FACTS: all of them).
_STRING: Final = 7

#: What a payload is lengthened with: so many characters of this, each number equally often (FACTS).
_PADDING: Final = string.ascii_letters + string.digits
_PAD_FROM, _PAD_TO = 2, 61


class FrameError(ValueError):
    """Bytes that are no frame: a wrong checksum, lengths that cannot be, a header of another type."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame: its headers in wire order, and its payload."""

    headers: tuple[tuple[str, str], ...]
    payload: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the header of that name, or None."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def event_type(self) -> str | None:
        return self.header(":event-type")

    @property
    def exception(self) -> tuple[str, str] | None:
        """The type and the message of an exception or an error frame; None for an event."""
        kind = self.header(":message-type")
        if kind == "error":
            return self.header(":error-code") or "", self.header(":error-message") or ""
        if kind != "exception":
            return None
        return self.header(":exception-type") or "", _message(self.payload)

    def encode(self) -> bytes:
        """Write the frame, with true checksums."""
        headers = b"".join(_header(name, value) for name, value in self.headers)
        if len(headers) > MAX_HEADERS_BYTES or len(self.payload) > MAX_PAYLOAD_BYTES:
            raise FrameError(
                f"{len(headers)} bytes of headers and {len(self.payload)} of payload are more than a frame may hold "
                f"({MAX_HEADERS_BYTES} and {MAX_PAYLOAD_BYTES})"
            )
        prelude = struct.pack(">II", _LEAST_BYTES + len(headers) + len(self.payload), len(headers))
        data = prelude + struct.pack(">I", zlib.crc32(prelude)) + headers + self.payload
        return data + struct.pack(">I", zlib.crc32(data))


def event(name: str, payload: Mapping[str, Any]) -> Frame:
    """Make an event frame; headers in the recorded order."""
    headers = ((":event-type", name), (":content-type", "application/json"), (":message-type", "event"))
    return Frame(headers, compact.encode(payload))


def chunk(payload: Mapping[str, Any], *, pad: str) -> Frame:
    """Wrap one event of the Messages API, as InvokeModelWithResponseStream does."""
    return chunk_of(compact.encode(payload), pad=pad)


def chunk_of(inner: bytes, *, pad: str) -> Frame:
    """Wrap bytes that pass for an event of the Messages API."""
    return event("chunk", {"bytes": base64.b64encode(inner).decode("ascii"), "p": pad})


def exception(type: str, message: str, **more: Any) -> Frame:
    """Make an exception frame of a modelled type (`throttlingException`); the order of its headers is unverified."""
    headers = ((":exception-type", type), (":content-type", "application/json"), (":message-type", "exception"))
    return Frame(headers, compact.encode({"message": message, **more}))


def error(code: str, message: str) -> Frame:
    """Make an error frame, for what the service model has no exception for."""
    return Frame(((":message-type", "error"), (":error-code", code), (":error-message", message)))


def padding(rng: Random) -> str:
    """Draw the `p` of a payload, which hides how long the payload is."""
    return _PADDING[: rng.randint(_PAD_FROM, _PAD_TO)]


class Decoder:
    """Reads frames out of a byte stream, in whatever pieces it comes."""

    def __init__(self) -> None:
        self._held = bytearray()

    @property
    def unfinished(self) -> bool:
        """True while bytes are held that complete no frame: a stream that ends so was cut."""
        return bool(self._held)

    def feed(self, data: bytes) -> list[Frame]:
        """Take the next bytes; return the frames they complete. FrameError for bytes that are none."""
        self._held += data
        frames = []
        while (size := self._size()) is not None and len(self._held) >= size:
            frames.append(_frame(bytes(self._held[:size])))
            del self._held[:size]
        return frames

    def _size(self) -> int | None:
        if len(self._held) < _PRELUDE_BYTES:
            return None
        total, headers, checksum = struct.unpack(">III", self._held[:_PRELUDE_BYTES])
        if zlib.crc32(self._held[: _PRELUDE_BYTES - 4]) != checksum:
            raise FrameError("the checksum of a frame's lengths is wrong")
        if headers > MAX_HEADERS_BYTES or not _LEAST_BYTES + headers <= total <= MAX_PAYLOAD_BYTES + headers + 16:
            raise FrameError(f"a frame of {total} bytes with {headers} bytes of headers cannot be")
        return int(total)


def decode(data: bytes) -> list[Frame]:
    """Read every complete frame of a whole body; FrameError for bytes that are none."""
    return Decoder().feed(data)


def _message(payload: bytes) -> str:
    try:
        said = json.loads(payload)
    except ValueError:
        return ""
    return str(said.get("message", "")) if isinstance(said, dict) else ""


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    if not 0 < len(key) < 1 << 8 or len(text) >= 1 << 15:
        raise FrameError(f"a header of {len(key)} and {len(text)} bytes does not fit into a frame (255 and 32767)")
    return struct.pack(">B", len(key)) + key + struct.pack(">BH", _STRING, len(text)) + text


def _frame(data: bytes) -> Frame:
    (checksum,) = struct.unpack(">I", data[-4:])
    if zlib.crc32(data[:-4]) != checksum:
        raise FrameError("the checksum of a frame is wrong")
    behind = _PRELUDE_BYTES + int.from_bytes(data[4:8], "big")
    return Frame(tuple(_headers(data[_PRELUDE_BYTES:behind])), data[behind:-4])


def _headers(data: bytes) -> Sequence[tuple[str, str]]:
    found = []
    try:
        while data:
            name, rest = data[1 : 1 + data[0]], data[1 + data[0] :]
            kind, size = struct.unpack(">BH", rest[:3])
            if kind != _STRING or len(rest) < 3 + size:
                raise FrameError(f"header {name!r} is not a text (type {kind}) or is cut")
            found.append((name.decode(), rest[3 : 3 + size].decode()))
            data = rest[3 + size :]
    except (struct.error, UnicodeDecodeError) as broken:
        raise FrameError(f"the headers of a frame cannot be read ({broken})") from broken
    return found
