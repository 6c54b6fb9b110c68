from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from windtunnel_server.clock import REAL, Party, RealClock, ScaledClock, VirtualClock, stuck_error


@dataclass
class Waiter:
    """A party without a thread: what the clock does to it can be looked at."""

    clock: VirtualClock
    name: str
    number: int
    is_server: bool = False
    on_its_way: bool = False
    woken_at: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.party = Party(self.name, self.number, is_server=self.is_server)
        self.clock.join(self.party)

    def wait(self, until: float | None) -> Waiter:
        self.clock.park(
            self.party, until, expects=lambda: self.on_its_way, wake=lambda: self.woken_at.append(self.clock.now())
        )
        return self


def waiters(clock: VirtualClock, *names: str) -> list[Waiter]:
    return [Waiter(clock, name, number, is_server=name == "server") for number, name in enumerate(names, 1)]


def test_time_stands_still_while_anybody_is_busy() -> None:
    clock = VirtualClock()
    one, _ = waiters(clock, "one", "two")

    one.wait(5.0)

    assert clock.now() == 0.0
    assert one.woken_at == []


def test_time_jumps_to_the_earliest_instant_once_everyone_waits() -> None:
    clock = VirtualClock()
    one, two = waiters(clock, "one", "two")

    one.wait(300.0)
    two.wait(7.25)

    assert clock.now() == 7.25
    assert (one.woken_at, two.woken_at) == ([], [7.25])


def test_only_one_party_is_woken_for_an_instant_clients_first() -> None:
    clock = VirtualClock()
    server, client = waiters(clock, "server", "client")

    server.wait(600.0)
    client.wait(600.0)

    assert (client.woken_at, server.woken_at) == ([600.0], [])
    assert client.party.due and not server.party.due


def test_the_next_party_gets_its_turn_when_the_first_waits_again() -> None:
    clock = VirtualClock()
    server, client = waiters(clock, "server", "client")
    server.wait(600.0)
    client.wait(600.0)

    client.wait(900.0)

    assert server.woken_at == [600.0]
    assert clock.now() == 600.0


def test_time_stands_still_while_something_is_on_its_way_to_a_waiter() -> None:
    clock = VirtualClock()
    client, server = waiters(clock, "client", "server")
    client.on_its_way = True

    client.wait(600.0)
    server.wait(1.0)

    assert clock.now() == 0.0


def test_a_party_that_leaves_no_longer_holds_time_up() -> None:
    clock = VirtualClock()
    one, two = waiters(clock, "one", "two")
    one.wait(3.0)

    clock.leave(two.party)

    assert clock.now() == 3.0


def test_a_deadline_in_the_past_still_moves_time_a_grain() -> None:
    clock = VirtualClock()
    (one,) = waiters(clock, "one")

    one.wait(-5.0)

    assert clock.now() == VirtualClock.GRAIN_S


def test_waiting_for_ever_is_no_deadline() -> None:
    clock = VirtualClock()
    one, two = waiters(clock, "one", "two")

    one.wait(math.inf)
    two.wait(2.0)

    assert clock.now() == 2.0
    assert one.woken_at == []


def test_when_everyone_waits_for_ever_the_clients_are_told_that_time_is_stuck() -> None:
    clock = VirtualClock()
    server, client = waiters(clock, "server", "client")

    server.wait(None)
    client.wait(None)

    assert client.party.stuck and not server.party.stuck
    assert "client" in str(stuck_error(clock)) and "time-out" in str(stuck_error(clock))


def test_a_loop_with_a_foreign_socket_is_given_real_time_first() -> None:
    clock = VirtualClock()
    asked: list[float] = []
    clock.look_again = lambda: asked.append(clock.now())
    (one,) = waiters(clock, "one")
    one.party.has_foreign = True

    one.wait(5.0)

    assert clock.now() == 0.0 and asked
    assert clock.try_move(patient=True)
    assert clock.now() == 5.0


def test_a_busy_party_known_to_be_blocked_does_not_hold_time_up() -> None:
    clock = VirtualClock()
    clock.is_still = lambda party: party.name == "joiner"
    _, sleeper = waiters(clock, "joiner", "sleeper")

    sleeper.wait(4.0)

    assert clock.now() == 4.0


def test_a_party_that_waits_for_the_clock_itself_holds_time_up_however_still_it_looks() -> None:
    clock = VirtualClock()
    clock.is_still = lambda party: True
    busy, sleeper = waiters(clock, "busy", "sleeper")
    busy.party.at_clock = 1

    sleeper.wait(4.0)

    assert clock.now() == 0.0


def test_who_waits_for_the_clocks_lock_is_known_to() -> None:
    clock, party = VirtualClock(), Party("client", 0)
    inside, looked = threading.Event(), threading.Event()

    def client() -> None:
        party.ident = threading.get_ident()
        clock.join(party)
        inside.set()
        looked.wait()
        clock.unpark(party)

    thread = threading.Thread(target=client)
    thread.start()
    inside.wait()
    with clock.lock:
        before = party.at_clock
        looked.set()
        until = REAL.monotonic() + 30
        while not party.at_clock and REAL.monotonic() < until:
            REAL.sleep(0.001)
        during = party.at_clock
    thread.join()

    assert (before, during, party.at_clock) == (0, 1, 0)


def test_a_party_that_wakes_while_others_wait_is_looked_at_again() -> None:
    clock = VirtualClock()
    asked: list[bool] = []
    one, two = waiters(clock, "one", "two")
    one.wait(10.0)
    two.wait(5.0)
    clock.look_again = lambda: asked.append(True)

    clock.unpark(two.party)

    assert asked


def test_moves_are_told_and_wall_time_follows() -> None:
    clock = VirtualClock(start=1_000.0)
    told: list[float] = []
    clock.on_move(told.append)
    (one,) = waiters(clock, "one")

    one.wait(2.5)
    clock.advance(0.5)

    assert told == [2.5, 3.0]
    assert clock.wall() == 1_003.0


def test_time_does_not_run_backwards() -> None:
    with pytest.raises(ValueError, match="backwards"):
        VirtualClock().advance(-1.0)


def test_a_thread_that_is_no_party_cannot_sleep_on_a_virtual_clock() -> None:
    with pytest.raises(RuntimeError, match="no party to this virtual clock"):
        VirtualClock().sleep(1.0)


def test_a_scaled_clock_runs_so_many_times_as_fast() -> None:
    clock = ScaledClock(1000.0)
    began_real, began = REAL.monotonic(), clock.now()

    clock.sleep(20.0)

    passed, passed_real = clock.now() - began, REAL.monotonic() - began_real
    assert passed >= 20.0
    assert passed == pytest.approx(passed_real * 1000.0, rel=0.2)
    assert clock.loop_delay(20.0) == 0.02


@pytest.mark.parametrize("speed", [0.0, -1.0, math.inf, math.nan])
def test_a_clock_needs_a_speed_above_zero(speed: float) -> None:
    with pytest.raises(ValueError, match="speed"):
        ScaledClock(speed)


def test_a_real_clock_counts_from_zero_and_knows_the_date() -> None:
    clock = RealClock()

    assert 0.0 <= clock.now() < 5.0
    assert clock.wall() == pytest.approx(REAL.wall(), abs=5.0)


def run_parties(clock: VirtualClock, *work: Callable[[], None]) -> None:
    """Run each piece of work on a thread that is a party before any of them begins."""
    everyone_is_in = threading.Barrier(len(work))

    def life(action: Callable[[], None], name: str) -> None:
        party = Party(name, threading.get_ident(), threading.get_native_id())
        clock.join(party)
        everyone_is_in.wait()
        try:
            action()
        finally:
            clock.leave(party)

    threads = [threading.Thread(target=life, args=(action, f"party {n}")) for n, action in enumerate(work)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30.0)
        assert not thread.is_alive(), "virtual time hangs"


def test_many_sleeping_threads_wake_in_one_order_whatever_the_scheduler_does() -> None:
    clock, woken = VirtualClock(), list[tuple[float, int]]()

    def sleeper(number: int) -> Callable[[], None]:
        def work() -> None:
            for turn in range(1, 20):
                clock.sleep((number * 7 + turn * 3) % 11 + number / 100)
                woken.append((clock.now(), number))

        return work

    run_parties(clock, *(sleeper(number) for number in range(8)))

    assert [at for at, _ in woken] == sorted(at for at, _ in woken)
    for number in range(8):
        expected, at = [], 0.0
        for turn in range(1, 20):
            at += (number * 7 + turn * 3) % 11 + number / 100
            expected.append(at)
        assert [at for at, who in woken if who == number] == pytest.approx(expected, abs=1e-5)
