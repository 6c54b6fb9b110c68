"""What the acceptance tests share: the installed official SDK, through four doors.

A door is sync or async, over a real socket or over the in-memory transport. A `Subject` is a client behind one door
that a test calls in one way, whichever it is: async calls run to their end on a loop of the subject's own.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import anthropic
import pytest

from windtunnel import Windtunnel, policies
from windtunnel_server.clock import REAL
from windtunnel_server.journal import Entry

#: The SDK changed its HTTP library at 1.0.
LIBRARY: Literal["httpx2", "httpx"] = "httpx2" if int(anthropic.__version__.partition(".")[0]) >= 1 else "httpx"

HTTPX: Any = importlib.import_module(LIBRARY)

#: Known to both generations, and free of what either refuses to send or warns about.
ASKED: dict[str, Any] = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 1000,
    "messages": [{"role": "user", "content": "Hello, tunnel."}],
}


@dataclass(frozen=True)
class Door:
    """One way from the SDK to the fake."""

    way: str  # "sync" or "async"
    medium: str  # "socket" or "memory"

    def __str__(self) -> str:
        return f"{self.way}-{self.medium}"


#: Over the socket it is the client that the SDK makes for itself, but for the certificates, which take 50 ms to load.
_HTTP_CLIENTS: dict[Door, Callable[[Windtunnel], Any]] = {
    Door("sync", "socket"): lambda tunnel: anthropic.DefaultHttpxClient(verify=False),
    Door("async", "socket"): lambda tunnel: anthropic.DefaultAsyncHttpxClient(verify=False),
    Door("sync", "memory"): lambda tunnel: HTTPX.Client(transport=tunnel.transport(library=LIBRARY)),
    Door("async", "memory"): lambda tunnel: HTTPX.AsyncClient(transport=tunnel.async_transport(library=LIBRARY)),
}
DOORS = list(_HTTP_CLIENTS)


@dataclass
class Read:
    """A stream as its reader met it: events, the clock at each, and the exception that ended it."""

    events: list[Any] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    error: BaseException | None = None
    #: What the helper made of it; None for a raw stream.
    message: Any = None

    @property
    def names(self) -> list[str]:
        return [event.type for event in self.events]

    @property
    def text(self) -> str:
        deltas = [event.delta for event in self.events if event.type == "content_block_delta"]
        return "".join(delta.text for delta in deltas if delta.type == "text_delta")


class Subject:
    """A client of the SDK behind one door."""

    def __init__(self, tunnel: Windtunnel, door: Door, **options: Any) -> None:
        self.tunnel, self.door = tunnel, door
        self.runner = asyncio.Runner() if door.way == "async" else None
        self.client = self.run(self._connect, options)

    def _connect(self, options: dict[str, Any]) -> Any:
        kind = anthropic.Anthropic if self.door.way == "sync" else anthropic.AsyncAnthropic
        return kind(**{"http_client": _HTTP_CLIENTS[self.door](self.tunnel)} | options)

    def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Call it, on the subject's loop where there is one, and wait for what it gives."""
        if self.runner is None:
            return function(*args, **kwargs)

        async def whole() -> Any:
            given = function(*args, **kwargs)
            return await given if inspect.isawaitable(given) else given

        return self.runner.run(whole())

    def call(self, ask: Callable[[Any], Any]) -> Any:
        """`ask(client)`, waited for."""
        return self.run(lambda: ask(self.client))

    def create(self, **changes: Any) -> Any:
        return self.call(lambda client: client.messages.create(**ASKED | changes))

    def listed(self, ask: Callable[[Any], Any]) -> list[Any]:
        """Everything `ask(client)` iterates over: pages and results come as iterators of either kind."""

        async def collected() -> list[Any]:
            given = ask(self.client)
            given = await given if inspect.isawaitable(given) else given
            return [item async for item in given]

        return list(ask(self.client)) if self.runner is None else self.run(collected)

    def raw(self, **changes: Any) -> Read:
        """Read `create(stream=True)` to its end, whatever that is."""
        read = Read()
        try:
            self.run(
                self._raw_sync if self.runner is None else self._raw_async, read, ASKED | {"stream": True} | changes
            )
        except Exception as error:
            read.error = error
        return read

    def _raw_sync(self, read: Read, asked: dict[str, Any]) -> None:
        with self.client.messages.create(**asked) as stream:
            for event in stream:
                self._saw(read, event)

    async def _raw_async(self, read: Read, asked: dict[str, Any]) -> None:
        async with await self.client.messages.create(**asked) as stream:
            async for event in stream:
                self._saw(read, event)

    def helped(self, beta: bool = False, **changes: Any) -> Read:
        """Read `stream(…)` to its end and take the final message."""
        read = Read()
        try:
            self.run(self._helped_sync if self.runner is None else self._helped_async, read, ASKED | changes, beta)
        except Exception as error:
            read.error = error
        return read

    def _helped_sync(self, read: Read, asked: dict[str, Any], beta: bool) -> None:
        messages = self.client.beta.messages if beta else self.client.messages
        with messages.stream(**asked) as stream:
            for event in stream:
                self._saw(read, event)
            read.message = stream.get_final_message()

    async def _helped_async(self, read: Read, asked: dict[str, Any], beta: bool) -> None:
        messages = self.client.beta.messages if beta else self.client.messages
        async with messages.stream(**asked) as stream:
            async for event in stream:
                self._saw(read, event)
            read.message = await stream.get_final_message()

    def _saw(self, read: Read, event: Any) -> None:
        read.events.append(event)
        read.at.append(self.tunnel.clock.now())

    def close(self) -> None:
        try:
            self.call(lambda client: client.close())
        finally:
            if self.runner is not None:
                self.runner.close()


@pytest.fixture(scope="session")
def library() -> str:
    """The HTTP library that the installed SDK is built on: "httpx2" or "httpx"."""
    return LIBRARY


@pytest.fixture(scope="session")
def httpx_like() -> Any:
    """That library, as a module."""
    return HTTPX


@pytest.fixture(scope="session")
def asked() -> dict[str, Any]:
    """A request that both generations of the SDK send."""
    return dict(ASKED)


@pytest.fixture(params=DOORS, ids=str)
def door(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture
def connect(windtunnel: Windtunnel) -> Iterator[Callable[..., Subject]]:
    """Make subjects: `connect(door, max_retries=0)`, a door by its name too; they are closed behind the test."""
    made: list[Subject] = []

    def make(door: Door | str, **options: Any) -> Subject:
        way, medium = str(door).split("-")
        made.append(Subject(windtunnel, Door(way, medium), **options))
        return made[-1]

    yield make
    for subject in made:
        subject.close()


@pytest.fixture(scope="session")
def make() -> Callable[..., Subject]:
    """Make a subject for a tunnel of the test's own, which closes it."""

    def make(tunnel: Windtunnel, door: str, **options: Any) -> Subject:
        way, medium = door.split("-")
        return Subject(tunnel, Door(way, medium), **options)

    return make


@pytest.fixture
def subject(connect: Callable[..., Subject], door: Door) -> Subject:
    """The SDK with its defaults, behind each door in turn."""
    return connect(door)


@pytest.fixture
def once(connect: Callable[..., Subject], door: Door) -> Subject:
    """The SDK with its retries turned off, behind each door in turn."""
    return connect(door, max_retries=0)


@pytest.fixture
def settled(windtunnel: Windtunnel) -> Callable[[], list[Entry]]:
    """The journal once every call in it has ended.

    A client that gives up learns of it before the server does: its goodbye is still on the way when the test goes on.
    """

    def calls() -> list[Entry]:
        give_up_at = REAL.monotonic() + 5.0
        while any(entry.ended is None for entry in windtunnel.journal) and REAL.monotonic() < give_up_at:
            REAL.sleep(0.001)
        return windtunnel.journal.calls

    return calls


@pytest.fixture(scope="session")
def policy() -> policies.Policy:
    """The installed SDK's own backoff policy."""
    return policies.POLICIES["anthropic_python" if LIBRARY == "httpx2" else "anthropic_python_0"]
