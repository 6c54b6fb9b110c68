"""Many timers on one: paced streams share a wheel, so a thousand of them cost the loop one timer, not a thousand.

On the real clock instants are rounded up to a tick, and everything that falls into one tick is done in one go. On a
virtual clock there is no rounding: instants are exact.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import math
from collections.abc import Callable

from windtunnel_server.clock import Clock, VirtualClock

#: Long enough to gather neighbours, short enough not to be noticed beside a network.
TICK_S = 0.002


class Timer:
    """A callback to come. Cancelling it costs nothing; the wheel drops it when its tick comes."""

    __slots__ = ("action",)

    def __init__(self, action: Callable[[], None] | None) -> None:
        self.action = action

    def cancel(self) -> None:
        self.action = None


class Wheel:
    """Callbacks at instants of a clock, on one event loop."""

    def __init__(self, clock: Clock, loop: asyncio.AbstractEventLoop) -> None:
        self._clock = clock
        self._loop = loop
        #: How late a callback may be, by rounding; 0 on a virtual clock.
        self.tick_s = 0.0 if isinstance(clock, VirtualClock) else TICK_S
        self._ticks: list[tuple[float, int]] = []
        self._due_at: dict[float, list[Timer]] = {}
        self._order = itertools.count()
        self._armed: asyncio.TimerHandle | None = None
        self._armed_for = math.inf

    def after(self, for_s: float, action: Callable[[], None]) -> Timer:
        """Call `action` once `for_s` seconds have passed on the clock; never, for infinity."""
        return self.at(self._clock.now() + for_s, action)

    def at(self, instant: float, action: Callable[[], None]) -> Timer:
        """Call `action` once the clock reads `instant`, or at the end of its tick; never, for infinity."""
        timer = Timer(action)
        if instant == math.inf:
            return timer
        at = instant
        if self.tick_s:
            at = math.ceil(at / self.tick_s) * self.tick_s
        if at not in self._due_at:
            self._due_at[at] = []
            heapq.heappush(self._ticks, (at, next(self._order)))
        self._due_at[at].append(timer)
        self._arm()
        return timer

    def _arm(self) -> None:
        if not self._ticks or self._ticks[0][0] >= self._armed_for:
            return
        if self._armed is not None:
            self._armed.cancel()
        self._armed_for = self._ticks[0][0]
        delay = self._clock.loop_delay(self._armed_for - self._clock.now())
        self._armed = self._loop.call_later(max(delay, 0.0), self._turn)

    def _do(self, action: Callable[[], None]) -> None:
        """Do it; one that fails is told to the loop, and its neighbours come all the same."""
        try:
            action()
        except Exception as error:
            self._loop.call_exception_handler({"message": "a timer of the wheel failed", "exception": error})

    def _turn(self) -> None:
        self._armed, self._armed_for = None, math.inf
        # A loop's timer may come a hair early by its own clock's grain; what is that near is due.
        now = self._clock.now() + VirtualClock.GRAIN_S
        while self._ticks and self._ticks[0][0] <= now:
            at, _ = heapq.heappop(self._ticks)
            for timer in self._due_at.pop(at):
                action, timer.action = timer.action, None
                if action is not None:
                    self._do(action)
        self._arm()
