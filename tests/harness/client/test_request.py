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


def test_history_system_and_tools_are_marked_at_their_ends_and_before_what_changes() -> None:
    body = made(system=("Always.", "Today."), tools=(TOOL, {**TOOL, "name": "write"})).body()

    assert "cache_control" in body["tools"][-1] and "cache_control" in body["messages"][-1]["content"][-1]
    assert ["cache_control" in part for part in body["system"]] == [True, True]
    assert marks(body) == 4


def test_with_marks_in_the_history_there_are_no_more_than_four() -> None:
    block = {"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}

    body = made(
        system=("Always.", "Today."), tools=(TOOL,), messages=({"role": "user", "content": [block, block]},)
    ).body()

    assert marks(body) == 4


def test_without_a_cache_nothing_is_marked() -> None:
    assert marks(made(system=("Always.",), tools=(TOOL,), cached=False).body()) == 0


def test_the_history_itself_is_never_changed() -> None:
    history = ({"role": "user", "content": [{"type": "text", "text": "Hi"}]},)

    made(messages=history).body()

    assert marks(history) == 0


def test_a_prompt_to_count_has_neither_limit_nor_marks() -> None:
    counted = made(system=("Always.",), tools=(TOOL,), extra={"metadata": {}}).to_count()

    assert set(counted) == {"model", "system", "messages", "tools"} and marks(counted) == 0


@pytest.mark.parametrize(
    ("extra", "betas"),
    [
        ({}, set()),
        ({"extra_headers": {"Anthropic-Beta": "a-1, b-2"}}, {"a-1", "b-2"}),
        ({"extra_body": {"anthropic_beta": ["c-3"]}, "extra_headers": {"anthropic-beta": "a-1"}}, {"a-1", "c-3"}),
    ],
)
def test_the_betas_that_are_asked_for_are_known(extra: dict[str, Any], betas: set[str]) -> None:
    assert made(extra=extra).betas == betas
