"""A guard that keeps a test off the network: only loopback and local sockets may be reached while it is up."""

from __future__ import annotations

import errno
import ipaddress
import socket
from types import TracebackType
from typing import Any

from windtunnel_server.inprocess import sockets
from windtunnel_server.inprocess.flows import registry

_LOCAL_NAMES = frozenset({"localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback"})


class Guard:
    """While it is up, a connection to anywhere but this machine fails, and is remembered in `attempts`."""

    def __init__(self) -> None:
        self.attempts: list[str] = []
        self._outer: Any = None
        self._real_getaddrinfo: Any = None

    def __enter__(self) -> Guard:
        sockets.install()
        self._outer, registry.guard = registry.guard, self._check
        self._real_getaddrinfo, socket.getaddrinfo = socket.getaddrinfo, self._getaddrinfo
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        socket.getaddrinfo = self._real_getaddrinfo
        registry.guard = self._outer
        sockets.uninstall()

    def _check(self, sock: socket.socket, address: object) -> None:
        if sock.family not in (socket.AF_INET, socket.AF_INET6) or not isinstance(address, tuple):
            return
        host, port = address[:2]
        if not is_local(str(host)):
            self._forbid(f"{host}:{port}")

    def _getaddrinfo(self, host: Any, *args: Any, **kwargs: Any) -> Any:
        name = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if isinstance(name, str) and not is_local(name):
            self._forbid(name)
        return self._real_getaddrinfo(host, *args, **kwargs)

    def _forbid(self, where: str) -> None:
        self.attempts.append(where)
        raise OSError(
            errno.ENETUNREACH,
            f"windtunnel keeps this test off the network: it tried to reach {where}. Point the client at the fake "
            "(the fixture sets ANTHROPIC_BASE_URL), or allow it with @pytest.mark.windtunnel(network=True)",
        )


def is_local(host: str) -> bool:
    """Whether an address or name means this machine."""
    if host in _LOCAL_NAMES or host == "":
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0].strip("[]"))
    except ValueError:
        return False
    return address.is_loopback or address.is_unspecified
