"""One credential for all calls in flight, and one renewal for all that are refused with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Final, TypeVar

from windtunnel.client.credentials.source import Credential, NobodyAsked, NoCredential, Source, may_ask

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Given:
    """What a request was given: the credential of a number, and after how many tries for another."""

    number: int
    tries: int


#: What the request that runs in this task was last given; None: there was nothing to be had.
_GIVEN: Final[ContextVar[_Given | None]] = ContextVar("windtunnel_client_credential", default=None)

#: For so long a failure to obtain a credential counts for all who want one, seconds: below any wait between attempts.
_SHARED_S: Final = 0.5
#: For so long the end of the client waits for what must not be broken off, seconds.
_FAREWELL_S: Final = 3.0


@dataclass(eq=False, slots=True)
class _Asking:
    """The source is being asked, in a task of its own: it goes on when one of those who wait does not."""

    task: asyncio.Task[None]
    waiting: int = 0


class Shared:
    """What a source has given, until it is refused or ends."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._asking: _Asking | None = None
        self._held: Credential | None = None
        #: Counts credentials: that in hand is the number's.
        self._number = 0
        #: Counts how often the source was asked for another, with whatever success.
        self._tries = 0
        #: Whether the source was asked for another after the last refusal, and had one.
        self._renewed = False
        #: Why the one in hand was refused; None: it was not.
        self._refused: str | None = None
        #: What went wrong when the source was last asked, and when, by the loop's clock.
        self._failed: tuple[Exception, float] | None = None

    async def current(self) -> Credential:
        """Return the credential for a request of this task. Raises what its source raises."""
        _GIVEN.set(None)
        await self._together()
        _GIVEN.set(_Given(self._number, self._tries))
        assert self._held is not None
        return self._held

    async def renew(self, why: str) -> bool:
        """Obtain another after the request of this task was refused, unless somebody has already.

        False: there is none. Where those who hand it out are unwell for the moment, their failure is that of the next
        attempt, and waited for like any other.
        """
        given = _GIVEN.get()
        if given is None:
            return False  # the source has tried all it knows already
        while given == _Given(self._number, self._tries):
            self._refused = why
            try:
                await self._together()
            except NoCredential:
                break
            except Exception:
                pass  # what has come of it the numbers say
        return self._number != given.number or self._refused is not None

    def explained(self) -> str:
        """Say of the credential that was refused last where it came from, and what to do."""
        return self._source.origin().told(renewed=self._renewed)

    async def aclose(self) -> None:
        """Let go of what the source holds open. What it is asked for is broken off, as far as it can be."""
        asking = self._asking
        if asking is not None and not asking.task.done():
            asking.task.cancel()
            self._refused = None
            await asyncio.wait({asking.task}, timeout=_FAREWELL_S)
        await self._source.aclose()

    # --- asking, together ------------------------------------------------------------------------------------------

    async def _together(self) -> None:
        """Have the source asked, or wait for what it is being asked. Raises what it raises."""
        while True:
            asking = await self._joined()
            await self._waited(asking)
            if asking.task.cancelled():
                raise NoCredential("the client was closed before a credential was there")
            if not (isinstance(asking.task.exception(), NobodyAsked) and may_ask()):
                return asking.task.result()

    async def _joined(self) -> _Asking:
        if self._asking is not None and self._asking.task.cancelling():
            await asyncio.wait({self._asking.task})
        if self._asking is None or self._asking.task.done():
            self._asking = _Asking(asyncio.create_task(self._obtained()))
            self._asking.task.add_done_callback(_seen)
        return self._asking

    async def _waited(self, asking: _Asking) -> None:
        asking.waiting += 1
        try:
            await asyncio.wait({asking.task})
        finally:
            asking.waiting -= 1
            if not asking.waiting and self._source.waits_for_person and not asking.task.done():
                asking.task.cancel()

    async def _obtained(self) -> None:
        """Ask the source for what is needed: a credential, or another."""
        if self._refused is None:
            self._hold(await self._asked(lambda: self._source.fresh(self._held)))
        elif not await self._replaced(self._refused):
            raise NoCredential("no other credential is to be had")

    async def _replaced(self, why: str) -> bool:
        self._renewed = False
        try:
            another = await self._asked(lambda: self._source.another(self._held, why))
        except NoCredential as error:
            if not isinstance(error, NobodyAsked):
                self._refused = None
            raise
        finally:
            self._tries += 1
        self._refused, self._renewed = None, another is not None
        if another is not None:
            self._hold(another)
        return another is not None

    async def _asked(self, asking: Callable[[], Awaitable[T]]) -> T:
        """Ask the source, unless it has failed just now: that is for all who were waiting."""
        now = asyncio.get_running_loop().time()
        if self._failed is not None and now - self._failed[1] < _SHARED_S:
            raise self._failed[0]
        try:
            got = await asking()
        except NobodyAsked:
            raise
        except Exception as error:
            self._failed = (error, asyncio.get_running_loop().time())
            raise
        self._failed = None
        return got

    def _hold(self, credential: Credential) -> None:
        if credential is not self._held:
            self._held, self._refused = credential, None
            self._number += 1


def _seen(task: asyncio.Task[None]) -> None:
    """What went wrong is told to those who wait; where nobody does, to nobody."""
    if not task.cancelled():
        task.exception()
