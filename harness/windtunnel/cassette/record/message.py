"""HTTP/1.1 as it goes over a wire: one message, read from bytes as they come. Pure; what is relayed stays as it is.

The rules of where a message ends are those of RFC 9112, section 6.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from windtunnel.cassette.interaction import Headers, header

#: A head longer than this is none, bytes (servers of the field stop at 8 to 64 KiB).
MAX_HEAD_BYTES: Final = 1 << 20

_END_OF_HEAD: Final = b"\r\n\r\n"
_NO_BODY: Final = (204, 304)


class MessageError(ValueError):
    """Bytes that are no HTTP/1.1 message."""


@dataclass(frozen=True, slots=True)
class Head:
    """The lines before the body: three words of the first one, and the headers as they were written."""

    words: tuple[str, str, str]
    headers: Headers

    @property
    def status(self) -> int:
        """Of an answer."""
        if not self.words[1].isdecimal():
            raise MessageError(f"no status line: {' '.join(self.words)!r}")
        return int(self.words[1])

    def written(self) -> bytes:
        """Return its bytes, the empty line included."""
        lines = (" ".join(self.words).rstrip(), *(f"{name}: {value}" for name, value in self.headers), "", "")
        return "\r\n".join(lines).encode("latin-1")


def read_head(text: bytes) -> Head:
    """Read a head; `text` ends before the empty line."""
    first, *lines = text.decode("latin-1").split("\r\n")
    words = first.split(" ", 2)
    if len(words) < 2:
        raise MessageError(f"no first line of HTTP: {first[:80]!r}")
    return Head((words[0], words[1], words[2] if len(words) > 2 else ""), tuple(_header(line) for line in lines))


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise MessageError(f"no header: {line[:80]!r}")
    return name, value.strip(" \t")


class Message:
    """One message, from its first byte to its last.

    `kind` says how it is read; `method` is the request's, for the length of its answer.
    """

    def __init__(self, kind: Literal["request", "response"], *, method: str = "") -> None:
        self._is_answer, self._method = kind == "response", method
        self._buffer = bytearray()
        self._state: Literal["head", "counted", "size", "chunk", "chunk end", "trailer", "open", "done"] = "head"
        self._left = 0
        self.head: Head | None = None
        #: Why what came cannot be read from some byte on; None: it can.
        self.broken: str | None = None

    @property
    def done(self) -> bool:
        """The last byte has come."""
        return self._state == "done"

    @property
    def started(self) -> bool:
        """A first byte has come."""
        return self._state != "head" or bool(self._buffer)

    @property
    def rest(self) -> bytes:
        """What came behind the message's end."""
        return bytes(self._buffer) if self.done else b""

    def feed(self, data: bytes) -> list[bytes]:
        """Take in what came; return the pieces of the body in it, one a chunk where it is chunked."""
        self._buffer += data
        pieces: list[bytes] = []
        try:
            while self._buffer and not (self.done or self.broken) and self._step(pieces):
                pass
        except MessageError as error:
            self.broken = str(error)
        return pieces

    def close(self) -> bool:
        """Take in that the connection has ended; return whether that left the message whole."""
        if self._state == "open":
            self._state = "done"
        return self.done

    def _step(self, pieces: list[bytes]) -> bool:
        """Read on by one part; return whether it was there."""
        if self._state == "head":
            return self._read_head()
        if self._state in ("counted", "chunk"):
            return self._read_counted(pieces)
        if self._state == "open":
            pieces.append(bytes(self._buffer))
            self._buffer.clear()
            return False
        line = self._line()
        if line is None:
            return False
        self._heed_line(line)
        return True

    def _read_head(self) -> bool:
        end = self._buffer.find(_END_OF_HEAD)
        if end < 0:
            if len(self._buffer) > MAX_HEAD_BYTES:
                raise MessageError(f"a head of more than {MAX_HEAD_BYTES} bytes")
            return False
        head = read_head(bytes(self._buffer[:end]))
        del self._buffer[: end + len(_END_OF_HEAD)]
        if self._is_answer and 100 <= head.status < 200 and head.status != 101:
            return True  # "100 Continue" and its like: the answer itself follows
        self.head = head
        self._settle_length(head)
        return True

    def _settle_length(self, head: Head) -> None:
        length = header(head.headers, "content-length")
        if self._is_answer and (head.status in _NO_BODY or self._method == "HEAD"):
            self._state = "done"
        elif self._is_answer and head.status == 101:
            self._state = "open"
        elif "chunked" in (header(head.headers, "transfer-encoding") or "").lower():
            self._state = "size"
        elif length is not None:
            self._count(length.partition(",")[0].strip(), base=10, state="counted")
        else:
            self._state = "open" if self._is_answer else "done"

    def _read_counted(self, pieces: list[bytes]) -> bool:
        piece = bytes(self._buffer[: self._left])
        del self._buffer[: self._left]
        self._left -= len(piece)
        pieces.append(piece)
        if not self._left:
            self._state = "done" if self._state == "counted" else "chunk end"
        return True

    def _line(self) -> bytes | None:
        end = self._buffer.find(b"\n")
        if end < 0:
            return None
        line = bytes(self._buffer[: end + 1]).strip()
        del self._buffer[: end + 1]
        return line

    def _heed_line(self, line: bytes) -> None:
        if self._state == "chunk end":
            if line:
                raise MessageError(f"no end of a chunk: {line[:80]!r}")
            self._state = "size"
        elif self._state == "size":
            self._count(line.partition(b";")[0].strip().decode("latin-1"), base=16, state="chunk")
        elif not line:
            self._state = "done"

    def _count(self, said: str, *, base: int, state: Literal["counted", "chunk"]) -> None:
        try:
            self._left = int(said, base)
        except ValueError:
            raise MessageError(f"no length: {said[:80]!r}") from None
        if self._left < 0:
            raise MessageError(f"no length: {said[:80]!r}")
        self._state = state if self._left else "trailer" if state == "chunk" else "done"
