"""Many timers on one."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from typing import Any

import pytest

from windtunnel_server.clock import ScaledClock, VirtualClock
from windtunnel_server.wheel import TICK_S, Wheel


class HandClock:
    """A clock like the real one, moved by hand."""

    start = 0.0

    def __init__(self) -> None:
        self.at = 0.0

    def now(self) -> float:
        return self.at

    def loop_delay(self, for_s: float) -> float:
        return for_s


class HandLoop:
    """An event loop that keeps the timers it was asked for, and runs them when told."""

    def __init__(self) -> None:
        self.asked: list[tuple[float, Callable[[], None]]] = []
        self.cancelled = 0
        self.told: list[object] = []

    def call_exception_handler(self, context: dict[str, object]) -> None:
        self.told.append(context["exception"])

    def call_later(self, delay: float, action: Callable[[], None]) -> Any:
        self.asked.append((delay, action))
        return self

    def cancel(self) -> None:
        self.cancelled += 1

    def run_last(self) -> None:
        self.asked[-1][1]()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def loop() -> HandLoop:
    return HandLoop()


@pytest.fixture
def wheel(clock: HandClock, loop: HandLoop) -> Wheel:
    return Wheel(clock, loop)  # type: ignore[arg-type]


def test_a_thousand_timers_of_one_tick_are_one_timer_of_the_loop(
    wheel: Wheel, clock: HandClock, loop: HandLoop
) -> None:
    done: list[int] = []
    for number in range(1000):
        clock.at = 1.0 + number * TICK_S / 2000
        wheel.after(0.5 + TICK_S / 4, lambda number=number: done.append(number))  # type: ignore[misc]

    clock.at = 1.5 + TICK_S
    loop.run_last()

    assert len(loop.asked) == 1
    assert done == list(range(1000))


def test_a_timer_never_comes_early_and_at_most_a_tick_late(wheel: Wheel, clock: HandClock, loop: HandLoop) -> None:
    clock.at = 10.0003

    wheel.after(0.1, lambda: None)

    (delay, _), *_ = loop.asked
    assert 0.1 <= delay <= 0.1 + TICK_S


def test_an_earlier_timer_takes_the_place_of_a_later_one(wheel: Wheel, clock: HandClock, loop: HandLoop) -> None:
    done: list[str] = []
    wheel.after(5, lambda: done.append("late"))
    wheel.after(1, lambda: done.append("early"))

    clock.at = 1.0
    loop.run_last()

    assert loop.cancelled == 1
    assert done == ["early"]
    assert loop.asked[-1][0] == pytest.approx(4.0)


def test_a_later_timer_leaves_the_loop_alone(wheel: Wheel, loop: HandLoop) -> None:
    wheel.after(1, lambda: None)
    wheel.after(5, lambda: None)

    assert len(loop.asked) == 1


def test_a_cancelled_timer_does_nothing(wheel: Wheel, clock: HandClock, loop: HandLoop) -> None:
    done: list[str] = []
    timer = wheel.after(1, lambda: done.append("cancelled"))
    wheel.after(1, lambda: done.append("kept"))

    timer.cancel()
    clock.at = 1.0
    loop.run_last()

    assert done == ["kept"]


def test_a_timer_may_cancel_its_neighbour_of_the_same_tick(wheel: Wheel, clock: HandClock, loop: HandLoop) -> None:
    done: list[str] = []
    wheel.after(1, lambda: second.cancel())
    second = wheel.after(1, lambda: done.append("second"))

    clock.at = 1.0
    loop.run_last()

    assert done == []


def test_infinity_asks_nothing_of_the_loop(wheel: Wheel, loop: HandLoop) -> None:
    wheel.after(math.inf, lambda: None).cancel()

    assert loop.asked == []


def test_a_timer_may_set_the_next_one(wheel: Wheel, clock: HandClock, loop: HandLoop) -> None:
    done: list[float] = []

    def again() -> None:
        done.append(clock.at)
        if len(done) < 3:
            wheel.after(1, again)

    wheel.after(1, again)
    for at in (1.0, 2.0, 3.0):
        clock.at = at
        loop.run_last()

    assert done == [1.0, 2.0, 3.0]


def test_a_timer_that_fails_takes_no_other_with_it(wheel: Wheel, clock: HandClock, loop: HandLoop) -> None:
    done: list[str] = []
    wheel.after(1, lambda: 1 / 0 and None)
    wheel.after(1, lambda: done.append("neighbour"))
    wheel.after(2, lambda: done.append("later"))

    clock.at = 1.0
    loop.run_last()
    clock.at = 2.0
    loop.run_last()

    assert done == ["neighbour", "later"]
    assert [type(error) for error in loop.told] == [ZeroDivisionError]


def test_virtual_instants_are_exact() -> None:
    virtual, loop = VirtualClock(), HandLoop()
    wheel = Wheel(virtual, loop)  # type: ignore[arg-type]
    done: list[float] = []
    for for_s in (0.3, 0.1, 0.1000001, 1e-6):
        wheel.after(for_s, lambda for_s=for_s: done.append(for_s))  # type: ignore[misc]

    assert loop.asked[-1][0] == 1e-6
    virtual.advance(0.1)
    loop.run_last()

    # What lies within the clock's own grain is due too.
    assert done == [1e-6, 0.1, 0.1000001]
    assert loop.asked[-1][0] == pytest.approx(0.2)


def test_a_scaled_clock_waits_for_a_share_of_the_time() -> None:
    scaled, loop = ScaledClock(speed=100.0), HandLoop()

    Wheel(scaled, loop).after(50, lambda: None)  # type: ignore[arg-type]

    assert loop.asked[0][0] == pytest.approx(0.5, abs=0.05)


def test_it_keeps_real_time_on_a_real_loop() -> None:
    from windtunnel_server.clock import RealClock

    async def waited() -> list[float]:
        clock, over, at = RealClock(), asyncio.Event(), []
        wheel = Wheel(clock, asyncio.get_running_loop())
        wheel.after(0.03, lambda: at.append(clock.now()))
        wheel.after(0.06, lambda: at.append(clock.now()))
        wheel.after(0.06, over.set)
        await asyncio.wait_for(over.wait(), 5)
        return at

    first, second = asyncio.run(waited())

    assert 0.03 <= first < 1.0
    assert max(first, 0.06) <= second < 1.0
