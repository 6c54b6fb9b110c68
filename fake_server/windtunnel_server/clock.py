"""Time as an object: real, scaled, or virtual.

    a clock counts seconds from 0, at its start
    wall time is the clock's start (POSIX seconds) plus that count
    a virtual clock moves only when every party to it is parked and nothing is on its way to one of them
    it then moves to the earliest instant somebody waits for, and wakes that one party

A party is a thread that takes part in virtual time: the client's, the server's. It is parked while it sleeps, waits
for a socket or idles in its event loop (`inprocess/` does the parking). One party is woken at a time, clients before
servers, so a run on a virtual clock has one order of events.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

#: Where virtual time starts unless told otherwise: 2026-11-02 09:00:00 UTC. Fixed, so that a seed repeats a run exactly.
VIRTUAL_START = 1793610000.0


class _Real:
    # Kept on a class: a library that freezes time replaces such functions wherever it finds them in a module.
    wall = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)


#: The machine's own time, whatever a test has done to the `time` module since.
REAL = _Real


_LONG_S = 3600.0


class Clock(Protocol):
    """What the server, the drivers and the journal ask the time of."""

    #: POSIX seconds at the clock's 0.
    start: float

    def now(self) -> float:
        """Seconds since the clock's start."""
        ...

    def wall(self) -> float:
        """POSIX seconds: start plus now."""
        ...

    def sleep(self, for_s: float) -> None:
        """Block this thread for `for_s` seconds on this clock."""
        ...

    def loop_delay(self, for_s: float) -> float:
        """Seconds an event loop has to wait for `for_s` seconds to pass on this clock."""
        ...


def _sleep(for_s: float) -> None:
    while for_s > _LONG_S:  # the platform's sleep has a limit; for ever is longer
        REAL.sleep(_LONG_S)
        for_s -= _LONG_S
    REAL.sleep(max(for_s, 0.0))


class RealClock:
    """The machine's time."""

    def __init__(self) -> None:
        self.start = REAL.wall()
        self._zero = REAL.monotonic()

    def now(self) -> float:
        return REAL.monotonic() - self._zero

    def wall(self) -> float:
        return self.start + self.now()

    def sleep(self, for_s: float) -> None:
        _sleep(for_s)

    def loop_delay(self, for_s: float) -> float:
        return for_s


class ScaledClock:
    """The machine's time, `speed` times as fast: for a client in another process that runs as fast."""

    def __init__(self, speed: float) -> None:
        if not (speed > 0 and math.isfinite(speed)):
            raise ValueError(f"speed must be above 0 and finite, not {speed!r}")
        self.speed = speed
        self.start = REAL.wall()
        self._zero = REAL.monotonic()

    def now(self) -> float:
        return (REAL.monotonic() - self._zero) * self.speed

    def wall(self) -> float:
        return self.start + self.now()

    def sleep(self, for_s: float) -> None:
        _sleep(for_s / self.speed)

    def loop_delay(self, for_s: float) -> float:
        return for_s / self.speed


class VirtualTimeError(BaseException):
    """Virtual time cannot go on as the test has set it up.

    No `Exception`: a client's own error handling would catch that, retry, and show it as a connection error.
    """


class ClockStuckError(VirtualTimeError):
    """Every party to a virtual clock waits, and none of them for an instant: the run would hang for ever."""


@dataclass(slots=True, eq=False)
class Party:
    """A thread that takes part in virtual time."""

    name: str
    ident: int
    #: As the kernel knows the thread; 0 while it is being started.
    native_id: int = 0
    #: Servers are woken after clients that wait for the same instant: a client set its timer first.
    is_server: bool = False
    parked: bool = False
    #: The instant it waits for; None: for no instant.
    deadline: float | None = None
    #: True once the clock woke it because its instant came.
    due: bool = False
    stuck: bool = False
    #: Something is on its way to it: it will wake by itself.
    expects: Callable[[], bool] = field(default=lambda: False)
    wake: Callable[[], None] = field(default=lambda: None)
    #: It also waits for something this process cannot see (a foreign socket): give that a moment of real time.
    has_foreign: bool = False
    #: Its thread is at work on the clock, or waits for the clock's lock: not blocked, whatever the kernel shows.
    at_clock: int = 0
    #: CPU time (ns) at which it was last judged to be blocked outside our sight; None: not judged.
    still_at: int | None = None


class VirtualClock:
    """Time that moves only when everyone waits."""

    #: The least a deadline lies ahead. Sums of floats may fall short of a timer by a rounding error; this gets past it.
    GRAIN_S = 1e-7

    def __init__(self, start: float = VIRTUAL_START) -> None:
        self.start = start
        self._now = 0.0
        self.lock = threading.RLock()
        self._parties: dict[int, Party] = {}
        self._on_move: list[Callable[[float], None]] = []
        #: Asked whether unparked parties are blocked where we cannot see it (`inprocess/stillness.py`).
        self.look_again: Callable[[], None] = lambda: None
        self.is_still: Callable[[Party], bool] = lambda party: False

    def now(self) -> float:
        return self._now

    def wall(self) -> float:
        return self.start + self._now

    def loop_delay(self, for_s: float) -> float:
        return for_s

    def sleep(self, for_s: float) -> None:
        party = self._parties.get(threading.get_ident())
        if party is None:
            raise RuntimeError(
                f"{threading.current_thread().name} is no party to this virtual clock, so it cannot sleep on it; "
                "start the thread inside the tunnel"
            )
        if for_s <= 0:
            return
        woken = threading.Event()
        self.park(party, self._now + for_s, expects=lambda: False, wake=woken.set)
        try:
            woken.wait()
        finally:
            self.unpark(party)
        if party.stuck:
            raise stuck_error(self)

    def advance(self, by_s: float) -> None:
        """Move time by hand, as if everyone had waited `by_s` seconds with nothing falling due in between."""
        if by_s < 0:
            raise ValueError(f"time does not run backwards: {by_s!r}")
        with self._at_clock():
            self._move(self._now + by_s)

    @contextmanager
    def _at_clock(self) -> Iterator[None]:
        """Hold the lock. Who holds it may count as parked already, so who waits for it must not count as blocked."""
        party = self._parties.get(threading.get_ident())
        if party is not None:
            party.at_clock += 1
        try:
            with self.lock:
                yield
        finally:
            if party is not None:
                party.at_clock -= 1

    def on_move(self, told: Callable[[float], None]) -> None:
        """Call `told(now)` at every move, under the clock's lock."""
        self._on_move.append(told)

    def join(self, party: Party) -> None:
        with self._at_clock():
            self._parties[party.ident] = party

    def leave(self, party: Party) -> None:
        with self._at_clock():
            if self._parties.get(party.ident) is party:
                del self._parties[party.ident]
            self.try_move()

    def rename(self, party: Party, ident: int, native_id: int) -> None:
        """Say which thread a party has become, once it runs."""
        with self._at_clock():
            self._parties.pop(party.ident, None)
            party.ident, party.native_id = ident, native_id
            self._parties[ident] = party

    def party(self, ident: int) -> Party | None:
        return self._parties.get(ident)

    @property
    def parties(self) -> list[Party]:
        return list(self._parties.values())

    def park(
        self, party: Party, deadline: float | None, *, expects: Callable[[], bool], wake: Callable[[], None]
    ) -> None:
        """Say that `party` waits until `deadline` (None: for no instant) or for what `expects` tells of."""
        with self._at_clock():
            if deadline is not None:
                deadline = max(deadline, self._now + self.GRAIN_S) if deadline != math.inf else None
            party.deadline, party.expects, party.wake = deadline, expects, wake
            party.due = party.stuck = False
            party.parked = True
            self.try_move()

    def unpark(self, party: Party) -> None:
        with self._at_clock():
            party.parked = False
            party.deadline = None
            # It may never park again: it may end, or be blocked where we cannot see it, while others wait.
            if any(other.parked and other.deadline is not None for other in self._parties.values()):
                self.look_again()

    def try_move(self, *, patient: bool = False) -> bool:
        """Move to the next instant somebody waits for, if nobody is busy. True when time moved.

        `patient`: real time was given for what this process cannot see.
        """
        with self.lock:
            waiting = [party for party in self._parties.values() if party.parked]
            if not waiting or any(party.expects() for party in waiting):
                return False
            unseen = [p for p in self._parties.values() if not p.parked and (p.at_clock or not self.is_still(p))]
            if unseen or (not patient and any(party.has_foreign for party in waiting)):
                self.look_again()
                return False
            timed = [party for party in waiting if party.deadline is not None]
            if not timed:
                self._report_stuck(waiting)
                return False
            first = min(timed, key=lambda party: (party.deadline, party.is_server))
            assert first.deadline is not None
            self._move(max(self._now, first.deadline))
            first.parked, first.due = False, True
            first.wake()
            return True

    def _move(self, to: float) -> None:
        self._now = to
        for told in self._on_move:
            told(to)

    def _report_stuck(self, waiting: list[Party]) -> None:
        if len(waiting) < len(self._parties) or any(party.has_foreign for party in waiting):
            return
        for party in waiting:
            if not party.is_server:
                party.parked, party.stuck = False, True
                party.wake()


def stuck_error(clock: VirtualClock) -> ClockStuckError:
    """Say who waits for what."""
    names = ", ".join(party.name for party in clock.parties) or "nobody"
    return ClockStuckError(
        f"at {clock.now():.3f} s every party ({names}) waits for ever and no time-out is set, so virtual time cannot "
        "move. Give the client a time-out, or the stall an end (for_s=…)."
    )
