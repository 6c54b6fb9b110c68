"""The load of the service, and the calls it sheds when that is too high: 529 (what makes the real one shed is unverified)."""

from __future__ import annotations

from collections import deque
from random import Random
from typing import Final
from weakref import WeakSet

from windtunnel_server.settings import Overload

_SECOND_S: Final = 1.0


class UnderWay:
    """A call that has been let in and has not ended; one that nobody holds any more has."""

    __slots__ = ("__weakref__",)


class Crowd:
    """The calls under way."""

    def __init__(self) -> None:
        self._calls: WeakSet[UnderWay] = WeakSet()

    def __len__(self) -> int:
        return len(self._calls)

    def let_in(self) -> UnderWay:
        call = UnderWay()
        self._calls.add(call)
        return call

    def over(self, call: UnderWay) -> None:
        self._calls.discard(call)


class Load:
    """Says which calls are shed. Instants are seconds on the clock; the same seed sheds the same calls."""

    def __init__(self, overload: Overload, *, seed: int) -> None:
        self._overload = overload
        self._random = Random(f"overload {seed}")
        #: When the calls of the last second came.
        self._came: deque[float] = deque()

    def sheds(self, under_way: int, at: float) -> bool:
        """Count a call that comes, and say whether it is turned away."""
        while self._came and self._came[0] <= at - _SECOND_S:
            self._came.popleft()
        self._came.append(at)
        return self._is_too_high(under_way) and self._random.random() < self._overload.share

    def _is_too_high(self, under_way: int) -> bool:
        most, rate = self._overload.concurrent, self._overload.requests_per_second
        return (most is not None and under_way >= most) or (rate is not None and len(self._came) > rate)
