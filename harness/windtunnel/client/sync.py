"""The same client without `await`: an event loop of its own, driven from the calling thread."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from windtunnel.client.account import Account
from windtunnel.client.core import AsyncClient
from windtunnel.client.events import Answer, Event
from windtunnel.client.request import Request

if TYPE_CHECKING:
    from windtunnel.client.bootstrap import Bootstrap

T = TypeVar("T")


class Loop:
    """An event loop that runs only while somebody waits for something."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine; RuntimeError with the remedy inside a running loop."""
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            return self._runner.run(what)
        what.close()
        raise RuntimeError("this thread runs an event loop already; use AsyncClient there")

    def close(self) -> None:
        self._runner.close()


class Client:
    """`AsyncClient` for code that waits. For one thread at a time."""

    def __init__(self, client: AsyncClient, loop: Loop | None = None) -> None:
        self.asynchronous = client
        self._loop = loop or Loop()

    @property
    def loop(self) -> Loop:
        """The event loop, for what else belongs to this client."""
        return self._loop

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **given: Any) -> Client:
        """Make a client of the backend that the variables select; what else is `given` is for `AsyncClient.from_env`."""
        return cls(AsyncClient.from_env(environ, **given))

    def describe(self) -> dict[str, str]:
        """Say which backend this is, where, and what kind of credential it has; never the credential."""
        return self.asynchronous.describe()

    def bootstrap(self) -> Bootstrap:
        """Fetch profile and session data where the backend has them. Never fails: what is absent says why."""
        return self._loop.run(self.asynchronous.bootstrap())

    @property
    def account(self) -> Account:
        """What its requests have used and cost."""
        return self.asynchronous.account

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of connections and loop."""
        try:
            self._loop.run(self.asynchronous.aclose())
        finally:
            self._loop.close()

    @contextmanager
    def stream(self, request: Request) -> Iterator[Iterator[Event]]:
        """Ask, and hear what comes as it comes: `with client.stream(request) as events`."""
        entered = self.asynchronous.stream(request)
        events = self._loop.run(_entered(entered))
        try:
            yield self._each(events)
        finally:
            self._loop.run(_left(entered))

    def _each(self, events: Any) -> Iterator[Event]:
        while True:
            event = self._loop.run(_next(events))
            if event is None:
                return
            yield event

    def send(self, request: Request) -> Answer:
        """Ask, and return the whole answer."""
        return self._loop.run(self.asynchronous.send(request))

    def count(self, request: Request) -> int | None:
        """Count the tokens of a prompt; None where the backend cannot, or does not answer."""
        return self._loop.run(self.asynchronous.count(request))


async def _entered(manager: Any) -> Any:
    return await manager.__aenter__()


async def _left(manager: Any) -> None:
    await manager.__aexit__(None, None, None)


async def _next(events: Any) -> Event | None:
    event: Event | None = await anext(events, None)
    return event
