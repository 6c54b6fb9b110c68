"""Requests that the real API refuses: the status and the words it refuses them with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import anthropic
import pytest

VERSION = {"anthropic-version": "2023-06-01"}
BODY: dict[str, Any] = {"model": "claude-sonnet-4-6", "max_tokens": 10, "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture(params=["socket", "memory"])
def http(request: pytest.FixtureRequest, windtunnel: Any, httpx_like: Any, library: str) -> Any:
    """The bare HTTP library, with a key."""
    transport = windtunnel.transport(library=library) if request.param == "memory" else None
    with httpx_like.Client(
        base_url=windtunnel.url, headers={"x-api-key": windtunnel.api_key}, transport=transport
    ) as client:
        yield client


REFUSED: Mapping[str, tuple[dict[str, Any], int, str, str]] = {
    "no JSON": (
        {"headers": VERSION, "content": b'{"model": '},
        400,
        "invalid_request_error",
        "The request body is not valid JSON: ",
    ),
    "an empty body": ({"headers": VERSION}, 400, "invalid_request_error", "The request body is not valid JSON: "),
    "not UTF-8": (
        {"headers": VERSION, "content": b'{"model": "\xff"}'},
        400,
        "invalid_request_error",
        "The request body is not valid JSON: ",
    ),
    "no version": ({"json": BODY}, 400, "invalid_request_error", "anthropic-version: header is required"),
    "an unknown version": (
        {"headers": {"anthropic-version": "1999-01-01"}, "json": BODY},
        400,
        "invalid_request_error",
        "anthropic-version: ",
    ),
    "an unknown model": (
        {"headers": VERSION, "json": BODY | {"model": "claude-nope"}},
        404,
        "not_found_error",
        "model: claude-nope",
    ),
    "no model": (
        {"headers": VERSION, "json": {key: BODY[key] for key in ("max_tokens", "messages")}},
        400,
        "invalid_request_error",
        "model: Field required",
    ),
    "an unknown key": (
        {"headers": VERSION, "json": BODY | {"colour": "red"}},
        400,
        "invalid_request_error",
        "colour: Extra inputs are not permitted",
    ),
    "no messages": (
        {"headers": VERSION, "json": BODY | {"messages": []}},
        400,
        "invalid_request_error",
        "messages: at least one message is required",
    ),
    "temperature under the newer version": (
        {"headers": {"anthropic-version": "2026-10-21"}, "json": BODY | {"temperature": 0.5}},
        400,
        "invalid_request_error",
        "temperature: Extra inputs are not permitted",
    ),
}


@pytest.mark.parametrize(("request_", "status", "kind", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_a_bad_request_is_refused_in_the_api_s_own_words(
    windtunnel: Any, http: Any, request_: dict[str, Any], status: int, kind: str, words: str
) -> None:
    answer = http.post("/v1/messages", **request_)

    body = answer.json()
    assert (answer.status_code, body["type"], body["error"]["type"]) == (status, "error", kind)
    assert body["error"]["message"].startswith(words)
    assert body["request_id"] == answer.headers["request-id"] == windtunnel.journal[0].request_id
    assert answer.headers["x-should-retry"] == "false"
    assert windtunnel.journal[0].answered_by == "refused"


def test_the_older_version_still_takes_a_temperature(http: Any) -> None:
    assert http.post("/v1/messages", headers=VERSION, json=BODY | {"temperature": 0.5}).status_code == 200


def test_no_key_is_a_401_that_names_the_header(windtunnel: Any, http: Any) -> None:
    del http.headers["x-api-key"]

    answer = http.post("/v1/messages", headers=VERSION, json=BODY)

    assert answer.status_code == 401
    assert answer.json()["error"] == {"type": "authentication_error", "message": "x-api-key header is required"}


def test_a_path_that_is_not_served_is_a_404(http: Any) -> None:
    answer = http.get("/v1/nothing", headers=VERSION)

    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found_error")


def test_the_wrong_method_is_a_405_that_names_the_right_one(http: Any) -> None:
    answer = http.get("/v1/messages", headers=VERSION)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


def test_head_of_the_root_has_no_body(http: Any) -> None:
    # Some clients look whether anybody is there before they start.
    answer = http.head("/")

    assert (answer.status_code, answer.content) == (404, b"")
    assert http.post("/v1/messages", headers=VERSION, json=BODY).status_code == 200


@pytest.mark.slow
def test_a_body_above_32_mb_is_too_large_for_the_edge(windtunnel: Any, once: Any) -> None:
    long = [{"role": "user", "content": "wind " * (33 * 1024 * 1024 // 5)}]

    with pytest.raises(anthropic.APIStatusError) as raised:
        once.create(messages=long)

    assert type(raised.value).__name__ in ("RequestTooLargeError", "ContentTooLargeError")
    assert (raised.value.status_code, windtunnel.journal[0].status) == (413, 413)
    assert "Request exceeds the maximum size" in str(raised.value)
    assert once.create().content[0].text


def test_an_unknown_model_is_not_found_by_the_sdk(windtunnel: Any, once: Any) -> None:
    with pytest.raises(anthropic.NotFoundError, match="model: claude-nope"):
        once.create(model="claude-nope")
