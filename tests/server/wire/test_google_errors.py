"""Google's shape of an error, and who of platform and model says which."""

from __future__ import annotations

import json

import pytest

from windtunnel_server.wire import google_errors
from windtunnel_server.wire.errors import KINDS, by_status
from windtunnel_server.wire.google_errors import CODES, platform_error


def code(kind: str) -> str | None:
    error = platform_error(KINDS[kind])
    return None if error is None else error.code


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("rate_limited", "RESOURCE_EXHAUSTED"),
        ("concurrency_limited", "RESOURCE_EXHAUSTED"),
        ("invalid_api_key", "UNAUTHENTICATED"),
        ("oauth_expired", "UNAUTHENTICATED"),
        ("permission_denied", "PERMISSION_DENIED"),
        ("not_found", "NOT_FOUND"),
        ("model_not_found", "NOT_FOUND"),
        ("request_too_large", "INVALID_ARGUMENT"),
        ("internal_error", "INTERNAL"),
        ("unavailable", "UNAVAILABLE"),
        ("gateway_timeout", "DEADLINE_EXCEEDED"),
        ("client_closed_request", "CANCELLED"),
    ],
)
def test_what_the_platform_says_has_a_code_of_its_own(kind: str, expected: str):
    assert code(kind) == expected


@pytest.mark.parametrize("kind", ["invalid_request", "prompt_too_long", "overloaded", "conflict", "tool_name_conflict"])
def test_what_the_models_side_says_passes_through(kind: str):
    assert code(kind) is None


def test_a_credential_that_was_taken_back_is_a_401_here():
    error = platform_error(KINDS["oauth_revoked"])

    assert error is not None and error.status == 401


def test_every_code_is_one_of_googles():
    for kind in KINDS.values():
        error = platform_error(kind)

        assert error is None or error.is_page or error.code in CODES


def test_the_edge_of_another_house_answers_nothing_here():
    statuses = {error.status for status in range(520, 525) if (error := platform_error(by_status(status))) is not None}

    assert statuses == {502}


def test_a_body_is_indented_and_says_code_and_status():
    body = google_errors.body(429, "RESOURCE_EXHAUSTED", "Quota exceeded.")

    assert body.startswith(b'{\n  "error": {\n    "code": 429,\n')
    assert json.loads(body) == {"error": {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED"}}


def test_on_streaming_routes_it_stands_in_a_list():
    body = google_errors.body(503, "UNAVAILABLE", "Later.", in_array=True)

    assert body.startswith(b"[{\n") and body.endswith(b"}\n]\n")
    assert json.loads(body)[0]["error"]["code"] == 503


def test_a_reason_is_told_with_its_domain():
    body = google_errors.body(401, "UNAUTHENTICATED", "Who?", reason="ACCESS_TOKEN_EXPIRED", metadata={"service": "x"})

    assert json.loads(body)["error"]["details"] == [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": "ACCESS_TOKEN_EXPIRED",
            "domain": "googleapis.com",
            "metadata": {"service": "x"},
        }
    ]


def test_words_whose_values_are_missing_are_still_words():
    error = platform_error(KINDS["rate_limited"])

    assert error is not None
    assert "{" not in error.text({}) and "Quota exceeded" in error.text({})
