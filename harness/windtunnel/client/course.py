"""One request on its way: what it has met, how long it still has, and what it ends in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from windtunnel.client.analytics import Watch
from windtunnel.client.events import Discarded, Event, Retrying
from windtunnel.client.failures import (
    ContextTooLong,
    DeadlineExceeded,
    Failure,
    IncompleteAnswer,
    NotAuthenticated,
    RequestError,
    RetryLater,
)
from windtunnel.client.options import Options
from windtunnel.client.request import Request
from windtunnel.client.retrying import Failed, asks_too_much


@dataclass(slots=True)
class Course:
    """A request, and what it may not do twice."""

    request: Request
    options: Options
    watch: Watch
    #: By the loop's clock; None: no limit.
    deadline_at: float | None
    failures: list[Failure] = field(default_factory=list)
    renewed: bool = False
    #: The failure of the last stream that broke, and the text that had come of it.
    broken: Failure | None = None
    text: str = ""

    def left_s(self) -> float | None:
        """Seconds until time is up; None for no limit."""
        return None if self.deadline_at is None else self.deadline_at - asyncio.get_running_loop().time()

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """Do something while there is time: DeadlineExceeded when it is up."""
        left = self.left_s()
        if left is not None and left <= 0:
            raise self.too_late()
        limit = asyncio.timeout(left)
        try:
            async with limit:
                yield
        except TimeoutError as error:
            if not limit.expired():  # somebody else's
                raise
            raise self.too_late() from error

    async def waited(self, for_s: float) -> None:
        """Wait, unless time would be up before."""
        left = self.left_s()
        if left is not None and left <= for_s:
            raise self.too_late()
        await asyncio.sleep(for_s)

    # --- failures --------------------------------------------------------------------------------------------------

    def failed(self, failure: Failure) -> Failed:
        """Take note of an attempt that failed."""
        self.failures.append(failure)
        return Failed(failure)

    def broke(self, failure: Failure, text: str) -> Failed:
        """Take note of a stream that broke."""
        self.failures.append(failure)
        self.broken, self.text = failure, text
        return Failed(failure, in_stream=True)

    @property
    def has_just_broken(self) -> bool:
        """Whether the last failure was that of a stream."""
        return self.broken is not None and self.failures[-1] is self.broken

    def anew(self, retry: int, waits_s: float) -> list[Event]:
        """Say what comes before the next attempt. After a stream that broke, that is one without."""
        waiting = Retrying(self.failures[-1], retry, waits_s)
        if not self.has_just_broken:
            return [waiting]
        self.request = replace(self.request, stream=False)
        return [Discarded(self.failures[-1]), waiting]

    # --- endings -----------------------------------------------------------------------------------------------------

    def too_late(self, text: str = "") -> DeadlineExceeded:
        """Time is up. `text` has come meanwhile."""
        words = f"the deadline of {self.options.deadline_s:g} s has passed"
        failures = tuple(self.failures) or (Failure(kind="timeout", message=words),)
        said = f"{words}: {failures[-1].message}" if self.failures else words
        return DeadlineExceeded(said, failures, text or self.text)

    def given_up(self, explained: Callable[[], str] | None) -> RequestError:
        """There is no further attempt. `explained` tells of the credential that was refused, where one was."""
        last, failures, words = self.failures[-1], tuple(self.failures), self._words()
        if last.kind == "unauthorised":
            # Where none was to be had, its source has said so.
            more = "" if last.status is None or explained is None else f" {explained()}"
            return NotAuthenticated(f"{words.rstrip('.')}.{more}" if more else words, failures, self.text)
        if last.kind == "too_long":
            return ContextTooLong(words, failures, self.text)
        if asks_too_much(last, self.options):
            assert last.retry_after_s is not None
            return RetryLater(
                f"{words}; come again in {last.retry_after_s:g} s", failures, last.retry_after_s, self.text
            )
        kind = RequestError if self.broken is None else IncompleteAnswer
        return kind(words, failures, self.text)

    def _words(self) -> str:
        last, count = self.failures[-1], len(self.failures)
        status = "" if last.status is None else f"{last.status} "
        tries = "" if count == 1 else f" after {count} attempts"
        return f"{last.kind}{tries}: {status}{last.message}"


def begun(request: Request, options: Options) -> Course:
    """Set out. To be called in the event loop."""
    now = asyncio.get_running_loop().time
    deadline = None if options.deadline_s is None else now() + options.deadline_s
    return Course(request, options, Watch(now, time.time), deadline)
