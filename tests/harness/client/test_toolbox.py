"""Calls of one answer, run side by side; whatever goes wrong is told to the model."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from windtunnel.client.toolbox import Call, Ran, Tools, interrupted, run_all


def run(tools: Mapping[str, Any], *calls: Call) -> list[Ran]:
    return asyncio.run(run_all(Tools(tools), calls))


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

        return await run_all(Tools({"meet": meet}), [Call("a", "meet", {"n": 1}), Call("b", "meet", {"n": 2})])

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
    (ran,) = asyncio.run(run_all(None, [Call("a", "look", {})]))

    assert ran.failed and "there are none" in str(ran.content)


def test_content_blocks_are_results_too() -> None:
    blocks = [{"type": "text", "text": "seen"}]

    (ran,) = run({"look": lambda given: blocks}, Call("a", "look", {}))

    assert ran.block()["content"] == blocks


def test_interrupted_calls_have_results() -> None:
    (block,) = interrupted([{"type": "tool_use", "id": "a", "name": "look", "input": {}}])

    assert block["tool_use_id"] == "a" and block["is_error"]
