"""Calls of one answer, run side by side; whatever goes wrong is told to the model."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest

from windtunnel import Windtunnel
from windtunnel.client.toolbox import INTERRUPTED, NOT_RUN, Call, Calls, Ran, Tools, interrupted


def run(tools: Mapping[str, Any], *calls: Call) -> list[Ran]:
    return asyncio.run(Calls(calls).run(Tools(tools)))


def test_plain_and_async_functions_are_run() -> None:
    async def later(given: Mapping[str, Any]) -> str:
        await asyncio.sleep(0)
        return f"later {given['at']}"

    ran = run({"now": lambda given: "now", "later": later}, Call("a", "now", {}), Call("b", "later", {"at": "two"}))

    assert [one.content for one in ran] == ["now", "later two"]
    assert not any(one.failed for one in ran)


def test_calls_run_side_by_side_and_their_results_keep_the_order() -> None:
    async def both() -> list[Ran]:
        met = asyncio.Barrier(2)

        async def meet(given: Mapping[str, Any]) -> str:
            await asyncio.wait_for(met.wait(), 5)
            return str(given["n"])

        return await Calls([Call("a", "meet", {"n": 1}), Call("b", "meet", {"n": 2})]).run(Tools({"meet": meet}))

    assert [one.content for one in asyncio.run(both())] == ["1", "2"]


def test_what_a_tool_raises_is_an_error_for_the_model() -> None:
    def broken(given: Mapping[str, Any]) -> str:
        raise LookupError("no such file")

    (ran,) = run({"broken": broken}, Call("a", "broken", {}))

    assert ran.block() == {
        "type": "tool_result",
        "tool_use_id": "a",
        "content": "LookupError: no such file",
        "is_error": True,
    }


def test_a_tool_there_is_not_is_answered_with_those_there_are() -> None:
    (ran,) = run({"look": lambda given: ""}, Call("a", "listen", {}))

    assert ran.failed and ran.content == "There is no tool 'listen'; there are look."


def test_a_call_whose_input_is_no_json_is_not_run() -> None:
    (ran,) = run({"look": lambda given: "seen"}, Call("a", "look", {}, "the input is not valid JSON"))

    assert ran.failed and "not valid JSON" in str(ran.content)


def test_without_a_toolbox_every_call_has_an_answer_all_the_same() -> None:
    (ran,) = asyncio.run(Calls([Call("a", "look", {})]).run(None))

    assert ran.failed and "there are none" in str(ran.content)


def test_content_blocks_are_results_too() -> None:
    blocks = [{"type": "text", "text": "seen"}]

    (ran,) = run({"look": lambda given: blocks}, Call("a", "look", {}))

    assert ran.block()["content"] == blocks


def test_functions_that_block_run_side_by_side_and_the_loop_goes_on() -> None:
    met, ticks = threading.Barrier(2), list[int]()

    def meet(given: Mapping[str, Any]) -> str:
        met.wait(5)
        while len(ticks) < 3:
            time.sleep(0.001)
        return str(given["n"])

    async def tick() -> None:
        while True:
            ticks.append(1)
            await asyncio.sleep(0)

    async def all_of_it() -> list[Ran]:
        ticking = asyncio.create_task(tick())
        ran = await Calls([Call("a", "meet", {"n": 1}), Call("b", "meet", {"n": 2})]).run(Tools({"meet": meet}))
        ticking.cancel()
        return ran

    assert [one.content for one in asyncio.run(all_of_it())] == ["1", "2"]


def test_functions_that_sleep_take_as_long_as_one_of_them_in_virtual_time() -> None:
    def slow(given: Mapping[str, Any]) -> str:
        time.sleep(60)
        return "slept"

    with Windtunnel() as tunnel:
        ran = run({"slow": slow}, *(Call(str(n), "slow", {}) for n in range(3)))
        took_s = tunnel.clock.now()

    assert [one.content for one in ran] == ["slept"] * 3
    assert took_s == 60


def test_what_a_tool_does_to_its_input_stays_with_it() -> None:
    call = Call("a", "take", {"path": "vane", "deep": {"at": [1]}})

    (ran,) = run({"take": lambda given: given.pop("path") + str(given["deep"]["at"].pop())}, call)

    assert ran.content == "vane1"
    assert call.input == {"path": "vane", "deep": {"at": [1]}}


def test_a_result_that_cannot_be_sent_is_an_error_for_the_model() -> None:
    (ran,) = run({"look": lambda given: object()}, Call("a", "look", {}))

    assert ran.failed and str(ran.content).startswith("TypeError: the tool returned a value of type object")


@pytest.mark.parametrize("way_out", [SystemExit(3), KeyboardInterrupt()])
@pytest.mark.parametrize("is_async", [False, True])
def test_a_tool_can_leave_the_program_and_the_loop_can_be_used_again(way_out: BaseException, is_async: bool) -> None:
    def leave(given: Mapping[str, Any]) -> str:
        raise way_out

    async def leave_later(given: Mapping[str, Any]) -> str:
        await asyncio.sleep(0)
        raise way_out

    calls = Calls([Call("a", "leave", {}), Call("b", "look", {})])
    tools = Tools({"leave": leave_later if is_async else leave, "look": lambda given: "seen"})
    with asyncio.Runner() as runner:
        with pytest.raises(type(way_out)):
            runner.run(calls.run(tools))

        again = runner.run(calls.run(tools))

    assert (again[0].content, again[0].failed) == (INTERRUPTED, True)


def test_what_was_begun_and_interrupted_is_not_begun_again() -> None:
    begun: list[str] = []

    async def slow(given: Mapping[str, Any]) -> str:
        begun.append("slow")
        await asyncio.sleep(3600)
        return "late"

    async def all_of_it() -> list[Ran]:
        calls, tools = Calls([Call("a", "slow", {}), Call("b", "look", {})]), Tools({"slow": slow, "look": str})
        running = asyncio.create_task(calls.run(tools))
        while calls.results()[1].failed:
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])
        return await calls.run(tools)

    ran = asyncio.run(all_of_it())

    assert [(one.content, one.failed) for one in ran] == [(INTERRUPTED, True), ("{}", False)]
    assert begun == ["slow"]


def test_who_stops_waiting_leaves_a_tool_that_hangs_behind() -> None:
    hanging, over = threading.Event(), threading.Event()

    def hang(given: Mapping[str, Any]) -> str:
        hanging.set()
        over.wait(5)
        return "late"

    async def all_of_it() -> None:
        running = asyncio.create_task(Calls([Call("a", "hang", {})]).run(Tools({"hang": hang})))
        while not hanging.is_set():
            await asyncio.sleep(0)
        running.cancel()
        await asyncio.wait([running])

    asyncio.run(all_of_it())  # ends, and with it the loop

    assert not over.is_set()
    over.set()


def test_calls_that_were_never_run_say_so() -> None:
    assert [one.content for one in Calls([Call("a", "look", {})]).results()] == [NOT_RUN]


def test_interrupted_calls_have_results() -> None:
    (block,) = interrupted([{"type": "tool_use", "id": "a", "name": "look", "input": {}}])

    assert block["tool_use_id"] == "a" and block["is_error"]
