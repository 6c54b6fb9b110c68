"""When the client tries again, and after what wait: tenacity's loop, with our predicate and our wait."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any, Final

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_base

from windtunnel.client.failures import Failure
from windtunnel.client.options import Options


class Failed(Exception):
    """One attempt failed."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Backoff(wait_base):
    """1 s, 2 s, 4 s with jitter, or exactly what the server asks for."""

    def __init__(self, options: Options, rng: random.Random) -> None:
        self._options, self._rng = options, rng

    def __call__(self, retry_state: RetryCallState) -> float:
        hint = failure_of(retry_state).retry_after_s
        if hint is not None:
            return hint
        options = self._options
        length = min(options.base_s * 2.0 ** (retry_state.attempt_number - 1), options.cap_s)
        return length * self._rng.uniform(1 - options.jitter, 1 + options.jitter)


def failure_of(retry_state: RetryCallState) -> Failure:
    """The failure that an attempt ended in."""
    error = retry_state.outcome.exception() if retry_state.outcome is not None else None
    assert isinstance(error, Failed)
    return error.failure


class Pause:
    """Holds the wait that tenacity has decided on, so that its caller can be told before it begins."""

    def __init__(self) -> None:
        self.for_s: float | None = None

    async def __call__(self, seconds: float) -> None:
        self.for_s = seconds

    def taken(self) -> float | None:
        """The wait that is due now; None before the first attempt."""
        due, self.for_s = self.for_s, None
        return due


def attempts(options: Options, rng: random.Random, pause: Pause) -> AsyncIterator[Any]:
    """Give tenacity's attempts. A failure that is final, or the last, is raised as it was (`Failed`)."""

    def again(error: BaseException) -> bool:
        return isinstance(error, Failed) and is_tried_again(error.failure, options)

    return AsyncRetrying(
        stop=stop_after_attempt(options.max_retries + 1),
        wait=Backoff(options, rng),
        retry=retry_if_exception(again),
        sleep=pause,
        reraise=True,
    ).__aiter__()


def is_tried_again(failure: Failure, options: Options) -> bool:
    """Whether a failure is one to wait for: one that may pass, and no longer a wait than the caller allows."""
    return failure.passing and not asks_too_much(failure, options)


def asks_too_much(failure: Failure, options: Options) -> bool:
    """Whether the server asks for a longer wait than the client takes on itself."""
    return (
        failure.passing and failure.retry_after_s is not None and failure.retry_after_s > options.retry_after_ceiling_s
    )


#: What stays after a stream that broke: the words for the caller.
GAVE_UP: Final = "gave up after {count} attempt{s}: {message}"
