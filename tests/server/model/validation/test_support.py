"""What a model or the endpoint has no support for."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.validation import Terms, check

TOOLS = [{"name": "look", "input_schema": {"type": "object"}}]


def said(model: str, **more: Any) -> str | None:
    request = {"model": model, "max_tokens": 16, "messages": [{"role": "user", "content": "Hi"}], **more}
    problem = check(request, Terms())
    return None if problem is None else problem.message


@pytest.mark.parametrize(
    ("model", "levels"),
    [
        ("claude-haiku-4-5", set()),
        ("claude-opus-4-5", {"low", "medium", "high"}),
        ("claude-opus-4-6", {"low", "medium", "high", "max"}),
        ("claude-opus-4-7", {"low", "medium", "high", "max", "xhigh"}),
    ],
)
def test_each_model_has_its_efforts(model: str, levels: set[str]) -> None:
    every = ("low", "medium", "high", "xhigh", "max")

    assert {level for level in every if said(model, output_config={"effort": level}) is None} == levels


def test_a_model_without_efforts_says_so() -> None:
    told = said("claude-haiku-4-5", output_config={"effort": "low"})

    assert told == "This model does not support the effort parameter."


@pytest.mark.parametrize(
    ("model", "forced"),
    [("claude-opus-5", True), ("claude-fable-5", True), ("claude-opus-5-5", False), ("claude-fable-5-2", False)],
)
def test_the_newest_models_are_not_forced_to_call(model: str, forced: bool) -> None:
    assert (said(model, tools=TOOLS, tool_choice={"type": "tool", "name": "look"}) is None) is forced
    assert said(model, tools=TOOLS, tool_choice={"type": "auto"}) is None


def test_inference_has_its_places_on_newer_models() -> None:
    assert said("claude-opus-4-6", inference_geo="us") is None
    assert said("claude-opus-4-5", inference_geo="us") is not None
    assert said("claude-opus-4-6", inference_geo="eu") == "inference_geo: must be one of ['global', 'us']"


def test_a_container_goes_with_a_tool_that_may_use_it() -> None:
    code = [{"type": "code_execution_20250825", "name": "code_execution"}]

    assert said("claude-sonnet-5", container="container_x", tools=code) is None
    assert str(said("claude-sonnet-5", container="container_x", tools=TOOLS)).startswith("container: ")
