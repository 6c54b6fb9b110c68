from __future__ import annotations

import base64
from typing import Any

import pytest

from windtunnel_server.model import models
from windtunnel_server.model.validation import Terms, check
from windtunnel_server.providers.bedrock.converse_request import NotSupported, betas_of, first_party

MODEL = models.find("claude-sonnet-4-5")
HI = {"role": "user", "content": [{"text": "Hi"}]}


def read(**body: Any) -> dict[str, Any]:
    assert MODEL is not None
    return first_party({"messages": [HI]} | body, model=MODEL, stream=False)


def block(given: dict[str, Any]) -> Any:
    (found,) = read(messages=[{"role": "user", "content": [given]}])["messages"][0]["content"]
    return found


def test_a_bare_request_may_be_as_long_as_the_model_can() -> None:
    assert read() == {
        "model": "claude-sonnet-4-5-20250929",
        "max_tokens": 64_000,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
        "stream": False,
    }


def test_inference_settings_have_other_names() -> None:
    said = read(inferenceConfig={"maxTokens": 5, "temperature": 0.5, "topP": 0.9, "stopSequences": ["x"]})

    assert (said["max_tokens"], said["temperature"], said["top_p"], said["stop_sequences"]) == (5, 0.5, 0.9, ["x"])


def test_no_stop_sequences_are_none() -> None:
    assert "stop_sequences" not in read(inferenceConfig={"stopSequences": []})


@pytest.mark.parametrize(
    ("given", "ours"),
    [
        ({"text": "a"}, {"type": "text", "text": "a"}),
        (
            {"image": {"format": "png", "source": {"bytes": "aGk="}}},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "aGk="}},
        ),
        (
            {"document": {"format": "pdf", "name": "a", "source": {"bytes": "aGk="}}},
            {
                "type": "document",
                "source": {"type": "base64", "media_type": "application/pdf", "data": "aGk="},
                "title": "a",
            },
        ),
        (
            {"document": {"format": "md", "name": "a", "source": {"bytes": base64.b64encode(b"# a").decode()}}},
            {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "# a"}, "title": "a"},
        ),
        (
            {"toolUse": {"toolUseId": "t", "name": "look", "input": {"a": 1}}},
            {"type": "tool_use", "id": "t", "name": "look", "input": {"a": 1}},
        ),
        (
            {"toolResult": {"toolUseId": "t", "content": [{"json": {"a": "é"}}], "status": "error"}},
            {
                "type": "tool_result",
                "tool_use_id": "t",
                "content": [{"type": "text", "text": '{"a": "é"}'}],
                "is_error": True,
            },
        ),
        (
            {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
            {"type": "thinking", "thinking": "hm", "signature": "s"},
        ),
        ({"reasoningContent": {"redactedContent": "aGk="}}, {"type": "redacted_thinking", "data": "aGk="}),
        ({"citationsContent": {"content": [{"text": "a"}, {"text": "b"}]}}, {"type": "text", "text": "ab"}),
    ],
)
def test_blocks_have_their_like(given: dict[str, Any], ours: dict[str, Any]) -> None:
    assert block(given) == ours


def test_a_cache_point_marks_what_stands_before_it() -> None:
    point = {"cachePoint": {"type": "default", "ttl": "1h"}}
    tool = {"toolSpec": {"name": "look", "inputSchema": {"json": {"type": "object"}}}}

    said = read(
        system=[{"text": "Be brief."}, point], toolConfig={"tools": [tool, {"cachePoint": {"type": "default"}}]}
    )

    assert said["system"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}
    assert said["tools"][0]["cache_control"] == {"type": "ephemeral"}


def test_a_cache_point_with_nothing_before_it_is_none() -> None:
    with pytest.raises(LookupError, match="no content block before it"):
        read(system=[{"cachePoint": {"type": "default"}}])


@pytest.mark.parametrize(
    ("choice", "ours"),
    [
        ({"auto": {}}, {"type": "auto"}),
        ({"any": {}}, {"type": "any"}),
        ({"tool": {"name": "look"}}, {"type": "tool", "name": "look"}),
    ],
)
def test_tools_and_their_choice_are_translated(choice: dict[str, Any], ours: dict[str, Any]) -> None:
    spec = {
        "name": "look",
        "description": "Look.",
        "inputSchema": {"json": {"type": "object", "additionalProperties": False}},
        "strict": True,
    }

    said = read(toolConfig={"tools": [{"toolSpec": spec}], "toolChoice": choice})

    assert said["tools"] == [
        {
            "name": "look",
            "input_schema": {"type": "object", "additionalProperties": False},
            "description": "Look.",
            "strict": True,
        }
    ]
    assert said["tool_choice"] == ours
    assert check(said, Terms(version="bedrock-2023-05-31")) is None


def test_fields_of_the_model_are_laid_on_top() -> None:
    fields = {"top_k": 5, "anthropic_beta": ["a"], "reasoning_config": {"type": "enabled", "budget_tokens": 1024}}

    said = read(additionalModelRequestFields=fields)

    assert said["top_k"] == 5
    assert said["thinking"] == {"type": "enabled", "budget_tokens": 1024}
    assert "anthropic_beta" not in said
    assert betas_of({"additionalModelRequestFields": fields}) == {"a"}


def test_an_output_format_and_an_effort_come_together_from_two_places() -> None:
    schema = {"jsonSchema": {"schema": '{"type":"object"}'}}

    said = read(
        outputConfig={"textFormat": {"type": "json_schema", "structure": schema}},
        additionalModelRequestFields={"output_config": {"effort": "high"}},
    )

    assert said["output_config"] == {
        "format": {"type": "json_schema", "schema": {"type": "object"}},
        "effort": "high",
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"video": {}}, "doesn't support the video content block"),
        ({"audio": {}}, "doesn't support the audio content block"),
        ({"image": {"format": "png", "source": {"s3Location": {"uri": "s3://a"}}}}, "doesn't support the s3Uri field"),
    ],
)
def test_what_the_models_do_not_take_is_refused_in_recorded_words(given: dict[str, Any], words: str) -> None:
    with pytest.raises(NotSupported, match=words):
        block(given)


def test_a_document_kept_elsewhere_has_no_source_and_is_left_out_of_a_tools_result() -> None:
    stored = {"document": {"name": "a", "format": "pdf", "source": {"s3Location": {"uri": "s3://a/b.pdf"}}}}

    assert block(stored)["source"] == {}
    assert block({"toolResult": {"toolUseId": "t", "content": [stored, {"text": "a"}]}})["content"] == [
        {"type": "text", "text": "a"}
    ]


@pytest.mark.parametrize("messages", [[{"role": "user"}], [5], [{"role": "user", "content": [{"toolUse": {}}]}]])
def test_shapes_that_are_none_are_errors(messages: list[Any]) -> None:
    with pytest.raises((LookupError, TypeError, ValueError, AttributeError)):
        read(messages=messages)
