from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from windtunnel import Windtunnel, fail
from windtunnel_server.clock import REAL


def test_every_kind_of_sleep_and_every_date_agree_with_the_clock(tunnel: Windtunnel) -> None:
    readings: list[tuple[float, ...]] = []

    def read() -> None:
        loop = asyncio.get_running_loop()
        readings.append(
            (
                tunnel.clock.now(),
                time.time(),
                time.monotonic(),
                time.perf_counter(),
                datetime.datetime.now(datetime.UTC).timestamp(),
                loop.time(),
            )
        )

    async def sleep_in_every_way() -> None:
        read()
        await asyncio.sleep(100)
        read()
        await anyio.sleep(20)
        read()
        time.sleep(3)
        read()
        asyncio.get_running_loop().call_later(0.4, read)
        await asyncio.sleep(0.5)

    asyncio.run(sleep_in_every_way())

    first = readings[0]
    for expected, reading in zip([0.0, 100.0, 120.0, 123.0, 123.4], readings, strict=True):
        assert [now - then for now, then in zip(reading, first, strict=True)] == pytest.approx([expected] * 6, abs=1e-5)


def test_a_timer_that_others_outrun_fires_in_its_place(tunnel: Windtunnel) -> None:
    seen: list[tuple[str, float]] = []

    async def sleeper(name: str, for_s: float) -> None:
        await asyncio.sleep(for_s)
        seen.append((name, round(tunnel.clock.now(), 5)))

    async def all_of_them() -> None:
        await asyncio.gather(sleeper("c", 3600), sleeper("a", 0.001), sleeper("b", 60))

    asyncio.run(all_of_them())

    assert seen == [("a", 0.001), ("b", 60.0), ("c", 3600.0)]


def test_a_timeout_around_a_call_fires_when_the_clock_says(tunnel: Windtunnel, acall: Callable[..., Any]) -> None:
    tunnel.script(fail("stall_before_headers", for_s=100))

    async def impatient() -> None:
        async with asyncio.timeout(30):
            await acall(tunnel.url)

    with pytest.raises(TimeoutError):
        asyncio.run(impatient())

    assert tunnel.clock.now() == pytest.approx(30.0, abs=1e-5)


def test_bytes_in_flight_are_no_reason_to_time_out(tunnel: Windtunnel, acall: Callable[..., Any]) -> None:
    async def many() -> list[int]:
        async with asyncio.timeout(0.001):
            return list(await asyncio.gather(*(acall(tunnel.url) for _ in range(40))))

    assert asyncio.run(many()) == [200] * 40
    assert tunnel.clock.now() == 0.0


def test_work_in_another_thread_is_waited_for(tunnel: Windtunnel) -> None:
    def work() -> float:
        sum(number * number for number in range(500_000))
        return tunnel.clock.now()

    async def beside_a_timer() -> float:
        timer = asyncio.create_task(asyncio.sleep(1000))
        at = await asyncio.to_thread(work)
        timer.cancel()
        return at

    assert asyncio.run(beside_a_timer()) == 0.0
    assert tunnel.clock.now() < 1000.0


def test_a_loop_older_than_the_tunnel_keeps_its_place() -> None:
    async def enter_late() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        before = loop.time()
        async with Windtunnel() as tunnel:
            entered = loop.time()
            await asyncio.sleep(500)
            return entered - before, tunnel.clock.now()

    stepped, slept = asyncio.run(enter_late())

    assert 0.0 <= stepped < 10.0
    assert slept == pytest.approx(500.0, abs=1e-5)


def test_outside_the_tunnel_time_is_real_again() -> None:
    with Windtunnel():
        time.sleep(1000)

    began = REAL.monotonic()
    time.sleep(0.01)
    asyncio.run(asyncio.sleep(0.01))

    assert 0.02 <= REAL.monotonic() - began < 10.0
    assert time.time() == pytest.approx(REAL.wall(), abs=5.0)
    assert datetime.datetime.now().timestamp() == pytest.approx(REAL.wall(), abs=5.0)


def test_dates_stay_real_where_that_is_asked_for() -> None:
    with Windtunnel(dates=False) as tunnel:
        time.sleep(100_000)

        assert tunnel.clock.now() == 100_000.0
        assert time.time() == pytest.approx(REAL.wall(), abs=5.0)


def test_nobody_gets_stuck_a_hair_before_an_instant(tunnel: Windtunnel) -> None:
    """Sleeping until an instant of the clock ends, though the loop's own time is a coarser number."""

    async def sleep_until(instant: float) -> int:
        naps = 0
        while tunnel.clock.now() < instant:
            await asyncio.sleep(instant - tunnel.clock.now())
            naps += 1
            if naps > 100:
                pytest.fail(f"still {instant - tunnel.clock.now()} s before {instant} after {naps} naps")
        return naps

    async def many() -> list[int]:
        return [await sleep_until(number * 60.1) for number in range(1, 200)]

    assert max(asyncio.run(many())) <= 2
