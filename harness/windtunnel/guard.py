"""A guard that keeps a test off the network: while it is up, only loopback and local sockets may be reached.

It stands before Python's own sockets. A loop that makes its connections in C (uvloop) passes it by.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any, Final, Literal, TypeAlias
from unittest.mock import patch

from windtunnel_server.inprocess import sockets
from windtunnel_server.inprocess.flows import registry

_LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})
#: Functions that ask for a name's addresses; the name comes first.
_LOOKUPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")
#: What sends on a connection; TLS has no other way in Python that is not one of these.
_SENDERS: Final = (
    (socket.socket, "send"),
    (socket.socket, "sendall"),
    (socket.socket, "sendmsg"),
    (ssl.SSLSocket, "send"),
)
#: Asked for an address, or with None in place of the port for a name that is looked up. Returns None where that may be
#: reached, else what to do instead.
Forbids: TypeAlias = Callable[[str, int | None], str | None]
_REMEDY: Final = (
    "Point the client at the fake (the fixture sets ANTHROPIC_BASE_URL), or allow it: "
    "@pytest.mark.windtunnel(network=True), --windtunnel-network"
)


def elsewhere(host: str, port: int | None) -> str | None:
    """Forbid every other machine."""
    return None if is_local(host) else _REMEDY


class Guard:
    """While it is up, a connection to where it is forbidden fails, and is remembered in `attempts`.

    With `checks="sending"` so does what is sent on a connection that was made before.
    """

    def __init__(
        self, forbids: Forbids = elsewhere, *, checks: Literal["connecting", "sending"] = "connecting"
    ) -> None:
        self.attempts: list[str] = []
        self._remedies: list[str] = []
        self._forbids = forbids
        self._senders = _SENDERS if checks == "sending" else ()
        self._stack = ExitStack()

    def told(self) -> str | None:
        """Tell what was tried since this was last asked, and what to do; None where nothing was."""
        if not self._remedies:
            return None
        where, remedies = dict.fromkeys(self.attempts), dict.fromkeys(self._remedies)
        self.attempts.clear()
        self._remedies.clear()
        return (
            f"the test tried to reach {', '.join(where)}; windtunnel keeps tests off the network. {' '.join(remedies)}"
        )

    def __enter__(self) -> Guard:
        sockets.install()
        self._stack.callback(sockets.uninstall)
        self._stack.enter_context(patch.object(registry, "guard", self._check))
        self._stack.enter_context(patch.object(socket.socket, "sendto", self._checked_sendto(socket.socket.sendto)))
        for kind, name in self._senders:
            self._stack.enter_context(patch.object(kind, name, self._checked_send(getattr(kind, name))))
        for name in _LOOKUPS:
            self._stack.enter_context(patch.object(socket, name, self._checked_lookup(getattr(socket, name))))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def _check(self, sock: socket.socket, address: object) -> None:
        if sock.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
            return
        host, port = address[:2]
        self._check_place(str(host), port)

    def _checked_sendto(self, real: Callable[..., int]) -> Callable[..., int]:
        def sendto(sock: socket.socket, data: Any, *rest: Any) -> int:
            self._check(sock, rest[-1] if rest else None)
            return real(sock, data, *rest)

        return sendto

    def _checked_send(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def send(sock: socket.socket, *args: Any) -> Any:
            if sock not in registry.ends:
                self._check_peer(sock)
            return real(sock, *args)

        return send

    def _check_peer(self, sock: socket.socket) -> None:
        try:
            host, port = sock.getpeername()[:2]
        except (OSError, ValueError):  # not connected, or no address of the internet
            return
        if sock.family in (socket.AF_INET, socket.AF_INET6):
            self._check_place(getattr(sock, "server_hostname", None) or host, port)

    def _checked_lookup(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
            name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
            if isinstance(name, str):
                self._check_place(name, None)
            return real(host, *args, **kwargs)

        return lookup

    def _check_place(self, host: str, port: int | None) -> None:
        remedy = self._forbids(host, port)
        if remedy is None:
            return
        where = host if port is None else f"{host}:{port}"
        self.attempts.append(where)
        self._remedies.append(remedy)
        raise OSError(
            errno.ENETUNREACH, f"windtunnel keeps this test off the network: it tried to reach {where}. {remedy}"
        )


def is_local(host: str) -> bool:
    """Whether an address or name means this machine."""
    if host == "" or host.lower() in _LOCAL_NAMES or host.lower().endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified
