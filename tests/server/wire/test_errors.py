from __future__ import annotations

import json
import re
from typing import Any

import pytest

from windtunnel_server.wire import errors
from windtunnel_server.wire.errors import KINDS
from windtunnel_server.wire.kind import ErrorKind, defined

NAMED = """
rate_limited acceleration_limited concurrency_limited spend_limited long_context_limited overloaded internal_error
not_implemented bad_gateway unavailable gateway_timeout cloudflare_520 cloudflare_521 cloudflare_522 cloudflare_523
cloudflare_524 invalid_request prompt_too_long input_plus_max_tokens_too_long max_tokens_too_large
credit_balance_too_low usage_limit_reached organization_disabled invalid_api_key invalid_bearer_key missing_api_key
invalid_bearer_token oauth_expired billing permission_denied oauth_revoked request_not_allowed not_found
model_not_found request_timeout conflict request_too_large unprocessable version_header_missing invalid_json
""".split()

#: Status and fixed words of every text in the tables of the wire reference that comes as a plain HTTP answer.
TEXTS = [
    (400, "prompt is too long: 200251 tokens > 200000 maximum"),
    (
        400,
        "input length and `max_tokens` exceed context limit: 178959 + 64000 > 200000, decrease input length or `max_tok",
    ),
    (400, "max_tokens: 21333 > 4096, which is the maximum allowed number of output tokens for claude-3-opus-20240229"),
    (400, "A maximum of 4 blocks with cache_control may be provided. Found 5."),
    (400, "messages.0.content.1.image.source.base64: image exceeds 5 MB maximum: 6000000 bytes > 5242880 bytes"),
    (400, "image dimensions exceed max allowed size for many-image requests: 2000 pixels"),
    (400, "Could not process image"),
    (400, "The PDF specified was not valid."),
    (400, "The PDF specified is password protected."),
    (400, "`tool_use` ids were found without `tool_result` blocks immediately after: toolu_"),
    (400, "unexpected `tool_use_id` found in `tool_result` blocks: toolu_"),
    (400, "messages: `tool_use` ids must be unique"),
    (400, "messages: at least one message is required"),
    (400, "all messages must have non-empty content except for the optional final assistant message"),
    (400, "messages: text content blocks must be non-empty"),
    (400, "messages: final assistant content cannot end with trailing whitespace"),
    (400, 'messages: first message must use the "user" role'),
    (400, 'messages: roles must alternate between "user" and "assistant", but found multiple "user" roles in a row'),
    (400, "role 'system' is not supported on this model"),
    (400, "This model does not support assistant message prefill. The conversation must end with a user message."),
    (400, "tools: Tool names must be unique."),
    (400, "`max_tokens` must be greater than `thinking.budget_tokens`."),
    (400, "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024"),
    (
        400,
        "messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`. When `thinking`",
    ),
    (400, "messages.1.content.0: Invalid `signature` in `thinking` block"),
    (400, "`thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified."),
    (400, '"thinking.type.enabled" is not supported for this model. Use "thinking.type.adaptive" and "output_config'),
    (400, "adaptive thinking is not supported on this model"),
    (400, '"thinking.type.disabled" is not supported for this model.'),
    (400, 'tool_choice: type "tool" and "any" are not supported for this model.'),
    (400, ": Field required"),
    (400, ": Extra inputs are not permitted"),
    (400, ": Input should be "),
    (400, "tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"),
    (400, "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"),
    (400, "for the `anthropic-beta` header. Please consult our documentation at platform.claude.com/docs or try again"),
    (400, "anthropic-version: header is required"),
    (400, "The request body is not valid JSON: "),
    (400, "'claude-opus-5-5' does not support tool types: computer_20251124. Did you mean one of "),
    (
        400,
        "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or purch",
    ),
    (400, "You have reached your specified API usage limits. You will regain access on 2026-10-01 at 00:00 UTC."),
    (400, "This organization has been disabled."),
    (401, "invalid x-api-key"),
    (401, "API key is invalid."),
    (401, "x-api-key header is required"),
    (401, "Invalid bearer token"),
    (401, "Invalid authentication credentials"),
    (401, "OAuth token has expired. Please obtain a new token or refresh your existing token."),
    (401, "OAuth access token has expired. Re-authenticate to continue."),
    (401, "OAuth authentication is currently not supported."),
    (401, "CORS requests are not allowed for this Organization because of "),
    (402, "Billing error"),
    (403, "Permission denied"),
    (403, "OAuth token has been revoked."),
    (403, "API key authentication is disabled"),
    (403, "Request not allowed"),
    (404, "model: claude-sonnet-4-6"),
    (413, "Request exceeds the maximum size"),
    (429, "This request would exceed your organization's rate limit of 30,000 input tokens per minute (org: "),
    (429, "This request would exceed the rate limit for your organization ("),
    (429, "Number of request tokens has exceeded your per-minute rate limit ("),
    (429, "Your current limit is 58,276 input tokens per minute, and will increase to 68,276 at the next minute bound"),
    (429, "Number of concurrent connections has exceeded your rate limit."),
    (429, "Extra usage is required for long context requests."),
    (429, "your organization has crossed its monthly API usage threshold, set based on your organization's API tier."),
    (500, "Internal server error"),
    (529, "Overloaded"),
]
STATUSES = [
    400,
    401,
    402,
    403,
    404,
    408,
    409,
    412,
    413,
    422,
    429,
    431,
    499,
    500,
    501,
    502,
    503,
    504,
    *range(520, 525),
    529,
]


def read(data: bytes) -> Any:
    return json.loads(data)


@pytest.mark.parametrize("name", NAMED)
def test_the_words_a_user_types_are_there(name: str) -> None:
    assert KINDS[name].name == name


@pytest.mark.parametrize(("status", "text"), TEXTS)
def test_every_documented_text_has_its_kind(status: int, text: str) -> None:
    said = [kind.text() for kind in KINDS.values() if kind.status == status]

    assert any(text in one for one in said)


@pytest.mark.parametrize("status", STATUSES)
def test_every_documented_status_has_its_usual_kind(status: int) -> None:
    kind = errors.by_status(status)

    assert kind.status == status
    assert KINDS[kind.name] is kind


@pytest.mark.parametrize(("status", "type_"), [(418, "invalid_request_error"), (599, "api_error")])
def test_a_status_nobody_sends_still_has_an_answer(status: int, type_: str) -> None:
    kind = errors.by_status(status)

    assert (kind.status, kind.type, kind.name) == (status, type_, f"status_{status}")


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_kind_can_be_sent_with_no_placeholder_left(kind: ErrorKind) -> None:
    data = errors.body(kind, request_id="req_1")

    assert not re.search(rb"\{[a-z_]+[:}]", data)
    assert kind.about
    assert kind.body == "html" or read(data)["error"]["type"] == kind.type


def test_an_envelope_has_its_keys_in_recorded_order() -> None:
    data = errors.body(KINDS["invalid_api_key"], request_id="req_1")

    expected = (
        '{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"},"request_id":"req_1"}'
    )
    assert data.decode() == expected


def test_the_edge_sends_neither_outer_type_nor_request_id() -> None:
    data = errors.body(KINDS["request_too_large"], request_id="req_1")

    assert data == b'{"error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}'


@pytest.mark.parametrize("name", ["invalid_bearer_key", "oauth_expired"])
def test_an_early_refusal_has_a_null_request_id(name: str) -> None:
    assert errors.body(KINDS[name], request_id="req_1").endswith(b'"request_id":null}')


def test_placeholders_are_filled_numbers_grouped_where_the_api_groups_them() -> None:
    values = {"limit": 20000, "org": "o-1", "model": "m-1"}

    limited = read(errors.body(KINDS["rate_limited"], request_id="r", values=values))["error"]["message"]
    too_long = read(errors.body(KINDS["prompt_too_long"], request_id="r", values=values | {"tokens": 20001}))

    assert "rate limit of 20,000 input tokens per minute (org: o-1, model: m-1)." in limited
    assert too_long["error"]["message"] == "prompt is too long: 20001 tokens > 20000 maximum"


def test_a_limit_given_as_text_stands_as_it_is() -> None:
    assert "rate limit of 50 requests per" in KINDS["rate_limited"].text({"limit": "50", "unit": "requests per minute"})


def test_what_is_given_replaces_what_the_kind_says() -> None:
    data = errors.body(KINDS["overloaded"], request_id="r", type="api_error", message="{not filled}", details={"a": 1})

    assert read(data)["error"] == {"type": "api_error", "message": "{not filled}", "details": {"a": 1}}


def test_a_code_stands_in_the_details_behind_the_message() -> None:
    error = read(errors.body(KINDS["spend_limited"], request_id="r"))["error"]

    assert list(error) == ["type", "message", "details"]
    assert error["details"]["error_code"] == "enforced_spend_limit_reached"


def test_pages_of_the_edge_are_html_with_the_status_in_them() -> None:
    page = errors.body(KINDS["bad_gateway"], request_id="r", message="<b>").decode()

    assert page.startswith("<!DOCTYPE html>")
    assert "502" in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page


def test_an_error_inside_a_stream_has_null_details_first() -> None:
    payload = errors.stream_error("overloaded_error", "Overloaded", request_id="req_1")

    expected = '{"type":"error","error":{"details":null,"type":"overloaded_error","message":"Overloaded"},"request_id":"req_1"}'
    assert json.dumps(payload, separators=(",", ":")) == expected


@pytest.mark.parametrize(
    ("name", "should_retry"),
    [
        ("rate_limited", True),
        ("overloaded", True),
        ("invalid_request", False),
        ("invalid_api_key", False),
        ("internal_error", None),
        ("bad_gateway", None),
        ("request_too_large", None),
        ("conflict", None),
    ],
)
def test_kinds_say_whether_to_try_again_where_that_is_known(name: str, should_retry: bool | None) -> None:
    assert KINDS[name].should_retry is should_retry


def test_only_limits_that_pass_have_a_retry_after() -> None:
    hinted = {name for name, kind in KINDS.items() if kind.retry_after}

    assert {"rate_limited", "acceleration_limited", "concurrency_limited"} <= hinted
    assert "spend_limited" not in hinted


def test_a_name_given_twice_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="one name"):
        defined(KINDS["billing"], KINDS["billing"])
