"""Taps on the TLS of this process: an SSLSocket reads and writes in C, past the taps on sockets.

One that leads to a fake server gets a TLS object over memory in the place of its own. What that has to send or wants to
read goes through the socket's tapped methods, so that who waits for what can be told as on a bare socket. Event loops
need none of this: they keep TLS and socket apart by themselves.
"""

from __future__ import annotations

import socket
import ssl
import threading
import weakref
from collections.abc import Callable
from typing import Any, Final

from windtunnel_server.inprocess.flows import registry


def _own(cls: Any, module: str) -> Any:
    """The class itself, even where a tool has put a subclass in its place."""
    return next(base for base in cls.__mro__ if (base.__module__, base.__name__) == (module, cls.__name__))


_Context: Any = _own(ssl.SSLContext, "ssl")
_Socket: Any = _own(socket.socket, "socket")
_real_wrap: Any = _Context._wrap_socket
_PIECE: Final = 64 * 1024

_installed = 0
_lock = threading.Lock()


def install() -> None:
    """Put the tap in place; calls nest."""
    global _installed
    with _lock:
        _installed += 1
        if _installed == 1:
            _Context._wrap_socket = _wrap_socket


def uninstall() -> None:
    """Take the tap out again when the last user is gone."""
    global _installed
    with _lock:
        _installed -= 1
        if _installed == 0:
            del _Context._wrap_socket


def _wrap_socket(
    self: ssl.SSLContext,
    sock: ssl.SSLSocket,
    server_side: bool,
    server_hostname: str | None = None,
    *,
    owner: Any = None,
    session: Any = None,
) -> Any:
    end = registry.moved(sock)
    if end is None or not end.is_client:
        return _real_wrap(self, sock, server_side, server_hostname, owner=owner, session=session)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    over_memory = self._wrap_bio(  # type: ignore[attr-defined]
        incoming, outgoing, server_side, server_hostname, owner=owner, session=session
    )
    return _Pumped(sock, over_memory, incoming, outgoing)


class _Pumped:
    """Stands for the TLS object of an SSLSocket: what it asks of the socket is done by the socket's own methods."""

    def __init__(self, sock: ssl.SSLSocket, tls: Any, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO) -> None:
        # Weak, as in C: a socket that nobody holds is closed at once.
        self._sock = weakref.ref(sock)
        self._tls, self._incoming, self._outgoing = tls, incoming, outgoing

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tls, name)

    @property
    def session(self) -> Any:
        return self._tls.session

    @session.setter
    def session(self, session: Any) -> None:
        self._tls.session = session

    @property
    def context(self) -> Any:
        return self._tls.context

    @context.setter
    def context(self, context: Any) -> None:
        self._tls.context = context

    def do_handshake(self) -> None:
        self._pumped(self._tls.do_handshake)

    def read(self, *asked: Any) -> Any:
        return self._pumped(lambda: self._tls.read(*asked))

    def write(self, data: Any) -> int:
        written: int = self._pumped(lambda: self._tls.write(data))
        return written

    def shutdown(self) -> Any:
        self._pumped(self._tls.shutdown)
        return self._sock()

    def _pumped(self, act: Callable[[], Any]) -> Any:
        sock = self._sock()
        while True:
            try:
                done = act()
            except ssl.SSLWantReadError:
                self._flush(sock)
                self._fill(sock)
            except ssl.SSLError:
                self._flush(sock)  # an alert says why
                raise
            else:
                self._flush(sock)
                return done

    def _fill(self, sock: Any) -> None:
        try:
            data = _Socket.recv(sock, _PIECE)
        except BlockingIOError:
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "The operation did not complete (read)") from None
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def _flush(self, sock: Any) -> None:
        if self._outgoing.pending:
            _Socket.sendall(sock, self._outgoing.read())
