"""Server-sent events: bytes out as the API writes them, bytes in by the letter of the standard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from windtunnel_server.wire.compact import dumps, utf8

#: The one event that is never padded, and the one with a space behind its colon (FACTS, 713 of 713).
PING: Final = b'event: ping\ndata: {"type": "ping"}\n\n'

#: Up to so many spaces stand before an event's last brace, each number equally often (FACTS, 16,028 events).
MAX_PAD: Final = 15

_BOM: Final = b"\xef\xbb\xbf"


def encode(event: str, payload: Mapping[str, Any], *, pad: int = 0) -> bytes:
    """Write one event: compact JSON with `pad` spaces just before its last brace, and a blank line behind it."""
    text = dumps(payload)
    return utf8(f"event: {event}\ndata: {text[:-1]}{' ' * pad}{text[-1:]}\n\n")


class Decoder:
    """Reads events out of a byte stream, in whatever pieces it comes.

    Lines end in LF, CRLF or CR; several `data` lines are joined with LF; comments, `id` and `retry` are passed over.
    An event without a name is called `message`, one without data is dropped, bytes that are not UTF-8 become U+FFFD
    (WHATWG HTML, "Server-sent events").
    """

    def __init__(self) -> None:
        self._rest = b""
        self._skip_lf = False
        self._at_start = True
        self._name = ""
        self._data: list[str] = []

    @property
    def unfinished(self) -> bool:
        """True while bytes are held that complete no event: a stream that ends so was cut."""
        return bool(self._rest or self._name or self._data)

    def feed(self, data: bytes) -> list[tuple[str, str]]:
        """Take the next bytes; return the (name, data) of every event they complete."""
        if not data:
            return []
        if self._skip_lf and data[:1] == b"\n":
            data = data[1:]
        self._skip_lf = data[-1:] == b"\r"
        lines = (self._rest + data).splitlines(keepends=True)
        self._rest = lines.pop() if lines and lines[-1][-1:] not in (b"\r", b"\n") else b""
        done = (self._line(line.rstrip(b"\r\n")) for line in lines)
        return [event for event in done if event is not None]

    def _line(self, line: bytes) -> tuple[str, str] | None:
        if self._at_start:
            line, self._at_start = line.removeprefix(_BOM), False
        if not line:
            return self._dispatch()
        name, _, value = line.partition(b":")
        text = value.removeprefix(b" ").decode("utf-8", "replace")
        if name == b"event":
            self._name = text
        elif name == b"data":
            self._data.append(text)
        return None

    def _dispatch(self) -> tuple[str, str] | None:
        name, data = self._name or "message", self._data
        self._name, self._data = "", []
        return (name, "\n".join(data)) if data else None


def decode(data: bytes) -> list[tuple[str, str]]:
    """Read every complete event of a whole body."""
    return Decoder().feed(data)
