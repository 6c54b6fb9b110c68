"""Answers that end before they are done."""

from __future__ import annotations

from random import Random
from typing import Any

from windtunnel_server.model.cutting import Said, limited, stopped
from windtunnel_server.model.tokens import count_output
from windtunnel_server.wire.ids import Ids
from windtunnel_server.wire.signature import judge

MODEL = "claude-sonnet-4-6"


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def cut(said: Said, max_tokens: int) -> Said:
    return limited(said, {"model": MODEL, "max_tokens": max_tokens}, Ids(Random(0)))


def test_a_stop_sequence_ends_whatever_comes_after_it() -> None:
    call = {"type": "tool_use", "id": "t", "name": "look", "input": {}}

    said = stopped(Said((text("One. "), text("Two, stop, three."), call), "tool_use"), ["stop"])

    assert said.content == (text("One. "), text("Two, "))
    assert (said.stop_reason, said.stop_sequence) == ("stop_sequence", "stop")


def test_a_text_that_would_be_blank_is_left_out() -> None:
    assert stopped(Said((text("  stop"),)), ["stop"]).content == ()


def test_a_call_keeps_the_parameters_that_were_whole() -> None:
    call = {"type": "tool_use", "id": "t", "name": "look", "input": {"a": "near", "b": "far " * 200}}
    upto = count_output([{**call, "input": {"a": "near"}}], MODEL, ended=False)

    inputs = [cut(Said((call,), "tool_use"), limit).content[0]["input"] for limit in (3, upto - 1, upto, upto + 9)]

    assert inputs == [{}, {}, {"a": "near"}, {"a": "near"}]
    assert cut(Said((call,), "tool_use"), upto).stop_reason == "max_tokens"


def test_a_thought_that_is_broken_off_is_signed_as_it_stands() -> None:
    ids = Ids(Random(1))
    thought = {"type": "thinking", "thinking": "wind " * 50, "signature": ids.signature("wind " * 50)}

    (left,) = cut(Said((thought, text("Yes."))), 30).content

    assert 0 < len(left["thinking"]) < len(thought["thinking"])
    assert judge(left["signature"], left["thinking"]) == "ours"


def test_a_run_of_the_service_that_has_no_room_did_not_take_place() -> None:
    run = {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "wind " * 50}}
    result = {"type": "web_search_tool_result", "tool_use_id": "s", "content": []}

    assert [block["type"] for block in cut(Said((text("Well."), run, result)), 20).content] == ["text"]


def test_what_fits_is_left_alone() -> None:
    said = Said((text("Short."),))

    assert cut(said, 500) is said
