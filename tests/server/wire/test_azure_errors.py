"""What Azure's gateway says by itself, and what it leaves to the model's side."""

from __future__ import annotations

import json

import pytest

from windtunnel_server.wire import azure_errors
from windtunnel_server.wire.errors import KINDS, by_status


def of(name: str, status: int | None = None) -> azure_errors.GatewayError | None:
    kind = KINDS[name]
    return azure_errors.of(kind, status or kind.status)


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("invalid_api_key", 401, "401"),
        ("missing_api_key", 401, "401"),
        ("invalid_bearer_token", 401, "401"),
        ("oauth_revoked", 401, "401"),
        ("model_not_found", 404, "DeploymentNotFound"),
        ("not_found", 404, "api_not_supported"),
        ("rate_limited", 429, "RateLimitReached"),
        ("concurrency_limited", 429, "RateLimitReached"),
        ("permission_denied", 403, "403"),
        ("request_timeout", 408, "Timeout"),
        ("request_too_large", 413, "RequestEntityTooLarge"),
        ("unavailable", 503, "ServiceUnavailable"),
        ("bad_gateway", 502, "BadGateway"),
        ("gateway_timeout", 504, "GatewayTimeout"),
        ("cloudflare_522", 522, "522"),
        ("edge_bad_request", 400, "400"),
    ],
)
def test_what_the_gateway_says(name: str, status: int, code: str):
    found = of(name)

    assert found is not None
    assert (found.status, found.code) == (status, code)


@pytest.mark.parametrize(
    "name", ["invalid_request", "prompt_too_long", "billing", "internal_error", "overloaded", "conflict"]
)
def test_what_the_models_side_says(name: str):
    assert of(name) is None


def test_a_bare_status_is_told_by_its_usual_kind():
    assert azure_errors.of(by_status(429), 429) == of("rate_limited")
    assert azure_errors.of(by_status(418), 418) is None


def test_no_kind_of_the_edge_is_left_to_the_models_side():
    assert all(of(kind.name) is not None for kind in KINDS.values() if kind.body != "api")


def test_two_shapes():
    keyed, tokened = of("invalid_api_key"), of("invalid_bearer_token")

    assert keyed is not None
    assert tokened is not None
    one = azure_errors.body(keyed, status=401, code="401", message="No.")
    other = azure_errors.body(tokened, status=401, code="401", message="No.")

    assert json.loads(one) == {"error": {"code": "401", "message": "No."}}
    assert json.loads(other) == {"statusCode": 401, "message": "No."}
