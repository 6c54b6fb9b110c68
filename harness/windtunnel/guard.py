"""A guard that keeps a test off the network: only loopback and local sockets may be reached while it is up.

It stands before Python's own sockets. A loop that makes its connections in C (uvloop) passes it by.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Callable
from contextlib import ExitStack
from types import TracebackType
from typing import Any
from unittest.mock import patch

from windtunnel_server.inprocess import sockets
from windtunnel_server.inprocess.flows import registry

_LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})
#: Functions that ask for a name's addresses; the name comes first.
_LOOKUPS = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")


class Guard:
    """While it is up, a connection to anywhere but this machine fails, and is remembered in `attempts`."""

    def __init__(self) -> None:
        self.attempts: list[str] = []
        self._stack = ExitStack()

    def __enter__(self) -> Guard:
        sockets.install()
        self._stack.callback(sockets.uninstall)
        self._stack.enter_context(patch.object(registry, "guard", self._check))
        self._stack.enter_context(patch.object(socket.socket, "sendto", self._checked_sendto(socket.socket.sendto)))
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
        if not is_local(str(host)):
            self._forbid(f"{host}:{port}")

    def _checked_sendto(self, real: Callable[..., int]) -> Callable[..., int]:
        def sendto(sock: socket.socket, data: Any, *rest: Any) -> int:
            self._check(sock, rest[-1] if rest else None)
            return real(sock, data, *rest)

        return sendto

    def _checked_lookup(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def lookup(host: Any, *args: Any, **kwargs: Any) -> Any:
            name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
            if isinstance(name, str) and not is_local(name):
                self._forbid(name)
            return real(host, *args, **kwargs)

        return lookup

    def _forbid(self, where: str) -> None:
        self.attempts.append(where)
        raise OSError(
            errno.ENETUNREACH,
            f"windtunnel keeps this test off the network: it tried to reach {where}. Point the client at the fake "
            "(the fixture sets ANTHROPIC_BASE_URL), or allow it with @pytest.mark.windtunnel(network=True)",
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
