"""What is sent: bodies, and where the prompt is marked for the cache."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel.client.request import Request

TOOL = {"name": "read", "input_schema": {"type": "object"}}


def made(**changes: Any) -> Request:
    given = {"model": "claude-sonnet-4-6", "max_tokens": 8, "messages": ({"role": "user", "content": "Hi"},)}
    return Request(**given | changes)


def marks(body: Any) -> int:
    return str(body).count("cache_control")


def test_tools_system_and_history_are_marked_at_their_ends() -> None:
    body = made(system=("Always.", "Today."), tools=(TOOL, {**TOOL, "name": "write"})).body()

    assert "cache_control" in body["tools"][-1] and "cache_control" in body["system"][-1]
    assert "cache_control" in body["messages"][-1]["content"][-1]
    assert marks(body) == 3


def test_without_a_cache_nothing_is_marked() -> None:
    assert marks(made(system=("Always.",), tools=(TOOL,), cached=False).body()) == 0


def test_the_history_itself_is_never_changed() -> None:
    history = ({"role": "user", "content": [{"type": "text", "text": "Hi"}]},)

    made(messages=history).body()

    assert marks(history) == 0


@pytest.mark.parametrize(
    "last", [{"type": "thinking", "thinking": "x", "signature": "y"}, {"type": "text", "text": ""}]
)
def test_what_takes_no_mark_gets_none(last: dict[str, Any]) -> None:
    assert marks(made(messages=({"role": "assistant", "content": [last]},)).body()) == 0


def test_a_prompt_to_count_has_neither_limit_nor_marks() -> None:
    counted = made(system=("Always.",), tools=(TOOL,), extra={"metadata": {}}).to_count()

    assert set(counted) == {"model", "system", "messages", "tools"} and marks(counted) == 0
