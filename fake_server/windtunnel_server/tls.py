"""TLS between a socket's transport and a connection that speaks in the clear.

Done over memory, not by asyncio: so the socket stays ours, a reset is a reset, and what is still on its way out can be
told to the byte on either event loop.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import Any, Final, cast

_PIECE: Final = 64 * 1024
#: What a client reads that speaks plain HTTP to a port with TLS.
_PLAIN: Final = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 57\r\nConnection: close\r\n\r\n"
    b"This windtunnel speaks TLS: write https:// in place of it"
)


class Secured(asyncio.Protocol):
    """A protocol to the socket's transport, and a transport to the protocol within.

    The protocol within learns of a connection before any handshake, and meets the same calls as on a bare socket.
    """

    def __init__(self, context: ssl.SSLContext, within: asyncio.Protocol) -> None:
        self._context, self._within = context, within
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)
        self._transport: asyncio.Transport
        self._shaken = False
        self._over = False

    # --- what the socket's transport calls -----------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._within.connection_made(cast(asyncio.Transport, self))

    def connection_lost(self, exc: Exception | None) -> None:
        self._within.connection_lost(exc)

    def pause_writing(self) -> None:
        self._within.pause_writing()

    def resume_writing(self) -> None:
        self._within.resume_writing()

    def eof_received(self) -> bool:
        return bool(self._within.eof_received())

    def data_received(self, data: bytes) -> None:
        if self._over:
            return
        self._incoming.write(data)
        try:
            self._shake()
            while not self._over:
                plain = self._tls.read(_PIECE)
                if not plain:
                    self._said_goodbye()
                    return
                self._within.data_received(plain)
        except ssl.SSLWantReadError:
            self._flush()
        except ssl.SSLError as error:
            self._misunderstood(error)

    def _shake(self) -> None:
        if not self._shaken:
            self._tls.do_handshake()
            self._shaken = True
            self._flush()

    def _said_goodbye(self) -> None:
        """The client has closed its side: none of the real ones goes on listening."""
        self._within.eof_received()
        self.close()

    def _misunderstood(self, error: ssl.SSLError) -> None:
        """Say why as TLS does, with an alert; a client that speaks plain HTTP is told in plain HTTP."""
        self._over = True
        if error.reason == "HTTP_REQUEST":
            self._outgoing.read()
            self._transport.write(_PLAIN)
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._outgoing.pending and not self._transport.is_closing():
            self._transport.write(self._outgoing.read())

    # --- what the protocol within calls --------------------------------------------------------------------------

    def write(self, data: bytes) -> None:
        if data and not self._over:
            self._tls.write(data)
            self._flush()

    def close(self) -> None:
        """End it in good order: the client is told that nothing was cut off by somebody on the way."""
        self._finish()
        self._transport.close()

    def write_eof(self) -> None:
        self._finish()
        self._transport.write_eof()

    def abort(self) -> None:
        self._over = True
        self._transport.abort()

    def _finish(self) -> None:
        if self._over:
            return
        self._over = True
        try:
            self._tls.unwrap()
        except ssl.SSLError:
            pass  # it waits for the client's own goodbye, or there was no handshake yet
        self._flush()

    def can_write_eof(self) -> bool:
        return self._transport.can_write_eof()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def get_write_buffer_size(self) -> int:
        return self._transport.get_write_buffer_size()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._transport.set_write_buffer_limits(high, low)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """As of the socket's transport; `sslcontext` as asyncio's own TLS has it."""
        return self._context if name == "sslcontext" else self._transport.get_extra_info(name, default)
