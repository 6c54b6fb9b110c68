"""Reading a call of any door without refusing it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.providers.reading import endpoint_of, request_of


@pytest.mark.parametrize(
    ("path", "endpoint"),
    [
        ("/v1/messages", "messages"),
        ("/anthropic/v1/messages", "messages"),
        ("/model/a.b:0/invoke", "messages"),
        ("/model/a.b:0/converse-stream", "messages"),
        ("/v1/projects/p/locations/l/publishers/anthropic/models/m:streamRawPredict", "messages"),
        ("/v1/messages/count_tokens", "count_tokens"),
        ("/model/a.b:0/count-tokens", "count_tokens"),
        ("/v1/projects/p/locations/l/publishers/anthropic/models/count-tokens:rawPredict", "count_tokens"),
        ("/v1/messages/batches/b/results", "batches"),
        ("/v1/models", "models"),
        ("/inference-profiles", "models"),
        ("/v1/oauth/token", "token"),
        ("/v1/files", "any"),
    ],
)
def test_a_path_says_which_endpoint_it_is_for(path: str, endpoint: str) -> None:
    assert endpoint_of(path) == endpoint


def read(path: str, body: Any) -> Any:
    return request_of(Call("POST", path, body=body if isinstance(body, bytes) else json.dumps(body).encode()))


def test_bedrocks_path_says_model_and_stream() -> None:
    body = {"anthropic_version": "bedrock-2023-05-31", "max_tokens": 1, "messages": []}

    known = read("/model/us.anthropic.claude-sonnet-4-6/invoke-with-response-stream", body)
    unknown = read("/model/anthropic.claude-v1%3A0/invoke", body)

    assert known == {"model": "claude-sonnet-4-6", "max_tokens": 1, "messages": [], "stream": True}
    assert (unknown["model"], unknown["stream"]) == ("anthropic.claude-v1:0", False)


def test_converse_is_put_into_first_party_words() -> None:
    body = {"messages": [{"role": "user", "content": [{"text": "Hi"}]}], "inferenceConfig": {"maxTokens": 5}}

    found = read("/model/us.anthropic.claude-sonnet-4-6/converse", body)

    assert (found["max_tokens"], found["messages"][0]["content"][0]["text"]) == (5, "Hi")


def test_vertex_path_says_model_and_stream() -> None:
    path = "/v1/projects/p/locations/l/publishers/anthropic/models/claude-haiku-4-5@20251001:streamRawPredict"

    assert read(path, {"a": 1}) == {"model": "claude-haiku-4-5-20251001", "a": 1, "stream": True}


@pytest.mark.parametrize("body", [b"", b"no json", b"\xff"])
@pytest.mark.parametrize("path", ["/v1/messages", "/model/m/converse", "/model/m/invoke"])
def test_what_cannot_be_read_is_nothing(path: str, body: bytes) -> None:
    assert read(path, body) is None


def test_what_is_no_request_of_converse_stays_as_it_is() -> None:
    found = read("/model/us.anthropic.claude-sonnet-4-6/converse", {"messages": [3]})

    assert found["messages"] == [3]


def test_reading_changes_nothing_of_the_call() -> None:
    call = Call("POST", "/v1/messages", body=b'{"a": 1}')

    request_of(call)

    assert call.json is None
