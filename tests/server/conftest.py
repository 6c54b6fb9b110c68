"""What the server's tests share: the fake on real sockets, on either event loop, and a client that only knows bytes."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Protocol

import pytest

from windtunnel_server.clock import RealClock
from windtunnel_server.control import Judge
from windtunnel_server.core import Core
from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.journal import Entry
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.script import Step
from windtunnel_server.server import Server, serve_until
from windtunnel_server.threaded import ThreadedServer

#: Nothing here takes that long; a test that waits so long has failed.
PATIENCE_S = 10.0

ASKED: dict[str, Any] = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Hello, tunnel."}],
}


@dataclass
class Answer:
    """One response as it came over the wire: the head, and the body with its framing taken off."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes
    raw: bytes

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return "".join(block["text"] for block in self.json["content"])


class Wire:
    """A connection of bytes. Reads no further than it is asked to."""

    def __init__(self, port: int) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        #: Read, and not asked for yet.
        self.held = bytearray()

    def send(self, data: bytes) -> Wire:
        self.sock.sendall(data)
        return self

    def until(self, mark: bytes) -> bytes:
        """Read up to and including `mark`."""
        while mark not in self.held:
            self.held += self._more()
        return self.exactly(self.held.index(mark) + len(mark))

    def exactly(self, size: int) -> bytes:
        while len(self.held) < size:
            self.held += self._more()
        found = bytes(self.held[:size])
        del self.held[:size]
        return found

    def rest(self) -> bytes:
        """Read to the clean end of the connection; ConnectionResetError where it is none."""
        while data := self.sock.recv(65536):
            self.held += data
        return self.exactly(len(self.held))

    def answer(self, *, bodiless: bool = False) -> Answer:
        """Read one response, to the end its framing gives it."""
        head = self.until(b"\r\n\r\n")
        line, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
        headers = [(name, value) for name, _, value in (text.partition(": ") for text in lines)]
        answer = Answer(int(line.split(" ")[1]), headers, b"", head)
        if bodiless or answer.status == 100:
            return answer
        if (answer.header("transfer-encoding") or "") == "chunked":
            self._chunks(answer)
        elif (length := answer.header("content-length")) is not None:
            answer.body = self.exactly(int(length))
        else:
            answer.body = self.rest()
        return answer

    def _chunks(self, answer: Answer) -> None:
        while size := int(self.until(b"\r\n"), 16):
            answer.body += self.exactly(size)
            assert self.exactly(2) == b"\r\n"
        assert self.exactly(2) == b"\r\n"

    def is_closed(self) -> bool:
        """Wait for the end of the connection, clean or not; False when it stays open for a while."""
        self.sock.settimeout(0.3)
        try:
            return self.sock.recv(1) == b""
        except ConnectionResetError:
            return True
        except TimeoutError:
            return False
        finally:
            self.sock.settimeout(PATIENCE_S)

    def close(self) -> None:
        self.sock.close()

    def _more(self) -> bytes:
        data = self.sock.recv(65536)
        assert data, f"the connection ended early, behind {bytes(self.held[-200:])!r}"
        return data


class Running(Protocol):
    def start(self) -> None: ...
    def stop(self) -> None: ...


class OnUvloop:
    """A server on uvloop in a thread of its own."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()
        assert self._ready.wait(PATIENCE_S)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._over.set)
        self._thread.join(PATIENCE_S)

    def _run(self) -> None:
        import uvloop

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        self._loop, self._over = asyncio.get_running_loop(), asyncio.Event()
        await serve_until(self._server, self._wait)

    async def _wait(self) -> None:
        self._ready.set()
        await self._over.wait()


@dataclass
class Served:
    """A fake that listens, and what a test asks of it."""

    core: Core
    server: Server
    running: Running
    wires: list[Wire] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.server.url.rpartition(":")[2])

    def script(self, *steps: Step) -> None:
        self.core.extend_script(steps)

    def connect(self) -> Wire:
        self.wires.append(Wire(self.port))
        return self.wires[-1]

    def ended(self, number: int) -> Entry:
        """Give call `number` (counted from 1) once it has ended."""
        return self.until(lambda: next((e for e in self.core.journal.calls if e.number == number and e.ended), None))

    def until(self, look: Callable[[], Any]) -> Any:
        """Look until something is seen."""
        limit = time.monotonic() + PATIENCE_S
        while not (seen := look()):
            assert time.monotonic() < limit, f"never seen; journal: {self.core.journal.calls}"
            time.sleep(0.002)
        return seen

    def stop(self) -> None:
        for wire in self.wires:
            wire.close()
        self.running.stop()


@pytest.fixture(params=["asyncio", "uvloop"])
def loop(request: pytest.FixtureRequest) -> str:
    """The event loop the server runs on."""
    if request.param == "uvloop":
        pytest.importorskip("uvloop", reason="uvloop is not installed")
    return str(request.param)


def _serve(loop: str, keys: frozenset[str] | None, judge: Judge | None) -> Served:
    from windtunnel_server.control import Control

    clock = RealClock()
    core = Core(Anthropic(clock, keys=ApiKeys(keys)), clock)
    server = Server(core, control=Control(core, judge=judge))
    running: Running = OnUvloop(server) if loop == "uvloop" else ThreadedServer(server)
    running.start()
    return Served(core, server, running)


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Start fakes on a real clock: `serve(loop="asyncio", keys=None, judge=None)`."""
    started: list[Served] = []

    def start(loop: str = "asyncio", *, keys: frozenset[str] | None = None, judge: Judge | None = None) -> Served:
        started.append(_serve(loop, keys, judge))
        return started[-1]

    yield start
    for served in started:
        served.stop()


@pytest.fixture
def served(serve: Callable[..., Served], loop: str) -> Served:
    """A fake on a real socket and the real clock, on each event loop in turn."""
    return serve(loop)


@pytest.fixture(scope="session")
def asked() -> dict[str, Any]:
    """A request the API lets in."""
    return dict(ASKED)


@pytest.fixture(scope="session")
def request_bytes() -> Callable[..., bytes]:
    """Write a request: `request_bytes(body, method="POST", path="/v1/messages", version="1.1", **headers)`.

    A header of None is left out. Underscores in names become hyphens.
    """

    def written(
        body: Any = None, *, method: str = "POST", path: str = "/v1/messages", version: str = "1.1", **changes: Any
    ) -> bytes:
        if body is None:
            body = ASKED if method == "POST" else b""
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers: dict[str, str | None] = {
            "host": "localhost",
            "x-api-key": "sk-ant-key",
            "anthropic-version": "2023-06-01",
            "content-length": str(len(data)) if data or method == "POST" else None,
        }
        headers |= {name.replace("_", "-"): value for name, value in changes.items()}
        lines = [f"{method} {path} HTTP/{version}"]
        lines += [f"{name}: {value}" for name, value in headers.items() if value is not None]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + data

    return written
