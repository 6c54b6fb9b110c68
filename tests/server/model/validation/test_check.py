"""What is refused, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.problem import Problem
from windtunnel_server.model.validation import Terms, check
from windtunnel_server.wire.errors import KINDS

OLD, NEW = "2023-06-01", "2026-10-21"
GONE = object()

TOOL = {"name": "look", "input_schema": {"type": "object"}}
USER = [{"role": "user", "content": "Hi"}]
SOURCE = {"type": "text", "media_type": "text/plain", "data": "x"}
PLACE = {"cited_text": "x", "document_index": 0, "document_title": None, "start_char_index": 0, "end_char_index": 1}
CITED = {"type": "text", "text": "x", "citations": [{"type": "char_location", **PLACE}]}


def body(**changes: Any) -> dict[str, Any]:
    whole = {"model": "claude-sonnet-5", "max_tokens": 16, "messages": USER} | changes
    return {key: value for key, value in whole.items() if value is not GONE}


def said(request: object, *, version: str = NEW, endpoint: Any = "messages") -> str | None:
    problem = check(request, Terms(version=version, endpoint=endpoint))
    return None if problem is None else problem.message


def test_a_plain_request_passes_under_both_versions() -> None:
    assert said(body()) is None
    assert said(body(), version=OLD) is None


# Measured by third parties against the service, August 2026.
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"model": GONE}, "model: Field required"),
    ({"model": 7}, "model: Input should be a valid string"),
    ({"model": ""}, "model: String should have at least 1 character"),
    ({"messages": GONE}, "messages: Field required"),
    ({"messages": "x"}, "messages: Input should be a valid array"),
    ({"messages": []}, "messages: at least one message is required"),
    ({"max_tokens": GONE}, "max_tokens: Field required"),
    ({"max_tokens": "x"}, "max_tokens: Input should be a valid integer"),
    ({"max_tokens": True}, "max_tokens: Input should be a valid integer"),
    ({"max_tokens": -1}, "max_tokens: must be greater than or equal to 0"),
    ({"messages": [{"content": "x"}]}, "messages.0.role: Field required"),
    (
        {"messages": [{"role": "bogus", "content": "x"}]},
        'messages: Unexpected role "bogus". Allowed roles are "user" or "assistant"',
    ),
    ({"messages": [{"role": "user"}]}, "messages.0.content: Field required"),
    ({"messages": [{"role": "user", "content": None}]}, "messages.0.content: Input should be a valid array"),
    ({"messages": [{"role": "user", "content": []}]}, "messages.0: user messages must have non-empty content"),
    ({"messages": [{"role": "user", "content": [7]}]}, "messages.0.content.0: Input should be an object"),
    ({"messages": [{"role": "user", "content": [{}]}]}, "messages.0.content.0.type: Field required"),
    ({"messages": [{"role": "user", "content": "x", "name": 1}]}, "messages.0.name: Extra inputs are not permitted"),
    ({"tool_choice": 7}, "tool_choice: Input should be an object"),
    ({"tool_choice": {"type": "any"}}, "tool_choice.any may only be specified while providing tools"),
    ({"tool_choice": {"type": "tool", "name": "x"}}, "Tool 'x' not found in provided tools"),
    ({"tools": "x"}, "tools: Input should be a valid array"),
    ({"tools": [7]}, "tools.0: Input should be an object"),
    ({"tools": [{"input_schema": {"type": "object"}}]}, "tools.0.custom.name: Field required"),
    ({"tools": [TOOL | {"name": ""}]}, "tools.0.custom.name: String should have at least 1 character"),
    (
        {"tools": [TOOL | {"name": "a b"}]},
        "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
    ),
    ({"tools": [TOOL | {"input_schema": {}}]}, "tools.0.custom.input_schema.type: Field required"),
    ({"tools": [TOOL, TOOL]}, "tools: Tool names must be unique."),
    ({"system": 7}, "system: Input should be a valid array"),
    ({"system": [7]}, "system.0: Input does not match the expected shape."),
    ({"thinking": "x"}, "thinking: Input should be an object"),
    ({"output_config": "x"}, "output_config: Input does not match the expected shape."),
    ({"output_config": {"format": {"type": "json_schema"}}}, "output_config.format.schema: Field required"),
    ({"cache_control": "x"}, "cache_control: Input should be an object"),
    ({"metadata": {"bogus": 1}}, "metadata.bogus: Extra inputs are not permitted"),
    ({"metadata": {"user_id": 7}}, "metadata.user_id: Input should be a valid string"),
    ({"stop_sequences": "x"}, "stop_sequences: Input should be a valid array"),
    ({"stop_sequences": [1]}, "stop_sequences.0: Input should be a valid string"),
    ({"stop_sequences": [" "]}, "stop_sequences: each stop sequence must contain non-whitespace"),
    ({"service_tier": "bogus"}, "service_tier: Input should be 'auto' or 'standard_only'"),
    ({"stream": "yes"}, "stream: Input should be a valid boolean"),
    ({"inference_geo": 7}, "inference_geo: Input should be a valid string"),
    ({"n": 1}, "n: Extra inputs are not permitted"),
    # The order of complaints.
    ({"tool_choice": 7, "model": 7}, "model: Input should be a valid string"),
    ({"tools": "x", "tool_choice": 7}, "tool_choice: Input should be an object"),
    ({"messages": "x", "system": 7}, "messages: Input should be a valid array"),
    ({"n": 1, "stream": "yes"}, "stream: Input should be a valid boolean"),
    ({"n": 1, "messages": [{"role": "user", "content": []}]}, "n: Extra inputs are not permitted"),
]


@pytest.mark.parametrize(("changes", "message"), REFUSED, ids=[f"{n} {row[1]}" for n, row in enumerate(REFUSED)])
def test_a_faulty_request_is_refused_in_the_words_of_the_service(changes: dict[str, Any], message: str) -> None:
    assert said(body(**changes)) == message


def test_a_body_that_is_no_object_is_refused() -> None:
    assert said([1, 2]) == "Input does not match the expected shape."


@pytest.mark.parametrize("key", ["temperature", "top_p", "top_k"])
def test_sampling_parameters_are_gone_from_the_newer_version_only(key: str) -> None:
    assert said(body(**{key: 1})) == f"{key}: Extra inputs are not permitted"
    assert said(body(**{key: 1}, model="claude-sonnet-4-6"), version=OLD) is None


def test_a_temperature_out_of_range_is_refused() -> None:
    assert said(body(temperature=2), version=OLD) == "temperature: range: 0..1"


@pytest.mark.parametrize(
    "message",
    [
        {"role": "assistant", "content": [{"type": "document", "source": SOURCE}]},
        {"role": "user", "content": [CITED]},
        {"role": "user", "content": [{"type": "search_result", "title": "x", "source": "x", "content": [CITED]}]},
    ],
    ids=["assistant document", "user citations", "citations in a search result"],
)
def test_blocks_the_newer_version_has_dropped_pass_under_the_older(message: dict[str, Any]) -> None:
    request = body(messages=[*USER, message])

    assert said(request) is not None
    assert said(request, version=OLD) is None


def test_an_empty_citations_list_passes() -> None:
    assert said(body(messages=[{"role": "user", "content": [{"type": "text", "text": "x", "citations": []}]}])) is None


def test_an_unknown_model_is_not_found() -> None:
    assert check(body(model="claude-foo"), Terms()) == Problem("model_not_found", "model: claude-foo")


@pytest.mark.parametrize("version", [NEW, OLD], ids=["new", "old"])
def test_a_retired_model_answers_still(version: str) -> None:
    assert said(body(model="claude-3-haiku-20240307"), version=version) is None


def test_more_output_than_the_model_has_is_refused_in_the_exact_words() -> None:
    request = body(model="claude-3-opus-20240229", max_tokens=21333)

    assert said(request, version=OLD) == (
        "max_tokens: 21333 > 4096, which is the maximum allowed number of output tokens for claude-3-opus-20240229"
    )


def test_no_output_at_all_warms_the_cache_but_not_as_a_stream() -> None:
    assert said(body(max_tokens=0)) is None
    assert said(body(max_tokens=0, stream=True)) is not None


def test_counting_needs_no_max_tokens_and_takes_none() -> None:
    assert said(body(max_tokens=GONE), endpoint="count_tokens") is None
    assert said(body(), endpoint="count_tokens") == "max_tokens: Extra inputs are not permitted"


@pytest.mark.parametrize(
    "messages",
    [
        [{"role": "user", "content": []}, {"role": "user", "content": "a"}],
        [{"role": "user", "content": "a"}, {"role": "assistant", "content": []}],
        [{"role": "user", "content": "a"}, {"role": "system", "content": "b"}],
    ],
    ids=["joined with a later one", "empty assistant", "system behind a user"],
)
def test_turns_that_look_odd_pass(messages: list[Any]) -> None:
    assert said(body(messages=messages)) is None


def test_every_kind_named_here_is_a_kind_of_error() -> None:
    assert {"invalid_request", "model_not_found"} <= set(KINDS)
