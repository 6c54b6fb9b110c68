"""A reverse proxy that takes down what goes through it, for clients in any language and for every provider.

It relays bytes: an answer leaves as it came, piece by piece, transfer framing and all, and ends as it ended. Of a request
only the first line, the host and a signature of Amazon's are written anew. Each connection of a client has connections of
its own upstream, so that what becomes of the one becomes of the other.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from windtunnel.cassette.interaction import Interaction, Request, Response
from windtunnel.cassette.record.outward import Way, way
from windtunnel.cassette.record.pipe import Pipe
from windtunnel.cassette.record.signing import Resigner, Signer, turned_down
from windtunnel.cassette.record.take import Sink
from windtunnel.cassette.record.upstreams import Upstream
from windtunnel.cassette.record.visit import Visit

#: What becomes of Amazon's signatures: signed anew, or left as they are, the host with them.
Aws: TypeAlias = Literal["resign", "pass"]

_BACKLOG: Final = 1024


class ProxyError(ValueError):
    """A proxy that cannot be. Says why, and what to do."""


class Proxy:
    """Listens on loopback, and relays to the upstreams of its doors. Lives on the event loop that starts it.

    `sink` is given every interaction as it ends. With `answer`, an answer it returns is played and nothing goes upstream;
    for None the request does. `signer` signs anew, None: with the credentials of this
    process's environment. `trust` is what TLS upstream is verified by; None: what this machine trusts. `environ` names
    the proxies on the way upstream. `tell` is given a line for whoever watches when a request cannot be sent on.
    """

    def __init__(
        self,
        upstreams: Mapping[str, Upstream],
        sink: Sink,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        aws: Aws = "resign",
        signer: Signer | None = None,
        answer: Callable[[Request], Response | None] | None = None,
        trust: ssl.SSLContext | None = None,
        environ: Mapping[str, str] = MappingProxyType({}),
        tell: Callable[[str], None] = lambda line: None,
    ) -> None:
        if not _is_loopback(host):
            raise ProxyError(
                f"--host {host}: whoever can reach a recorder can use its credentials, and it speaks plain HTTP; "
                "it listens on loopback only, as 127.0.0.1 or ::1"
            )
        self.upstreams: dict[str, Upstream] = dict(upstreams)
        self.answer, self.tell = answer, tell
        self.signer: Signer | None = (signer or Resigner()) if aws == "resign" else None
        self._sink, self._host, self._port, self._trust = sink, host, port, trust
        self._environ = environ
        #: How many requests have come.
        self.asked = 0
        self._told: set[str] = set()
        self._server: asyncio.Server | None = None
        self._visits: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Its address, without a trailing slash."""
        return f"http://[{self._host}]:{self._port}" if ":" in self._host else f"http://{self._host}:{self._port}"

    async def start(self) -> None:
        """Bind and listen. Port 0 takes a free one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._welcome, self._host, self._port, backlog=_BACKLOG)
        self._port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Close the listener and cut what is under way; what was cut is taken down as the client's doing."""
        if self._server is not None:
            self._server.close()
        for visit in list(self._visits):
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)

    def keep(self, interaction: Interaction) -> None:
        """Hand over what was taken down."""
        why = None if self.signer is None else turned_down(interaction)
        if why is not None:
            self.tell_once(
                f"the service answered 403 ({why}) to what the recorder signed: it signs with the credentials that it finds "
                "where it is started (AWS_PROFILE, AWS_ACCESS_KEY_ID, …), not with the client's"
            )
        self._sink(interaction)

    async def connect(self, origin: str) -> Pipe:
        """Return a new connection to "https://host:port". Raises OSError or UpstreamError."""
        return await self.way(origin).connect(self._context)

    def tell_once(self, line: str) -> None:
        """Tell whoever watches, however often a client tries again."""
        if line not in self._told:
            self._told.add(line)
            self.tell(line)

    def way(self, origin: str) -> Way:
        """Return how to come to "https://host:port". Raises UpstreamError."""
        return way(origin, self._environ)

    def _welcome(self) -> Pipe:
        pipe = Pipe()
        task = asyncio.get_running_loop().create_task(Visit(self, pipe).run())
        self._visits.add(task)
        task.add_done_callback(self._visits.discard)
        return pipe

    def _context(self) -> ssl.SSLContext:
        if self._trust is None:
            self._trust = trusting(None)
        return self._trust


def trusting(bundle: str | None) -> ssl.SSLContext:
    """Return what TLS is verified by: a file or folder of authorities, or what this machine trusts."""
    context = ssl.create_default_context()
    if bundle is not None:
        try:
            context.load_verify_locations(bundle)
        except (OSError, ssl.SSLError) as error:
            raise ProxyError(f"--ca-bundle {bundle}: {error}; give a file of certificates in PEM") from None
    context.set_alpn_protocols(["http/1.1"])
    return context


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" and socket.gethostbyname(host).startswith("127.")
