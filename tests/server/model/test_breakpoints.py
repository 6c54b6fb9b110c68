"""Where a prompt is to be cached."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.breakpoints import Breakpoint, breakpoints
from windtunnel_server.model.problem import Problem
from windtunnel_server.model.prompt import counted

MARK: dict[str, Any] = {"cache_control": {"type": "ephemeral"}}
HOUR: dict[str, Any] = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}


def text(words: str = "Hello", **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def request(*content: Any, **more: Any) -> dict[str, Any]:
    return {"model": "claude-sonnet-4-6", "messages": [{"role": "user", "content": list(content)}], **more}


def found(request: dict[str, Any]) -> list[tuple[int, str]]:
    marks = breakpoints(request, counted(request))
    assert not isinstance(marks, Problem), marks
    return [(mark.at, mark.ttl) for mark in marks]


def refused(request: dict[str, Any]) -> str:
    marks = breakpoints(request, counted(request))
    assert isinstance(marks, Problem)
    return marks.message


def test_marked_blocks_are_found_in_their_order_with_their_lifetimes() -> None:
    tools = [{"name": "a", "input_schema": {}}, {"name": "b", "input_schema": {}, **HOUR}]

    assert found(request(text(), text(**MARK), tools=tools, system=[text(**HOUR)])) == [(1, "1h"), (2, "1h"), (4, "5m")]


def test_without_marks_nothing_is_to_be_cached() -> None:
    assert found(request(text(), system="Be brief.", cache_control=None)) == []


def test_a_mark_on_the_request_stands_for_its_last_block() -> None:
    assert found(request(text(), text(), **HOUR)) == [(1, "1h")]


def test_thinking_and_empty_text_are_passed_over() -> None:
    thinking = {"type": "thinking", "thinking": "Hm", "signature": "x"}

    assert found(request(text(), thinking, text(""), **MARK)) == [(0, "5m")]


def test_a_mark_inside_of_a_tool_result_is_the_result_s() -> None:
    result = {"type": "tool_result", "tool_use_id": "a", "content": [text(), text(**HOUR)]}

    assert found(request(result, text())) == [(0, "1h")]


def test_a_fifth_mark_is_refused_in_the_api_s_words() -> None:
    words = "A maximum of 4 blocks with cache_control may be provided. Found 5."

    assert found(request(*[text(**MARK)] * 4)) == [(at, "5m") for at in range(4)]
    assert refused(request(*[text(**MARK)] * 5)) == words
    assert refused(request(*[text(**MARK)] * 4, text(), **MARK)) == words
    assert refused(request(*[text(**MARK)] * 4, **MARK)) == words


def test_the_mark_on_the_request_may_meet_one_on_the_last_block() -> None:
    assert found(request(text(), text(**MARK), **MARK)) == [(1, "5m")]


def test_two_lifetimes_for_the_last_block_are_refused() -> None:
    assert "must have matching TTLs" in refused(request(text(**HOUR), **MARK))


@pytest.mark.parametrize("mark", [None, "x", 5])
def test_what_is_no_mark_marks_nothing(mark: Any) -> None:
    assert found(request(text(cache_control=mark))) == []


def test_a_breakpoint_is_a_value() -> None:
    assert Breakpoint(1, "5m") == Breakpoint(1, "5m")
