from __future__ import annotations

import queue
import sys
import threading
import time
import types
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from windtunnel import Windtunnel, fail
from windtunnel_server.clock import REAL, Party, VirtualClock
from windtunnel_server.inprocess import stillness


def test_a_thread_started_inside_shares_the_clock(tunnel: Windtunnel) -> None:
    readings: list[float] = []

    def work() -> None:
        time.sleep(50)
        readings.append(tunnel.clock.now())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert readings == [50.0]


def test_threads_that_sleep_and_threads_that_wait_for_them_go_on_together(tunnel: Windtunnel) -> None:
    handed, got = queue.Queue[float](), list[float]()

    def producer() -> None:
        for _ in range(5):
            time.sleep(10)
            handed.put(tunnel.clock.now())

    def consumer() -> None:
        got.extend(handed.get() for _ in range(5))

    threads = [threading.Thread(target=producer), threading.Thread(target=consumer)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert got == pytest.approx([10.0, 20.0, 30.0, 40.0, 50.0], abs=1e-5)


def test_a_busy_thread_holds_time_up_even_when_the_others_wait(tunnel: Windtunnel) -> None:
    done_at: list[float] = []
    started = threading.Event()

    def busy() -> None:
        started.set()
        until = REAL.monotonic() + 0.15
        while REAL.monotonic() < until:
            pass
        done_at.append(tunnel.clock.now())

    thread = threading.Thread(target=busy)
    thread.start()
    started.wait()
    time.sleep(1000)
    thread.join()

    assert done_at == [0.0]


def test_time_waits_for_a_thread_that_is_only_being_started(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = VirtualClock()
    readings: list[float] = []
    really_rename = clock.rename

    def rename_late(party: Party, ident: int, native_id: int) -> None:
        if party.name == "late":
            REAL.sleep(0.1)
        really_rename(party, ident, native_id)

    monkeypatch.setattr(clock, "rename", rename_late)
    with Windtunnel(clock=clock):
        sleeper = threading.Thread(target=time.sleep, args=(1000,))
        late = threading.Thread(target=lambda: readings.append(clock.now()), name="late")
        sleeper.start()
        late.start()
        late.join()
        sleeper.join()

    assert readings == [0.0]


def test_a_pool_of_calls_meets_its_failures_in_simulated_time(tunnel: Windtunnel, call: Callable[..., int]) -> None:
    tunnel.script(fail("stall_before_headers", for_s=30, times=12))

    with ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(lambda _: call(tunnel.url), range(12)))

    assert statuses == [200] * 12
    assert tunnel.clock.now() == pytest.approx(30.0, abs=1e-4)


def test_a_thread_older_than_the_tunnel_has_its_own_time() -> None:
    slept: list[float] = []
    go = threading.Event()

    def outsider() -> None:
        go.wait()
        began = REAL.monotonic()
        time.sleep(0.05)
        slept.append(REAL.monotonic() - began)

    thread = threading.Thread(target=outsider)
    thread.start()
    with Windtunnel() as tunnel:
        go.set()
        thread.join()

        assert tunnel.clock.now() == 0.0
    assert 0.05 <= slept[0] < 5.0


def test_sleeping_less_than_nothing_is_an_error_as_ever(tunnel: Windtunnel) -> None:
    with pytest.raises(ValueError, match="non-negative"):
        time.sleep(-1)


def test_a_module_that_imported_sleep_by_name_sleeps_on_the_clock_too(monkeypatch: pytest.MonkeyPatch) -> None:
    module = types.ModuleType("windtunnel_test_from_time_import_sleep")
    vars(module)["sleep"] = REAL.sleep
    monkeypatch.setitem(sys.modules, module.__name__, module)

    with Windtunnel() as tunnel:
        vars(module)["sleep"](77)

        assert tunnel.clock.now() == 77.0
    assert vars(module)["sleep"] is REAL.sleep


def test_without_a_kernel_that_tells_time_still_gets_past_a_blocked_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stillness, "_TASKS", Path("/nowhere"))
    with Windtunnel() as tunnel:
        sleeper = threading.Thread(target=time.sleep, args=(1000,))
        sleeper.start()
        sleeper.join()

        assert tunnel.clock.now() == 1000.0
