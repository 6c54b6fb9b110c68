"""When the client tries again, and after what wait: tenacity's loop, with our predicate and our wait."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from typing import Any, Final

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt
from tenacity.wait import wait_base

from windtunnel.client.failures import Failure, Kind
from windtunnel.client.options import Options

#: What an error inside a stream may be that is the same without one.
_FINAL_IN_A_STREAM: Final = frozenset[Kind]({"too_long", "too_large", "billing", "forbidden", "not_found"})


class Failed(Exception):
    """One attempt failed. `in_stream`: after its head, so that something of the answer may have been heard."""

    def __init__(self, failure: Failure, *, in_stream: bool = False) -> None:
        super().__init__(failure.message)
        self.failure, self.in_stream = failure, in_stream


class Backoff(wait_base):
    """1 s, 2 s, 4 s with jitter, or what the server asks for, and up to as large a share of it on top: never sooner."""

    def __init__(self, options: Options, rng: random.Random) -> None:
        self._options, self._rng = options, rng
        #: Attempts before the request took the form it has: another form begins with the first wait again.
        self.before = 0

    def __call__(self, retry_state: RetryCallState) -> float:
        options, hint = self._options, failure_of(retry_state).retry_after_s
        if hint is not None:
            return hint * self._rng.uniform(1, 1 + options.jitter)
        doublings = retry_state.attempt_number - self.before - 1
        # 64 doublings of anything are past any cap, and no number is too large for a float.
        length = min(options.base_s * 2.0 ** min(doublings, 64), options.cap_s)
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


def attempts(options: Options, backoff: Backoff, pause: Pause) -> AsyncIterator[Any]:
    """Give tenacity's attempts. A failure that is final, or the last, is raised as it was (`Failed`)."""

    def again(error: BaseException) -> bool:
        return isinstance(error, Failed) and is_tried_again(error, options)

    return AsyncRetrying(
        stop=stop_after_attempt(options.max_retries + 1),
        wait=backoff,
        retry=retry_if_exception(again),
        sleep=pause,
        reraise=True,
    ).__aiter__()


def is_tried_again(failed: Failed, options: Options) -> bool:
    """Whether a failure is one to wait for: one that may pass, and no longer a wait than the caller allows."""
    failure = failed.failure
    if failed.in_stream:
        return options.fall_back_to_whole and failure.kind not in _FINAL_IN_A_STREAM
    # Whatever the server says: a credential that was refused is not sent again.
    return failure.passing and failure.kind != "unauthorised" and not asks_too_much(failure, options)


def asks_too_much(failure: Failure, options: Options) -> bool:
    """Whether the server asks for a longer wait than the client takes on itself."""
    return (
        failure.passing and failure.retry_after_s is not None and failure.retry_after_s > options.retry_after_ceiling_s
    )
