"""Errors of every cloud, understood as the same few kinds."""

from __future__ import annotations

import anthropic
import httpx2
import pytest

from windtunnel import Windtunnel, fail
from windtunnel.client.understanding import kind_of, retry_after, told, understood
from windtunnel.fake import pointed_at

CLASSES = {
    "anthropic": "Anthropic",
    "bedrock": "AnthropicBedrock",
    "vertex": "AnthropicVertex",
    "foundry": "AnthropicFoundry",
}
USER = {"role": "user", "content": "Hi"}
MODELS = {"bedrock": "global.anthropic.claude-sonnet-4-6"}

#: What each provider calls it, the client calls by one name.
KINDS = {
    "rate_limited": "rate_limited",
    "overloaded": "overloaded",
    "internal_error": "server",
    "prompt_too_long": "too_long",
    "model_not_found": "not_found",
    "invalid_request": "invalid",
    "permission_denied": "forbidden",
}


@pytest.mark.parametrize("provider", CLASSES)
@pytest.mark.parametrize("kind", KINDS)
def test_each_clouds_words_for_a_failure_are_understood(provider: str, kind: str) -> None:
    asked = {"model": MODELS.get(provider, "claude-sonnet-4-6"), "max_tokens": 16, "messages": [USER]}

    with (
        Windtunnel(fail(kind), provider=provider) as tunnel,
        pointed_at(tunnel.env),
        getattr(anthropic, CLASSES[provider])(max_retries=0) as client,
        pytest.raises(anthropic.APIError) as raised,
    ):
        client.messages.create(**asked)

    assert understood(raised.value).kind == KINDS[kind]


@pytest.mark.parametrize(
    ("status", "type", "message", "kind"),
    [
        (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API.", "billing"),
        (403, None, "The security token included in the request is expired", "unauthorised"),
        (403, "permission_error", "Request not allowed", "forbidden"),
        (503, None, "Model is getting throttled. Try your request again.", "overloaded"),
        (503, None, "down for maintenance", "server"),
        (502, None, "<html>", "server"),
        (200, "overloaded_error", "Overloaded", "overloaded"),
        (200, "api_error", "Internal server error", "stream_error"),
        (200, None, "Input is too long for requested model.", "too_long"),
        (418, None, "short and stout", "invalid"),
    ],
)
def test_status_type_and_words_decide_together(status: int, type: str | None, message: str, kind: str) -> None:
    assert kind_of(status, type, message) == kind


def test_a_spend_limit_is_about_money_whatever_its_status() -> None:
    assert kind_of(429, "rate_limit_error", "You have reached a limit.", "enforced_spend_limit_reached") == "billing"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"type": "error", "error": {"type": "api_error", "message": "m"}}, ("api_error", "m", None)),
        ({"message": "m"}, (None, "m", None)),
        ({"Message": "m"}, (None, "m", None)),
        ([{"error": {"code": 429, "message": "m", "status": "RESOURCE_EXHAUSTED"}}], ("RESOURCE_EXHAUSTED", "m", None)),
        ({"error": {"type": "t", "message": "m", "details": {"error_code": "c"}}}, ("t", "m", "c")),
        ("<html>", (None, None, None)),
        ({"error": "words"}, (None, None, None)),
    ],
)
def test_bodies_of_every_cloud_are_read(body: object, expected: tuple[str | None, ...]) -> None:
    assert told(body) == expected


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry-after": "2"}, 2.0),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "0", "retry-after": "9"}, 9.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}, 60.0),
        ({"retry-after": "Thu, 01 Jan 1970 00:00:10 GMT"}, None),
        ({"retry-after": "0"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "soon"}, None),
        ({}, None),
    ],
)
def test_hints_are_read_in_each_of_their_forms(headers: dict[str, str], wait: float | None) -> None:
    assert retry_after(headers, now=40.0) == wait


def test_a_whole_page_is_not_repeated() -> None:
    response = httpx2.Response(502, request=httpx2.Request("POST", "http://localhost"), headers={"retry-after": "2"})
    page = "<html>" + "x" * 200_000

    failure = understood(anthropic.InternalServerError(page, response=response, body=page))

    assert failure.kind == "server" and failure.retry_after_s == 2
    assert len(failure.message) < 1_100 and failure.message.endswith("(200,006 characters)")


def test_an_error_without_a_status_is_told_by_its_class() -> None:
    assert understood(ConnectionResetError("gone")).kind == "network"
    assert understood(TimeoutError("late")).kind == "timeout"
    assert understood(ValueError("what")).kind == "unreadable"


def test_a_header_that_cannot_be_sent_is_not_shown() -> None:
    with Windtunnel() as tunnel:
        sdk = anthropic.Anthropic(auth_token="hush\n4711", base_url=tunnel.url, max_retries=0)
        with sdk, pytest.raises(anthropic.APIConnectionError) as raised:
            sdk.models.list()

    assert "4711" in str(raised.value.__cause__)
    said = understood(raised.value).message
    assert said == "Connection error. (Illegal header value, which is not shown: it may be a secret)"
