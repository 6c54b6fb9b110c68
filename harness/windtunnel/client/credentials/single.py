"""One credential for all calls in flight, and one renewal for all that are refused with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Final, TypeVar

from windtunnel.client.credentials.source import Credential, NoCredential, Source

T = TypeVar("T")

#: Stands for the number of a credential that was not to be had.
_NONE: Final = -1
#: Which credential the request that runs in this task was last given, by its number.
_GIVEN: Final[ContextVar[int]] = ContextVar("windtunnel_client_credential", default=_NONE)

#: For so long a failure to obtain a credential counts for all who want one, seconds: below any wait between attempts.
_SHARED_S: Final = 0.5


class Shared:
    """What a source has given, until it is refused or ends."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._lock = asyncio.Lock()
        self._held: Credential | None = None
        #: Counts credentials: that in hand is the number's.
        self._number = 0
        #: Why the one in hand was refused; None: it was not.
        self._refused: str | None = None
        #: What went wrong when the source was last asked, and when, by the loop's clock.
        self._failed: tuple[Exception, float] | None = None

    async def current(self) -> Credential:
        """Return the credential for a request of this task. Raises what its source raises."""
        _GIVEN.set(_NONE)
        async with self._lock:
            if self._refused is None:
                self._hold(await self._asked(lambda: self._source.fresh(self._held)))
            elif not await self._replaced(self._refused):
                raise NoCredential(f"no other credential is to be had ({self._refused})")
            _GIVEN.set(self._number)
            assert self._held is not None
            return self._held

    async def renew(self, why: str) -> bool:
        """Obtain another after the request of this task was refused, unless somebody has already.

        False: there is none. Where those who hand it out are unwell for the moment, their failure is that of the next
        attempt, and waited for like any other.
        """
        given = _GIVEN.get()
        if given == _NONE:
            return False  # the source has tried all it knows already
        async with self._lock:
            if given != self._number:
                return True
            self._refused = why
            try:
                return await self._replaced(why)
            except NoCredential:
                self._refused = None
                return False
            except Exception:
                return True

    async def aclose(self) -> None:
        """Let go of what the source holds open."""
        await self._source.aclose()

    async def _replaced(self, why: str) -> bool:
        another = await self._asked(lambda: self._source.another(self._held, why))
        self._refused = None
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
        except Exception as error:
            self._failed = (error, asyncio.get_running_loop().time())
            raise
        self._failed = None
        return got

    def _hold(self, credential: Credential) -> None:
        if credential is not self._held:
            self._held = credential
            self._number += 1
