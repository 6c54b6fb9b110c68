"""The way from a recorder to the service: straight, or through the proxy that HTTPS_PROXY and its like name.

The variables are read as curl and Python's libraries read them: small letters win, and NO_PROXY takes hosts out.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

from windtunnel.cassette.record.message import Head
from windtunnel.cassette.record.pipe import Pipe
from windtunnel.cassette.record.upstreams import UpstreamError

_PORTS: Final = {"http": 80, "https": 443}
#: The variables that name a proxy, for each scheme of an upstream; the first that is set counts.
_VARIABLES: Final = {
    scheme: (f"{scheme}_proxy", f"{scheme.upper()}_PROXY", "all_proxy", "ALL_PROXY") for scheme in _PORTS
}
_LONGEST_HEAD_BYTES: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class Via:
    """A proxy on the way."""

    host: str
    port: int
    is_tls: bool
    #: Where it was named; told in place of a name and a password.
    variable: str
    authorization: str | None = field(default=None, repr=False)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"the proxy {'https' if self.is_tls else 'http'}://{host}:{self.port} (from {self.variable})"


@dataclass(frozen=True, slots=True)
class Way:
    """How to come to an origin, "https://host:port"."""

    origin: str
    host: str
    port: int
    is_tls: bool
    via: Via | None = None

    def written(self, head: Head) -> bytes:
        """Write the head of a request as the next one on the way has to read it."""
        if self.via is None or self.is_tls:
            return head.written()
        method, target, version = head.words
        proved = () if self.via.authorization is None else (("proxy-authorization", self.via.authorization),)
        return Head((method, self.origin + target, version), (*head.headers, *proved)).written()

    async def connect(self, trust: Callable[[], ssl.SSLContext]) -> Pipe:
        """Return a new connection. Raises OSError where nobody is there; UpstreamError where a proxy is in the way."""
        if self.via is None:
            return await _dial(self.host, self.port, trust() if self.is_tls else None)
        try:
            pipe = await _dial(self.via.host, self.via.port, trust() if self.via.is_tls else None)
        except (OSError, ssl.SSLError) as error:
            raise UpstreamError(f"{self.origin} cannot be reached: {self.via} cannot be: {error}") from None
        if self.is_tls:
            await self._tunnel(pipe, self.via)
            await pipe.secure(trust(), self.host)
        return pipe

    async def _tunnel(self, pipe: Pipe, via: Via) -> None:
        """Have a proxy connect us through."""
        there = f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"
        proved = () if via.authorization is None else (("Proxy-Authorization", via.authorization),)
        pipe.write(Head(("CONNECT", there, "HTTP/1.1"), (("Host", there), *proved)).written())
        said = await _status(pipe)
        if not said.startswith("2"):
            pipe.reset()
            raise UpstreamError(f"{self.origin} cannot be reached: {via} {_refusal(said, self.host)}")


def way(origin: str, environ: Mapping[str, str]) -> Way:
    """Return the way to "https://host:port" by the variables of an environment. UpstreamError for a proxy of no use."""
    parts = urlsplit(origin)
    host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
    via = None if _is_near(host, port, environ) else _via(parts, environ)
    return Way(origin, host, port, parts.scheme == "https", via)


def _is_near(host: str, port: int, environ: Mapping[str, str]) -> bool:
    """Say whether a host is left out: it is on this machine, where no proxy can reach it, or in NO_PROXY."""
    try:
        if ipaddress.ip_address(host).is_loopback:
            return True
    except ValueError:
        if host == "localhost":
            return True
    left_out = environ.get("no_proxy", environ.get("NO_PROXY", ""))
    return any(_names(name.lower(), host, port) for name in left_out.replace(",", " ").split())


def _names(name: str, host: str, port: int) -> bool:
    """Say whether a word of NO_PROXY stands for a host: all of them, itself, those below it, or its network."""
    if name == "*":
        return True
    if "/" in name:
        try:
            return ipaddress.ip_address(host) in ipaddress.ip_network(name, strict=False)
        except ValueError:
            return False
    bare = name.removesuffix(f":{port}").removeprefix("*").removeprefix(".").strip("[]")
    return bool(bare) and (host == bare or host.endswith(f".{bare}"))


def _via(upstream: SplitResult, environ: Mapping[str, str]) -> Via | None:
    variable = next((name for name in _VARIABLES[upstream.scheme] if name in environ), "")
    value = environ.get(variable, "").strip()
    if not value:
        return None
    parts = urlsplit(value if "://" in value else f"http://{value}")
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if parts.scheme not in _PORTS or not host:
        # Whatever else it says may be a password.
        what = f"a proxy by {parts.scheme}" if host else "no address"
        raise UpstreamError(
            f"{variable} names {what}; the recorder goes through proxies by http and https: "
            f"give http://HOST:PORT, or NO_PROXY={upstream.hostname}"
        )
    return Via(host, port or _PORTS[parts.scheme], parts.scheme == "https", variable, _basic(parts))


def _basic(parts: SplitResult) -> str | None:
    if parts.username is None:
        return None
    words = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {base64.b64encode(words.encode()).decode()}"


async def _dial(host: str, port: int, trust: ssl.SSLContext | None) -> Pipe:
    loop = asyncio.get_running_loop()
    _, pipe = await loop.create_connection(Pipe, host, port, ssl=trust, server_hostname=host if trust else None)
    return pipe


async def _status(pipe: Pipe) -> str:
    """Read the head of a proxy's answer; return its status and reason, or nothing where it says neither."""
    seen = b""
    while b"\r\n\r\n" not in seen and len(seen) < _LONGEST_HEAD_BYTES:
        came = await pipe.read()
        if came is None:
            break
        seen += came[1]
    version, _, said = seen.partition(b"\r\n")[0].decode("latin-1").partition(" ")
    return said.strip() if version.startswith("HTTP/") else ""


def _refusal(said: str, host: str) -> str:
    if said.startswith("407"):
        return f"answers {said}: give it name and password as http://NAME:PASSWORD@HOST:PORT"
    told = f"answers {said}" if said else "does not answer"
    return f"{told}: see that it lets CONNECT through, or go past it by NO_PROXY={host}"
