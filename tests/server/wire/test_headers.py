from __future__ import annotations

import pytest

from windtunnel_server.wire import headers
from windtunnel_server.wire.errors import KINDS
from windtunnel_server.wire.headers import RateLimit, RateLimits, Stamp

STAMP = Stamp(
    at=1_787_150_060.9,
    request_id="req_1",
    organization_id="org-1",
    workspace_id="wrkspc_1",
    traceresponse="00-1-2-01",
    cf_ray="a1-VIE",
)
LIMITS = RateLimits(
    requests=RateLimit(50, 49, 1_787_150_060.2),
    tokens=RateLimit(48_000, 46_499, 1_787_150_060),
    input_tokens=RateLimit(40_000, 38_500, 1_787_150_060),
    output_tokens=RateLimit(8_000, -5, 1_787_150_060),
)


def names(found: headers.Headers) -> list[str]:
    return [name.lower() for name, _ in found]


def test_a_streamed_answer_has_the_recorded_headers_in_order() -> None:
    assert headers.message_stream(STAMP) == (
        ("Date", "Wed, 19 Aug 2026 14:34:20 GMT"),
        ("Content-Type", "text/event-stream; charset=utf-8"),
        ("Transfer-Encoding", "chunked"),
        ("Connection", "keep-alive"),
        ("Cache-Control", "no-cache"),
        ("request-id", "req_1"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
        ("anthropic-organization-id", "org-1"),
        ("anthropic-workspace-id", "wrkspc_1"),
        ("traceresponse", "00-1-2-01"),
        ("Server", "cloudflare"),
        ("vary", "Accept-Encoding"),
        ("cf-cache-status", "DYNAMIC"),
        ("X-Robots-Tag", "none"),
        ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
        ("CF-RAY", "a1-VIE"),
    )


def test_a_json_answer_is_chunked_and_may_be_cached() -> None:
    found = dict(headers.message_json(STAMP))

    assert found["Content-Type"] == "application/json"
    assert found["Transfer-Encoding"] == "chunked"
    assert "Cache-Control" not in found


def test_limits_stand_before_the_request_id_tokens_in_thousands() -> None:
    found = headers.message_json(STAMP, LIMITS)

    place = names(found).index("request-id")
    assert [value for name, value in found[:place] if name.endswith("-remaining")] == ["39000", "0", "49", "46000"]
    assert dict(found)["anthropic-ratelimit-requests-reset"] == "2026-08-19T14:34:20Z"
    assert [name for name in names(found) if name.endswith("-limit")] == [
        "anthropic-ratelimit-input-tokens-limit",
        "anthropic-ratelimit-output-tokens-limit",
        "anthropic-ratelimit-requests-limit",
        "anthropic-ratelimit-tokens-limit",
    ]


def test_a_limit_that_is_not_known_is_not_sent() -> None:
    found = headers.message_json(STAMP, RateLimits(requests=LIMITS.requests))

    assert len([name for name in names(found) if "ratelimit" in name]) == 3


def test_other_answers_have_neither_limits_nor_a_trace() -> None:
    found = names(headers.other_json(STAMP))

    assert "traceresponse" not in found
    assert not [name for name in found if "ratelimit" in name]
    assert "request-id" in found


def test_a_batch_result_says_it_is_lines_of_json() -> None:
    assert dict(headers.other_json(STAMP, content_type=headers.JSON_LINES))["Content-Type"] == "application/x-jsonl"


def error(name: str, **options: object) -> dict[str, str]:
    found = headers.error(KINDS[name], STAMP, content_length=9, **options)  # type: ignore[arg-type]
    return {key.lower(): value for key, value in found}


def test_a_401_does_not_name_the_organisation() -> None:
    assert "anthropic-organization-id" not in error("invalid_api_key")
    assert "anthropic-workspace-id" not in error("invalid_api_key")
    assert error("not_found")["anthropic-organization-id"] == "org-1"


@pytest.mark.parametrize("name", ["invalid_request", "invalid_api_key", "not_found", "overloaded"])
def test_limits_are_shown_on_429_only(name: str) -> None:
    assert not [key for key in error(name, limits=LIMITS) if "ratelimit" in key]
    assert len([key for key in error("rate_limited", limits=LIMITS) if "ratelimit" in key]) == 12


def test_a_429_says_try_again_and_when() -> None:
    found = error("rate_limited", limits=LIMITS, retry_after="7")

    assert (found["x-should-retry"], found["retry-after"]) == ("true", "7")
    place = list(found).index("retry-after")
    assert list(found)[place - 1] == "anthropic-ratelimit-requests-reset"


def test_retry_after_may_come_without_limits() -> None:
    assert error("overloaded", retry_after="2")["retry-after"] == "2"


def test_whether_to_try_again_can_be_overruled() -> None:
    assert error("rate_limited", should_retry=False)["x-should-retry"] == "false"
    assert error("invalid_request")["x-should-retry"] == "false"
    assert "x-should-retry" not in error("internal_error")


@pytest.mark.parametrize(
    ("name", "content_type"), [("bad_gateway", "text/html; charset=UTF-8"), ("request_too_large", "application/json")]
)
def test_the_edge_knows_the_length_and_no_request_id(name: str, content_type: str) -> None:
    found = error(name)

    assert found["content-type"] == content_type
    assert found["content-length"] == "9"
    assert "request-id" not in found
    assert "transfer-encoding" not in found
    assert (found["server"], found["cf-ray"]) == ("cloudflare", "a1-VIE")


def test_the_time_it_took_is_told_when_known() -> None:
    timed = Stamp(at=0, request_id="r", organization_id="o", cf_ray="c", origin_ms=292)

    assert dict(headers.other_json(timed))["server-timing"] == "x-originResponse;dur=292"
