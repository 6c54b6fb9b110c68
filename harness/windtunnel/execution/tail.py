"""The end of an output, however long the whole is; and its way on to our own."""

from __future__ import annotations

import errno
import os
import threading


class Tail:
    """Keeps the last `max_bytes` of what is added."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept = bytearray()
        #: Bytes that went by, kept or not.
        self.seen = 0

    def add(self, piece: bytes) -> None:
        self.seen += len(piece)
        self._kept += piece
        if len(self._kept) > 2 * self._max_bytes:  # cut now and then, not at every piece
            del self._kept[: -self._max_bytes]

    @property
    def end(self) -> bytes:
        return bytes(self._kept[-self._max_bytes :])

    @property
    def last_line(self) -> str | None:
        """The last line that is not blank; None where there is none, or its beginning is gone."""
        text = self.end.rstrip()
        before, _, line = text.rpartition(b"\n")
        if not line or (not before and self.seen > len(self.end)):
            return None
        return line.decode("utf-8", "replace").strip()


class Relay(threading.Thread):
    """Reads a channel to its end and closes it, keeps the tail, and passes every byte on at once if told where to."""

    def __init__(self, read: int, write: int | None, max_bytes: int) -> None:
        super().__init__(name="windtunnel relay", daemon=True)
        self.tail = Tail(max_bytes)
        self._read = read
        self._write = write

    def run(self) -> None:
        try:
            while piece := self._piece():
                self.tail.add(piece)
                if self._write is not None:
                    _write_all(self._write, piece)
        except BrokenPipeError:
            pass  # who reads our output has gone: closing our end tells the command, as a shell's own pipe would
        finally:
            os.close(self._read)

    def _piece(self) -> bytes:
        try:
            return os.read(self._read, 65536)
        except OSError as error:
            if error.errno != errno.EIO:  # how a terminal says that nobody writes any more
                raise
            return b""


def _write_all(fd: int, piece: bytes) -> None:
    rest = memoryview(piece)
    while rest:
        rest = rest[os.write(fd, rest) :]
