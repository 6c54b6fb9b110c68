"""What a count of tokens refuses."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.validation import Terms, check

PLAIN: dict[str, Any] = {"model": "claude-sonnet-5", "messages": [{"role": "user", "content": "Hi"}]}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}
CODE = {"type": "code_execution_20260120", "name": "code_execution"}
ADVISOR = {"type": "advisor_20260301", "name": "advisor", "model": "claude-opus-5"}


def said(betas: frozenset[str] = frozenset(), **more: Any) -> str | None:
    problem = check(PLAIN | more, Terms(endpoint="count_tokens", betas=betas, version="2023-06-01"))
    return None if problem is None else problem.message


@pytest.mark.parametrize(
    "field",
    [
        {"max_tokens": 1},
        {"stream": False},
        {"temperature": 0},
        {"top_p": 1},
        {"top_k": 1},
        {"stop_sequences": ["."]},
        {"metadata": {}},
        {"service_tier": "auto"},
        {"container": None},
        {"inference_geo": "us"},
    ],
)
def test_what_only_shapes_an_answer_is_no_part_of_a_count(field: dict[str, Any]) -> None:
    (name,) = field

    assert said(**field) == f"{name}: Extra inputs are not permitted"


@pytest.mark.parametrize(
    "field",
    [
        {"system": "Be brief."},
        {"tools": [{"name": "look", "input_schema": {"type": "object"}}], "tool_choice": {"type": "auto"}},
        {"thinking": {"type": "adaptive"}},
        {"output_config": {"effort": "low"}},
        {"cache_control": {"type": "ephemeral"}},
        {"model": "claude-opus-5", "speed": "fast"},
    ],
)
def test_what_shapes_a_prompt_is(field: dict[str, Any]) -> None:
    assert said(**field) is None


def test_there_is_something_to_count() -> None:
    assert said(messages=[]) == "messages: at least one message is required"


def test_server_tools_are_named_in_order_and_once() -> None:
    assert said(tools=[SEARCH, CODE]) == (
        "Server tools are not supported in the count_tokens endpoint: code_execution_20260120, web_search_20250305. "
        "Use the /v1/messages endpoint instead."
    )


def test_the_advisor_is_counted() -> None:
    assert said(frozenset({"advisor-tool-2026-03-01"}), tools=[ADVISOR]) is None
