"""Marks for the prompt cache: four at most, whatever stands in a body already."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from windtunnel.client.caching import MOST_MARKS, marked
from windtunnel_server.model.validation import check
from windtunnel_server.model.validation.terms import Terms

FIVE = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}


def text(words: str, mark: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "text", "text": words} | ({} if mark is None else {"cache_control": mark})


def tool(name: str, mark: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"name": name, "input_schema": {"type": "object"}} | ({} if mark is None else {"cache_control": mark})


def body(
    *said: Any, system: tuple[Any, ...] = ("Always.", "Today."), tools: tuple[Any, ...] = (None, None), **more: Any
) -> dict[str, Any]:
    """A body whose parts have these marks of their own; text stands for itself."""
    return {
        "model": "claude-sonnet-4-6",
        "max_tokens": 8,
        "tools": [tool(f"look_{number}", mark) for number, mark in enumerate(tools)],
        "system": [text(part) if isinstance(part, str) else text("Always.", part) for part in system],
        "messages": [{"role": "user", "content": [text("Hi", mark) for mark in said or (None,)]}],
        **more,
    }


def marks(value: Any) -> int:
    return str(value).count("cache_control")


def test_history_fixed_parts_system_and_tools_are_marked_at_their_ends() -> None:
    out = marked(body(system=("Always.", "Ever.", "Today.")))

    assert marks(out) == MOST_MARKS
    assert [marks(part) for part in out["system"]] == [0, 1, 1]
    assert [marks(part) for part in out["tools"]] == [0, 1]
    assert marks(out["messages"][-1]["content"][-1]) == 1


def test_marks_of_the_callers_own_come_first_and_that_behind_the_tools_goes_first() -> None:
    out = marked(body(FIVE, None))

    assert marks(out) == MOST_MARKS
    assert [marks(part) for part in out["messages"][0]["content"]] == [1, 1]
    assert marks(out["tools"]) == 0


def test_where_all_four_are_the_callers_there_are_no_others() -> None:
    given = body(FIVE, FIVE, FIVE, FIVE, None)

    assert marked(given) == given


def test_a_mark_of_the_callers_own_stays_as_it_is() -> None:
    out = marked(body(HOUR))

    assert out["messages"][0]["content"][0]["cache_control"] == HOUR
    assert marks(out) == 1  # those before it would have to be for an hour too


def test_a_mark_on_the_request_itself_is_the_one_at_the_end() -> None:
    out = marked(body(cache_control=FIVE))

    assert marks(out["messages"]) == 0 and marks(out) == MOST_MARKS


def test_a_system_prompt_of_one_part_is_marked_once() -> None:
    assert marks(marked(body(system=("Always.",)))["system"]) == 1


@pytest.mark.parametrize(
    "last", [{"type": "thinking", "thinking": "x", "signature": "y"}, {"type": "text", "text": ""}]
)
def test_what_takes_no_mark_gets_none(last: dict[str, Any]) -> None:
    out = marked({"messages": [{"role": "assistant", "content": [last]}]})

    assert marks(out) == 0


def test_text_that_is_no_block_becomes_one() -> None:
    out = marked({"messages": ({"role": "user", "content": "Hi"},)})

    assert out["messages"] == [{"role": "user", "content": [text("Hi", FIVE)]}]


MARKS = st.sampled_from([None, None, FIVE, HOUR])


@given(st.lists(MARKS, max_size=4), st.lists(MARKS, max_size=3), st.lists(MARKS, min_size=1, max_size=4), MARKS)
def test_what_the_api_takes_it_takes_with_our_marks_too(
    tools: list[Any], system: list[Any], said: list[Any], whole: Any
) -> None:
    given = body(*said, tools=tuple(tools), system=tuple(system), **({} if whole is None else {"cache_control": whole}))
    assume(check(given, Terms()) is None)

    out = marked(given)

    assert check(out, Terms()) is None
    assert marks(out) >= marks(given)
