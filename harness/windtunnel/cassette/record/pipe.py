"""One end of a connection: pieces as they come, each with its instant, and how it ended. Nothing that came is lost.

asyncio's own streams drop what they hold when a reset comes behind it; here it is read first, and then the reset.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
import time
from collections import deque
from typing import Final, Literal, TypeAlias, cast

#: How a connection ended for its reader: in order, or by a reset.
Close: TypeAlias = Literal["closed", "reset"]

#: Bytes held for a slow reader on the other side; then this side waits, too.
_HELD_BYTES: Final = 1 << 18
_LINGER_NOT: Final = struct.pack("ii", 1, 0)


class Pipe(asyncio.Protocol):
    """Reads and writes one connection."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[float, bytes]] = deque()
        self._held = 0
        self._news = asyncio.Event()
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._transport: asyncio.Transport
        self.closed: Close | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        # Whoever waits for `flushed` waits for the last byte.
        self._transport.set_write_buffer_limits(high=0)
        sock = transport.get_extra_info("socket")
        if sock is not None:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def data_received(self, data: bytes) -> None:
        self._pieces.append((time.perf_counter(), data))
        self._held += len(data)
        if self._held > _HELD_BYTES:
            self._transport.pause_reading()
        self._news.set()

    def eof_received(self) -> None:
        self.closed = self.closed or "closed"
        self._news.set()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed = self.closed or ("closed" if exc is None else "reset")
        self._news.set()
        self._may_write.set()

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    async def secure(self, context: ssl.SSLContext, host: str) -> None:
        """Speak TLS from here on, with `host`. Raises ssl.SSLError or OSError."""
        loop = asyncio.get_running_loop()
        transport = await loop.start_tls(self._transport, self, context, server_hostname=host)
        assert transport is not None
        self.connection_made(transport)

    @property
    def has_news(self) -> bool:
        """Something came that nobody has read, or the connection ended."""
        return bool(self._pieces) or self.closed is not None

    async def news(self) -> None:
        """Wait until there is some."""
        while not self.has_news:
            self._news.clear()
            await self._news.wait()

    async def read(self) -> tuple[float, bytes] | None:
        """Return the next piece and when it came; None: the connection has ended, see `closed`."""
        await self.news()
        if not self._pieces:
            return None
        at, piece = self._pieces.popleft()
        self._held -= len(piece)
        if self.closed is None:
            self._transport.resume_reading()
        return at, piece

    def unread(self, data: bytes) -> None:
        """Put back what belongs to whoever reads next."""
        if data:
            self._pieces.appendleft((time.perf_counter(), data))
            self._held += len(data)

    def write(self, data: bytes) -> None:
        """Write at once, or as soon as the other end takes it."""
        if not self._transport.is_closing():
            self._transport.write(data)

    async def flushed(self) -> None:
        """Wait until all that was written has left, or never will."""
        await self._may_write.wait()

    async def close(self, how: Close = "closed") -> None:
        """Send what was written, then end the connection in order or by a reset."""
        await self.flushed()
        if how == "reset":
            self.reset()
        else:
            self._transport.close()

    def reset(self) -> None:
        """End the connection at once; the other end sees a reset."""
        sock = self._transport.get_extra_info("socket")
        if sock is not None and not self._transport.is_closing():
            try:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
            except OSError:
                pass  # closed already
        self._transport.abort()
