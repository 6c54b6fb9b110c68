"""The tunnel as an object: opening and closing it, two at once, its clock, and whose time it moves."""

from __future__ import annotations

import asyncio
import datetime
import json
import threading
import time
import urllib.error
import urllib.request

import pytest

from windtunnel import Windtunnel, fail, reply
from windtunnel.environments.anthropic import API_KEY
from windtunnel_server.clock import REAL, RealClock, VirtualClock

BODY = {"model": "claude-sonnet-4-6", "max_tokens": 10, "messages": [{"role": "user", "content": "Hello"}]}


def ask(tunnel: Windtunnel, *, key: str | None = None) -> str:
    """Ask for a message as a client without retries does; give the text, or the status of a failure."""
    headers = {
        "x-api-key": key or tunnel.api_key,
        "anthropic-version": "2023-06-01",
        "content-type": "application/json",
        "connection": "close",
    }
    asked = urllib.request.Request(f"{tunnel.url}/v1/messages", json.dumps(BODY).encode(), headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(asked, timeout=1000) as answer:
            return str(json.load(answer)["content"][0]["text"])
    except urllib.error.HTTPError as error:
        with error:
            return str(error.code)


def time_is_real() -> bool:
    return time.sleep is REAL.sleep and type(datetime.datetime.now()) is datetime.datetime.__mro__[0]


# --- opening and closing ----------------------------------------------------------------------------------------------


def test_it_is_open_inside_a_with_statement_and_closed_behind_it():
    with Windtunnel(reply("inside")) as tunnel:
        url = tunnel.url

        assert ask(tunnel) == "inside"
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url, timeout=1)
    assert time_is_real()


def test_it_is_open_inside_an_async_with_statement():
    async def main() -> float:
        async with Windtunnel(reply("inside")) as tunnel:
            await asyncio.sleep(600)
            assert await asyncio.to_thread(ask, tunnel) == "inside"
            return tunnel.clock.now()

    assert asyncio.run(main()) == pytest.approx(600)
    assert time_is_real()


def test_an_exception_closes_it_and_goes_on():
    with pytest.raises(ZeroDivisionError), Windtunnel():
        1 / 0  # noqa: B018

    assert time_is_real()


def test_its_address_is_unknown_until_it_is_open():
    tunnel = Windtunnel()

    with pytest.raises(RuntimeError, match="not open; use it in a with statement, or call start"):
        _ = tunnel.url
    with pytest.raises(RuntimeError, match="not open"):
        _ = tunnel.env


def test_opening_it_twice_is_an_error_and_leaves_it_open():
    with Windtunnel(reply("still here")) as tunnel:
        with pytest.raises(RuntimeError, match="open already"):
            tunnel.start()

        assert ask(tunnel) == "still here"


def test_closing_it_twice_or_unopened_is_no_error():
    tunnel = Windtunnel()

    tunnel.stop()
    tunnel.start()
    tunnel.stop()
    tunnel.stop()

    assert time_is_real()


def test_it_can_be_opened_again_and_goes_on_where_it_was():
    tunnel = Windtunnel(reply("one"), reply("two"))

    answers = []
    for _ in range(2):
        with tunnel:
            answers.append(ask(tunnel))

    assert answers == ["one", "two"]
    assert len(tunnel.journal) == 2


# --- what it is made of -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", ["Hello", {"reply": "Hello"}, None, [reply("Hello")]])
def test_a_script_of_anything_but_steps_is_an_error(wrong):
    with pytest.raises(TypeError, match=r"script: step 1 is .*; build steps with reply\(…\) and fail\(…\)"):
        Windtunnel(reply("fine"), wrong)


def test_a_wrong_step_keeps_the_right_ones_out_too():
    tunnel = Windtunnel()

    with pytest.raises(TypeError):
        tunnel.script(reply("fine"), "wrong")  # type: ignore[arg-type]

    assert tunnel.core.script.left == []


def test_an_unknown_provider_is_an_error_that_says_which_there_are():
    with Windtunnel() as tunnel:
        with pytest.raises(ValueError, match="provider: unknown 'bedrok'"):
            tunnel.provider("bedrok")

        door = tunnel.provider("anthropic")
        assert (door.url, door.env["ANTHROPIC_BASE_URL"], door.env["ANTHROPIC_API_KEY"]) == (tunnel.url,) * 2 + (
            API_KEY,
        )


def test_only_its_keys_are_let_in():
    with Windtunnel(keys=frozenset({"sk-one", "sk-two"})) as tunnel:
        answers = [ask(tunnel, key=key) for key in ("sk-three", "sk-one", "sk-two", tunnel.api_key)]

    assert answers[0] == "401"
    assert "401" not in answers[1:]


def test_a_clock_is_virtual_real_or_an_object():
    mine = VirtualClock()

    assert isinstance(Windtunnel().clock, VirtualClock)
    assert isinstance(Windtunnel(clock="real").clock, RealClock)
    assert Windtunnel(clock=mine).clock is mine


def test_a_clock_that_is_none_is_an_error():
    with pytest.raises(ValueError, match='\'reel\' is neither "virtual" nor "real"'):
        Windtunnel(clock="reel")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="3 is no clock"):
        Windtunnel(clock=3)  # type: ignore[arg-type]


# --- time -------------------------------------------------------------------------------------------------------------


def test_dates_and_stopwatches_follow_the_virtual_clock():
    with Windtunnel() as tunnel:
        before, began = datetime.datetime.now(datetime.UTC), time.monotonic()
        time.sleep(3600)

        assert datetime.datetime.now(datetime.UTC) - before == datetime.timedelta(hours=1)
        assert time.monotonic() - began == 3600
        assert time.time() == tunnel.clock.wall()


def test_dates_can_be_left_alone():
    with Windtunnel(dates=False) as tunnel:
        before, began = datetime.datetime.now(), time.monotonic()
        time.sleep(3600)

        assert datetime.datetime.now() - before < datetime.timedelta(minutes=1)
        assert time.monotonic() - began < 60
        assert tunnel.clock.now() == 3600


def test_a_real_clock_leaves_time_alone():
    with Windtunnel(clock="real"):
        assert time_is_real()


def test_a_thread_from_before_the_tunnel_sleeps_in_real_time():
    go, slept = threading.Event(), []

    def stranger() -> None:
        go.wait()
        began = REAL.monotonic()
        time.sleep(0.1)
        slept.append(REAL.monotonic() - began)

    thread = threading.Thread(target=stranger)
    thread.start()
    with Windtunnel() as tunnel:
        go.set()
        time.sleep(600)
        now = tunnel.clock.now()
        thread.join()

        assert now == tunnel.clock.now() == 600
    assert 0.1 <= slept[0] < 10


def test_a_thread_from_inside_sleeps_in_the_tunnels_time():
    began, woke = REAL.monotonic(), []
    with Windtunnel() as tunnel:
        threads = [
            threading.Thread(target=lambda for_s=for_s: (time.sleep(for_s), woke.append(tunnel.clock.now())))
            for for_s in (300, 100, 200)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert woke == [100, 200, 300]
    assert REAL.monotonic() - began < 30


# --- two at once ------------------------------------------------------------------------------------------------------


def test_two_tunnels_on_one_clock_keep_script_and_journal_apart():
    with Windtunnel(fail("overloaded"), reply("first")) as first:
        with Windtunnel(reply("second"), clock=first.clock) as second:
            answers = [ask(first), ask(second), ask(first)]
            time.sleep(60)
            ask(second)

        assert answers == ["529", "second", "first"]
        assert [call.arrived_at for call in first.journal] == [0, 0]
        assert [call.arrived_at for call in second.journal] == [0, 60]


def test_two_virtual_clocks_on_one_thread_are_an_error_that_says_what_to_do():
    with Windtunnel(reply("not harmed")) as first:
        with pytest.raises(RuntimeError, match=r"another open tunnel.*Windtunnel\(clock=other.clock\)"):
            Windtunnel().start()

        assert ask(first) == "not harmed"
    assert time_is_real()


def test_a_thread_from_before_may_have_a_tunnel_of_its_own():
    go, seen = threading.Event(), []

    def other() -> None:
        go.wait()
        with Windtunnel(reply("other"), dates=False) as tunnel:
            time.sleep(7)
            seen.append((ask(tunnel), tunnel.clock.now()))

    thread = threading.Thread(target=other)
    thread.start()
    with Windtunnel(reply("own"), dates=False) as tunnel:
        go.set()
        time.sleep(5)
        mine = (ask(tunnel), tunnel.clock.now())
        thread.join()

    assert (mine, seen) == (("own", 5), [("other", 7)])


@pytest.mark.parametrize("library", ["uvloop", "trio"])
def test_a_loop_that_cannot_share_virtual_time_is_told_so(library: str):
    loops = pytest.importorskip(library)

    async def main() -> None:
        async with Windtunnel(clock="real"):
            pass
        async with Windtunnel():
            pass

    with pytest.raises(RuntimeError, match=f"virtual time needs asyncio's own event loop, and this is {library}"):
        loops.run(main) if library == "trio" else loops.run(main())
    assert time_is_real()
