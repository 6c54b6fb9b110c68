"""Token buckets: a limit for a period, refilled evenly on the clock (wire.md 3.2). Instants are seconds on that clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

MINUTE_S: Final = 60.0
HOUR_S: Final = 3600.0
#: Sums of floats may fall short of a whole token, or a whole second, by a rounding error; this gets past it.
GRAIN: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one limit stands: what its period allows, what is left, and the seconds until it is whole again."""

    limit: int
    remaining: int
    whole_in_s: float


class Bucket:
    """A limit for a period of so many seconds. It holds a period's worth, and starts full. A limit of 0 never fills."""

    __slots__ = ("_at", "_level", "_period_s", "limit")

    def __init__(self, limit: int, at: float, period_s: float = MINUTE_S) -> None:
        self.limit = limit
        self._level, self._at, self._period_s = float(limit), at, period_s

    def level(self, at: float) -> float:
        """What is in it; below 0 where an answer took more than there was."""
        if at > self._at:
            self._level = min(self._level + (at - self._at) * self.limit / self._period_s, float(self.limit))
            self._at = at
        return self._level

    def take(self, amount: int, at: float) -> None:
        self._level = self.level(at) - amount

    def wait_s(self, amount: int, at: float) -> float:
        """Seconds until `amount` is there; for more than ever fits, until the bucket is full."""
        short = min(amount, self.limit) - self.level(at)
        return short * self._period_s / self.limit if short > GRAIN and self.limit else 0.0

    def standing(self, at: float) -> Standing:
        left = math.floor(self.level(at) + GRAIN)
        return Standing(self.limit, max(left, 0), self.wait_s(self.limit, at))
