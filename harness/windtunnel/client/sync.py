"""The same client without `await`: an event loop of its own, driven from the calling thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from windtunnel.client.account import Account
from windtunnel.client.analytics import Sink
from windtunnel.client.backend import Backend
from windtunnel.client.budget import Budget
from windtunnel.client.core import AsyncClient, Hook
from windtunnel.client.events import Answer, Event
from windtunnel.client.failures import ClientMisused
from windtunnel.client.options import Options
from windtunnel.client.request import Request

if TYPE_CHECKING:
    from windtunnel.client.bootstrap import Bootstrap
    from windtunnel.client.credentials.keys import AskKey
    from windtunnel.client.credentials.login import OpenPage

T = TypeVar("T")


_CLOSED: Final = "this client is closed; make another"
_INSIDE: Final = "this thread runs an event loop already; use AsyncClient there"
_BUSY: Final = (
    "this client is answering another thread; make a Client for each thread (they may share an Account and a Budget), "
    "or one AsyncClient for all"
)


class Loop:
    """An event loop that runs only while somebody waits for something."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._running = threading.Lock()
        self.is_closed = False

    def run(self, what: Coroutine[Any, Any, T]) -> T:
        """Wait for a coroutine; ClientMisused with the remedy where that cannot be done."""
        try:
            return self._run(what)
        finally:
            what.close()

    def _run(self, what: Coroutine[Any, Any, T]) -> T:
        with self._held():
            return self._runner.run(what)

    @contextmanager
    def _held(self) -> Iterator[None]:
        if self.is_closed:
            raise ClientMisused(_CLOSED)
        if _runs_a_loop():
            raise ClientMisused(_INSIDE)
        # Not waited for: it may be a tool of the turn that the other thread waits for.
        if not self._running.acquire(blocking=False):
            raise ClientMisused(_BUSY)
        try:
            yield
        finally:
            self._running.release()

    def close(self) -> None:
        """Let go of the loop; nothing can be waited for any more."""
        with self._held():
            self.is_closed = True
            self._runner.close()


def _runs_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


class Client:
    """`AsyncClient` for code that waits. For one thread at a time; ClientMisused where two use it at once."""

    def __init__(self, client: AsyncClient, loop: Loop | None = None) -> None:
        self.asynchronous = client
        self._loop = loop or Loop()

    @property
    def loop(self) -> Loop:
        """The event loop, for what else belongs to this client."""
        return self._loop

    @classmethod
    def from_env(
        cls,
        environ: Mapping[str, str] | None = None,
        *,
        options: Options | None = None,
        ask_key: AskKey | Literal["terminal"] | None = None,
        open_page: OpenPage | None = None,
        on_event: Hook | None = None,
        account: Account | None = None,
        budget: Budget | None = None,
        analytics: Sink | None = None,
        seed: int | None = None,
    ) -> Client:
        """Make a client of the backend that the variables select, as `AsyncClient.from_env` does."""
        return cls(
            AsyncClient.from_env(
                environ,
                options=options,
                ask_key=ask_key,
                open_page=open_page,
                on_event=on_event,
                account=account,
                budget=budget,
                analytics=analytics,
                seed=seed,
            )
        )

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

    @property
    def budget(self) -> Budget | None:
        """What its requests may use."""
        return self.asynchronous.budget

    @property
    def options(self) -> Options:
        """How it behaves."""
        return self.asynchronous.options

    @property
    def backend(self) -> Backend:
        """The way to the models."""
        return self.asynchronous.backend

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of connections and loop, once."""
        if self._loop.is_closed:
            return
        try:
            self._loop.run(self.asynchronous.aclose())
        finally:
            self._loop.close()

    @contextmanager
    def stream(self, request: Request, *, purpose: str = "answer") -> Iterator[Iterator[Event]]:
        """Ask, and hear what comes as it comes: `with client.stream(request) as events`. See `AsyncClient.stream`."""
        entered = self.asynchronous.stream(request, purpose=purpose)
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

    def send(self, request: Request, *, purpose: str = "answer") -> Answer:
        """Ask, and return the whole answer. `purpose` is what the account books it under."""
        return self._loop.run(self.asynchronous.send(request, purpose=purpose))

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
