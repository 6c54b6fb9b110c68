"""The acceleration limit: how fast the use of input tokens may grow, by the minutes of the wall clock.

Built from the API's own words (wire.md 6.3): a current limit, and what it will be at the next minute boundary. A minute
allows what the one before it used and the growth besides; after a minute that was too small for somebody, what that
allowed and the growth; after an idle one, what it allowed at first. Unverified: all of it but the words.
"""

from __future__ import annotations

from typing import Final

from windtunnel_server.model.buckets import GRAIN, MINUTE_S
from windtunnel_server.settings import Acceleration


class Ramp:
    """The limit of one model class. `start`: POSIX seconds at the clock's 0; other instants are seconds on the clock."""

    def __init__(self, acceleration: Acceleration, start: float) -> None:
        self._first: Final = acceleration.input_tokens_per_minute
        self._growth: Final = acceleration.growth
        self._start = start
        self._minute = 0
        self._current, self._used, self._was_hit = self._first, 0, False

    def fits(self, tokens: int, at: float) -> bool:
        """Tell whether the minute has room; a call that does not fit makes the next one larger."""
        self._turn(at)
        fits = self._used + tokens <= self._current
        self._was_hit = self._was_hit or not fits
        return fits

    def take(self, tokens: int, at: float) -> None:
        self._turn(at)
        self._used += tokens

    def current(self, at: float) -> int:
        """What this minute allows."""
        self._turn(at)
        return self._current

    def following(self, at: float) -> int:
        """What the next minute will allow, if nothing more comes in this one."""
        self._turn(at)
        return self._next()

    def wait_s(self, at: float) -> float:
        """Seconds to the next minute boundary."""
        return (self._minute_of(at) + 1) * MINUTE_S - (self._start + at)

    def _turn(self, at: float) -> None:
        minute = self._minute_of(at)
        if minute > self._minute:
            self._current = self._next() if minute == self._minute + 1 else self._first
            self._minute, self._used, self._was_hit = minute, 0, False

    def _next(self) -> int:
        if self._was_hit:
            return self._current + self._growth
        return max(self._first, self._used + self._growth) if self._used else self._first

    def _minute_of(self, at: float) -> int:
        return int((self._start + at + GRAIN) // MINUTE_S)
