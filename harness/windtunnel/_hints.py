"""What a client met, the wait it is allowed, and how it reads the server's hint of when to come back."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import mktime_tz, parsedate_tz
from typing import Literal, TypeAlias

#: Whether a hint is one to give up on; "perhaps" where it is a date too close to the ceiling to tell.
Ends: TypeAlias = Literal["no", "yes", "perhaps"]


@dataclass(frozen=True, slots=True)
class Envelope:
    """The wait that is allowed before a retry, both ends included, and the rule it comes from.

    `source` is "backoff", "retry-after", or "unknown" where the evidence does not allow to tell.
    """

    low_s: float
    high_s: float
    why: str
    source: Literal["backoff", "retry-after", "unknown"] = "backoff"
    #: A hint that chance lengthens: every wait in the range is as likely as any other.
    by_chance: bool = False


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
    #: Which API was asked, and for which model; None where that is not known.
    provider: str | None = None
    model: str | None = None

    def header(self, name: str) -> str | None:
        """Return the first response header of that name (any case), or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    @property
    def succeeded(self) -> bool:
        """The head said 2xx, whatever came after it."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def error(self) -> str | None:
        """The name of the error where a header gives it, as Amazon's does: "ThrottlingException"."""
        value = self.header("x-amzn-errortype")
        return None if value is None else value.partition(":")[0]


@dataclass(frozen=True, slots=True)
class _Said:
    """A hint as it was read: the shortest and the longest wait it may mean, the same for all but dates."""

    low_s: float
    high_s: float
    why: str

    @property
    def dateless(self) -> bool:
        """An HTTP date in an answer that does not say when it was written."""
        return self.low_s == 0 and math.isinf(self.high_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryAfter:
    """How a client reads the server's hint: one header in milliseconds, then one in seconds or as an HTTP date.

    A hint is used when it is above 0; otherwise the default backoff applies.
    """

    #: Seconds.
    ceiling_s: float = math.inf
    #: What becomes of a hint above the ceiling: cut to it, passed over, or taken as a reason to give up at once.
    beyond: Literal["capped", "ignored", "final"] = "capped"
    #: A hint of exactly the ceiling is still used, or is already beyond it.
    at_ceiling: Literal["used", "beyond"] = "used"
    #: Where the default backoff is longer than the ceiling, it is the ceiling instead.
    ceiling_rises: Literal["never", "to the backoff"] = "never"
    #: The hint is the wait, or the least wait: the longer of hint and default backoff counts.
    role: Literal["wait", "floor"] = "wait"
    #: By which share of it, at most, chance lengthens a hint; every wait up to that is as likely as any other.
    jitter_share: float = 0.0
    #: By how many seconds at most a floor may lengthen the default backoff.
    adds_at_most_s: float = math.inf
    #: whole: all of the value must be a number; prefix: a leading number will do ("2 seconds" is 2); integer: all of it
    #: must be a whole number; integer prefix: leading digits will do ("1.5" is 1).
    numbers: Literal["whole", "prefix", "integer", "integer prefix"] = "whole"
    #: Whether an HTTP date is read.
    dates: Literal["read", "ignored"] = "read"
    #: A milliseconds header of 0 ends the search, or leaves it to the one in seconds.
    zero_ms: Literal["hides", "falls through"] = "hides"
    #: A hint of 0 leaves the default backoff, or sends the client back at once.
    zero: Literal["no hint", "at once"] = "no hint"
    #: Names of the headers; "" for a client that looks at none of the kind.
    ms_header: str = "retry-after-ms"
    s_header: str = "retry-after"

    def envelope(self, failure: Failure, default: Envelope) -> Envelope:
        """Return the wait the hint asks for, or `default` where there is none to follow."""
        said = self._hint(failure)
        if said is None:
            return default
        if said.dateless:
            return Envelope(0.0, math.inf, said.why, "unknown")
        over = self._over(said, default)
        if over == "yes" and self.beyond != "capped":
            return default
        found = self._floor(said, default) if self.role == "floor" else self._wait(said, default)
        if over == "perhaps" and self.beyond == "ignored":
            return _either(found, default)
        return found

    def ends(self, failure: Failure) -> Ends:
        """Say whether the hint is one at which the client gives up instead of waiting."""
        said = self._hint(failure)
        if self.beyond != "final" or said is None:
            return "no"
        return "perhaps" if said.dateless else self._over(said, None)

    def why_ended(self, failure: Failure) -> str:
        """Say which hint made the client give up."""
        said = self._hint(failure)
        return "" if said is None else f"{said.why} asks for more than {self.ceiling_s:g} s, the longest it waits"

    def _hint(self, failure: Failure) -> _Said | None:
        said = self._said(failure)
        if said is None or math.isnan(said.high_s):
            return None
        least = said.high_s >= 0 if self.zero == "at once" else said.high_s > 0
        return said if least else None

    def _over(self, said: _Said, default: Envelope | None) -> Ends:
        ceiling = self.ceiling_s
        if default is not None and self.ceiling_rises == "to the backoff":
            ceiling = max(ceiling, default.high_s)
        ends = [at > ceiling or (self.at_ceiling == "beyond" and at == ceiling) for at in (said.low_s, said.high_s)]
        return "yes" if all(ends) else "perhaps" if any(ends) else "no"

    def _wait(self, said: _Said, default: Envelope) -> Envelope:
        if said.low_s < 0:
            # Only a date has two ends. The instant it names may have passed when the client read it, and then
            # the client fell back on its default; the one-second grain of `date` does not tell.
            high = max(self._longest(said.high_s), default.high_s)
            return Envelope(0.0, high, f"{said.why}, or {default.why}", "retry-after")
        low, high = min(said.low_s, self.ceiling_s), self._longest(said.high_s)
        by_chance = said.low_s == said.high_s and low < high
        return Envelope(low, high, f"{said.why}{self._plus}", "retry-after", by_chance)

    def _longest(self, hint_s: float) -> float:
        return min(hint_s, self.ceiling_s) * (1 + self.jitter_share)

    @property
    def _plus(self) -> str:
        return f", plus up to {self.jitter_share:.0%}" if self.jitter_share else ""

    def _floor(self, said: _Said, default: Envelope) -> Envelope:
        low, high = (
            max(of, min(hint, of + self.adds_at_most_s))
            for hint, of in (
                (min(said.low_s, self.ceiling_s), default.low_s),
                (self._longest(said.high_s), default.high_s),
            )
        )
        if (low, high) == (default.low_s, default.high_s):
            return default
        return Envelope(low, high, f"{said.why}, as the least of {default.why}", "retry-after")

    def _said(self, failure: Failure) -> _Said | None:
        millis = self._header(failure, self.ms_header)
        number = self._number(millis)
        if number is not None and (number != 0 or self.zero_ms == "hides"):
            return _Said(number / 1000, number / 1000, f"{self.ms_header}: {millis}")
        value = self._header(failure, self.s_header)
        number = self._number(value)
        if number is not None:
            return _Said(number, number, f"{self.s_header}: {value}")
        return None if value is None or self.dates == "ignored" else _until(value, failure, self.s_header)

    def _header(self, failure: Failure, name: str) -> str | None:
        return failure.header(name) if name else None

    def _number(self, text: str | None) -> float | None:
        if text is None:
            return None
        try:
            return _NUMBERS[self.numbers](text)
        except (ValueError, OverflowError):
            return None


def _prefix(pattern: str) -> Callable[[str], float]:
    def read(text: str) -> float:
        found = re.match(rf"\s*[+-]?{pattern}", text)
        return float(found.group() if found else "")

    return read


_NUMBERS: Mapping[str, Callable[[str], float]] = {
    "whole": float,
    "prefix": _prefix(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?"),
    "integer": lambda text: float(int(text)),
    "integer prefix": _prefix(r"\d+"),
}


def _either(one: Envelope, other: Envelope) -> Envelope:
    low, high = min(one.low_s, other.low_s), max(one.high_s, other.high_s)
    return Envelope(low, high, f"{one.why}, or {other.why}", "retry-after")


def _until(value: str, failure: Failure, header: str) -> _Said | None:
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
        return _Said(0.0, math.inf, f"{header}: {value}, in an answer without a date header")
    wait = float(mktime_tz(until) - mktime_tz(written))
    return _Said(wait - 1 - failure.since_arrival_s, wait - failure.since_head_s, f"{header}: {value}")
