"""What the pacing benchmark measures, without a machine: a paced stream keeps its schedule, timers being late or not."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

from windtunnel_server.journal import Entry
from windtunnel_server.performer import Performance
from windtunnel_server.plan import End, Head, Plan, Send, Wait
from windtunnel_server.wheel import TICK_S, Wheel

GAP_S = 0.0503
TIMER_LATE_S = 0.0004


class Machine:
    """A clock and a loop whose timers all come a little late."""

    start = 0.0

    def __init__(self, late_s: dict[int, float]) -> None:
        self.instant = 100.0
        #: How late the n-th timer comes, where that is later than the rest.
        self.late_s = late_s
        self.rung = 0
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def now(self) -> float:
        return self.instant

    def loop_delay(self, for_s: float) -> float:
        return for_s

    def call_later(self, for_s: float, action: Callable[[], None]) -> None:
        self.timers.append((self.instant + for_s, action))

    def run(self) -> None:
        while self.timers:
            due, action = self.timers.pop(0)
            self.rung += 1
            self.instant = max(self.instant, due + self.late_s.get(self.rung, TIMER_LATE_S))
            action()


class Outlet:
    """Takes all bytes at once; `stalls_s` is how long the client holds up the n-th write."""

    def __init__(self, machine: Machine, stalls_s: dict[int, float]) -> None:
        self.machine, self.stalls_s, self.writes = machine, stalls_s, 0

    def write(self, data: bytes) -> None:
        self.writes += 1

    def ending(self) -> None: ...

    def drained(self, then: Callable[[], None]) -> bool:
        self.machine.instant += self.stalls_s.pop(self.writes, 0.0)
        return True

    def done(self) -> None: ...

    close = reset = done


def sent_at(
    events: int, stalls_s: dict[int, float] | None = None, timer_late_s: dict[int, float] | None = None
) -> list[float]:
    """Perform a paced stream; return when its events left, in seconds from its head."""
    machine: Any = Machine(timer_late_s or {})
    entry = Entry(number=1, provider="", method="", path="")
    plan = Plan((Head(200, (("transfer-encoding", "chunked"),)), *(Wait(GAP_S), Send(b"x", "delta")) * events, End()))
    outlet = Outlet(machine, stalls_s or {})
    Performance(plan, entry, outlet, machine, Wheel(machine, machine), bodiless=False).go()
    machine.run()
    return [step.at - entry.steps[0].at for step in entry.steps if step.event]


def test_late_timers_do_not_add_up_over_a_long_stream() -> None:
    events = 400

    last = sent_at(events)[-1]

    assert 0 <= last - events * GAP_S <= 2 * TICK_S + TIMER_LATE_S


def test_what_the_client_held_up_is_not_sent_in_a_burst_afterwards() -> None:
    at = sent_at(10, stalls_s={4: 5.0})

    gaps = [later - earlier for earlier, later in pairwise(at)]
    assert max(gaps) > 5.0
    assert min(gaps) >= GAP_S - 2 * TICK_S


def test_a_stream_that_is_far_behind_catches_up_but_leaves_no_silence_out() -> None:
    at = sent_at(10, timer_late_s={3: 0.1})

    gaps = [later - earlier for earlier, later in pairwise(at)]
    assert max(gaps) > 0.1
    assert min(gaps) >= GAP_S / 2
    assert at[-1] - 10 * GAP_S <= 2 * TICK_S + TIMER_LATE_S
