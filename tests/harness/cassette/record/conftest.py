"""What the tests of the recorders share: a fake on the real clock that answers in gated pieces, and a sink that waits."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import pytest

from windtunnel.cassette.interaction import Interaction, Request, Response
from windtunnel.cassette.record.message import Message
from windtunnel.cassette.record.proxy import Aws, Proxy
from windtunnel.cassette.record.signing import Signer
from windtunnel.cassette.record.threaded import ThreadedProxy
from windtunnel.cassette.record.upstreams import Upstream
from windtunnel.fake import Fake
from windtunnel_server.clock import RealClock
from windtunnel_server.server import Server
from windtunnel_server.threaded import ThreadedServer

#: No test waits longer for what has to come.
PATIENCE_S = 15.0


class Gate:
    """Holds an upstream back until a test opens it."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def open(self) -> None:
        self._event.set()

    def wait(self) -> None:
        assert self._event.wait(PATIENCE_S), "the gate was never opened"


#: What an upstream does, in order: bytes are sent, gates waited for; "reset" and "close" end the connection.
Script: TypeAlias = "list[bytes | Gate | str]"


@dataclass
class Canned:
    """An upstream of a few lines that sends exactly what a test says, and keeps what it was sent."""

    scripts: list[Script]
    requests: list[bytes] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    connections: int = 0
    #: Set when a client has hung up on it.
    left: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self._socks: list[socket.socket] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._spawn(self._accept)

    def _spawn(self, work: Callable[..., None], *words: object) -> None:
        thread = threading.Thread(target=work, args=words, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._socks.append(sock)
            self._spawn(self._serve, sock)

    def _serve(self, sock: socket.socket) -> None:
        with sock:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                while self._read(sock) and self._perform(sock, self.scripts.pop(0)):
                    pass
            except OSError:
                pass
            self.left.set()

    def _read(self, sock: socket.socket) -> bool:
        message, seen, body = Message("request"), b"", b""
        while not message.done:
            data = sock.recv(65536)
            if not data:
                return False
            seen += data
            body += b"".join(message.feed(data))
        self.requests.append(seen)
        self.bodies.append(body)
        return True

    def _perform(self, sock: socket.socket, script: Script) -> bool:
        for step in script:
            if isinstance(step, bytes):
                sock.sendall(step)
            elif isinstance(step, Gate):
                step.wait()
            else:
                if step == "reset":
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return False
        return True

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for sock in self._socks:
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(PATIENCE_S)


class Kept(list[Interaction]):
    """A sink: what was handed over, and a way to wait for it."""

    def __init__(self) -> None:
        super().__init__()
        self._more = threading.Condition()

    def __call__(self, interaction: Interaction) -> None:
        with self._more:
            self.append(interaction)
            self._more.notify_all()

    def wait_for(self, count: int) -> list[Interaction]:
        with self._more:
            assert self._more.wait_for(lambda: len(self) >= count, PATIENCE_S), f"{len(self)} of {count} came"
        return list(self)


@pytest.fixture
def canned() -> Iterator[Callable[..., Canned]]:
    """Start an upstream with a script for each request."""
    made: list[Canned] = []

    def start(*scripts: Script) -> Canned:
        made.append(Canned(list(scripts)))
        return made[-1]

    yield start
    for one in made:
        one.close()


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def proxied(kept: Kept) -> Iterator[Callable[..., Proxy]]:
    """Start a proxy before an upstream."""
    made: list[ThreadedProxy] = []

    def start(
        url: str,
        *,
        provider: str = "anthropic",
        aws: Aws = "resign",
        answer: Callable[[Request], Response | None] | None = None,
        signer: Signer | None = None,
        told: list[str] | None = None,
    ) -> Proxy:
        upstreams = {provider: Upstream(url)}
        tell = (lambda line: None) if told is None else told.append
        made.append(ThreadedProxy(Proxy(upstreams, kept, aws=aws, signer=signer, answer=answer, tell=tell)))
        made[-1].start()
        return made[-1].proxy

    yield start
    for one in made:
        one.stop()


class Client:
    """A client by hand: bytes out, bytes in."""

    def __init__(self, url: str) -> None:
        host, _, port = url.partition("://")[2].rpartition(":")
        self._sock = socket.create_connection((host, int(port)), timeout=PATIENCE_S)

    def send(self, data: bytes) -> None:
        self._sock.sendall(data)

    def until(self, end: bytes, at_least: int = 0) -> bytes:
        """Read on until what was read ends like this."""
        seen = bytearray()
        while not seen.endswith(end) or len(seen) < at_least:
            data = self._sock.recv(1 << 16)
            assert data, f"closed after {bytes(seen[-200:])!r}"
            seen += data
        return bytes(seen)

    def to_end(self) -> tuple[bytes, str]:
        """Read until the connection ends; return what came and how it ended."""
        seen = b""
        while True:
            try:
                data = self._sock.recv(65536)
            except ConnectionResetError:
                return seen, "reset"
            if not data:
                return seen, "closed"
            seen += data

    def close(self) -> None:
        self._sock.close()


@pytest.fixture
def dialled() -> Iterator[Callable[[str], Client]]:
    """Connect to "http://host:port" by hand."""
    made: list[Client] = []

    def dial(url: str) -> Client:
        made.append(Client(url))
        return made[-1]

    yield dial
    for one in made:
        one.close()


@pytest.fixture
def gated() -> Callable[[], Gate]:
    """Make a gate."""
    return Gate


@pytest.fixture
def served() -> Iterator[tuple[Fake, str]]:
    """The fake on a socket and the real clock, and its address."""
    fake = Fake(RealClock())
    server = ThreadedServer(Server(fake.core))
    server.start()
    yield fake, server.server.url
    server.stop()
    fake.close()
