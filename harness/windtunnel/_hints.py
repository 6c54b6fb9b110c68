"""What a client met, the wait it is allowed, and how it reads the server's hint of when to come back."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz
from typing import Literal


@dataclass(frozen=True, slots=True)
class Envelope:
    """The wait that is allowed before a retry, both ends included, and the rule it comes from.

    `source` is "backoff", "retry-after", or "unknown" where the evidence does not allow to tell.
    """

    low_s: float
    high_s: float
    why: str
    source: Literal["backoff", "retry-after", "unknown"] = "backoff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """What a client met, as far as its retry rules look at it."""

    #: None: no response head came (refused, reset, timed out, hung up before).
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    #: The request asked for a stream.
    streamed: bool = False
    #: The body came whole.
    whole: bool = True
    #: Seconds from the request's arrival, and from the response's head, to the instant the failure was complete.
    since_arrival_s: float = 0.0
    since_head_s: float = 0.0

    def header(self, name: str) -> str | None:
        """Return the first response header of that name (any case), or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @property
    def succeeded(self) -> bool:
        """The head said 2xx, whatever came after it."""
        return self.status is not None and 200 <= self.status < 300


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAfter:
    """How a client reads the server's hint: `retry-after-ms`, then `retry-after` as seconds, then as an HTTP date.

    A hint is used when it is above 0; otherwise the default backoff applies.
    """

    ceiling_s: float = math.inf
    #: What becomes of a hint above the ceiling.
    beyond: Literal["capped", "ignored"] = "capped"
    #: whole: all of the value must be a number; prefix: a leading number will do ("2 seconds" is 2).
    numbers: Literal["whole", "prefix"] = "whole"
    #: A `retry-after-ms` of 0 ends the search, or leaves it to `retry-after`.
    zero_ms: Literal["hides", "falls through"] = "hides"

    def envelope(self, failure: Failure, default: Envelope) -> Envelope:
        """Return the wait the hint asks for, or `default` where there is none to follow."""
        said = self._said(failure)
        if said is None:
            return default
        low, high, why = said
        if math.isnan(high) or high <= 0:
            return default
        if high > self.ceiling_s and self.beyond == "ignored":
            return default
        if math.isinf(high) and low == 0:
            return Envelope(0.0, math.inf, why, "unknown")
        if low < 0:
            # Only a date has two ends. The instant it names may have passed when the client read it, and then
            # the client fell back on its default; the one-second grain of `date` does not tell.
            return Envelope(0.0, max(high, default.high_s), f"{why}, or {default.why}", "retry-after")
        return Envelope(min(low, self.ceiling_s), min(high, self.ceiling_s), why, "retry-after")

    def _said(self, failure: Failure) -> tuple[float, float, str] | None:
        millis = failure.header("retry-after-ms")
        number = self._number(millis)
        if number is not None and (number != 0 or self.zero_ms == "hides"):
            return number / 1000, number / 1000, f"retry-after-ms: {millis}"
        value = failure.header("retry-after")
        number = self._number(value)
        if number is not None:
            return number, number, f"retry-after: {value}"
        return None if value is None else _until(value, failure)

    def _number(self, text: str | None) -> float | None:
        if text is None:
            return None
        if self.numbers == "prefix":
            match = re.match(r"\s*[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text)
            text = match.group() if match else ""
        try:
            return float(text)
        except ValueError:
            return None


def _until(value: str, failure: Failure) -> tuple[float, float, str] | None:
    """Return the shortest and longest wait from the failure's end to an HTTP date.

    The client sleeps until the wall clock shows the date R. The journal knows the wall clock only through the
    answer's own `date` header D, cut to whole seconds and written at some instant between the request's arrival and
    the head's departure. So the wall clock at the end of the failure was at least D + (end - head) and less than
    D + 1 + (end - arrival), and the wait is R minus that.
    """
    until = parsedate_tz(value)
    if until is None:
        return None
    written = parsedate_tz(failure.header("date") or "")
    if written is None:
        return 0.0, math.inf, f"retry-after: {value}, in an answer without a date header"
    wait = float(mktime_tz(until) - mktime_tz(written))
    return wait - 1 - failure.since_arrival_s, wait - failure.since_head_s, f"retry-after: {value}"
