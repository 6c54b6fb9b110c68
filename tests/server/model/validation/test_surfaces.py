"""What the doors differ in; one example of each rule is held in test_index.py."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.validation import Terms, check
from windtunnel_server.model.validation.surfaces import AZURE

FETCHED = {"type": "image", "source": {"type": "url", "url": "https://tides.test/a.png"}}
SKILLS = {"container": {"skills": [{"skill_id": "pdf", "type": "anthropic"}]}}


def said(surface: str, **changes: Any) -> str | None:
    asked = {"model": "claude-sonnet-4-6", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    problem = check(asked | changes, Terms(surface=surface, betas=frozenset({"advisor-tool-2026-03-01"})))
    return problem.message if problem else None


def tool(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"tools": [{"name": "mine", "input_schema": {"type": "object"}}, {"type": kind, "name": name, **more}]}


@pytest.mark.parametrize("surface", ["bedrock", "bedrock-mantle", "vertex"])
@pytest.mark.parametrize(
    "asked",
    [
        tool("code_execution_20250825", "code_execution"),
        tool("web_fetch_20250910", "web_fetch"),
        tool("advisor_20260301", "advisor", model="claude-opus-5"),
    ],
    ids=lambda asked: asked["tools"][1]["type"],
)
def test_tools_that_the_service_runs_stay_with_it(surface: str, asked: dict[str, Any]) -> None:
    kind = asked["tools"][1]["type"]

    assert said("anthropic", **asked) is None
    assert (said(surface, **asked) or "").startswith(f"tools.1: Input tag '{kind}' found using 'type' does not match")


def test_bedrock_searches_its_tools_and_its_messages_endpoint_does_not() -> None:
    search = tool("tool_search_tool_regex_20251119", "tool_search_tool_regex")

    assert "Input tag 'tool_search" in (said("bedrock-mantle", **search) or "")
    assert said("bedrock", **search) is None


@pytest.mark.parametrize("surface", ["bedrock", "bedrock-mantle", "vertex"])
def test_a_tool_of_ones_own_is_taken_everywhere(surface: str) -> None:
    assert said(surface, tools=[{"name": "mine", "input_schema": {"type": "object"}}]) is None


def test_vertex_says_of_an_address_that_it_fetches_none_also_in_the_result_of_a_tool() -> None:
    call = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "toolu_1", "content": [FETCHED]}
    turns = [
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]
    tools = [{"name": "look", "input_schema": {"type": "object"}}]

    told = said("vertex", messages=turns, tools=tools)

    assert told == (
        "messages.2.content.0.tool_result.content.0.image.source.base64.data: URL sources are not supported"
    )
    assert said("anthropic", messages=turns, tools=tools) is None


def test_a_strict_tool_is_structured_output_too() -> None:
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    strict = {"tools": [{"name": "mine", "input_schema": schema, "strict": False}]}

    assert said("bedrock-mantle", **strict) == "tools.0.custom.strict: Extra inputs are not permitted"
    assert said("bedrock", **strict) is None


def test_skills_are_not_where_azure_hosts() -> None:
    searching = {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}

    assert said(AZURE, **SKILLS) == "container.skills: not supported for deployments hosted on Azure"
    assert said(AZURE, **searching) is None


def test_a_field_that_is_null_is_as_good_as_none() -> None:
    assert said("bedrock", inference_geo=None) is None
    assert said("bedrock", inference_geo="us") == "inference_geo: Extra inputs are not permitted"
