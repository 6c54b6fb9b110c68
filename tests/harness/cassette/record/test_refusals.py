"""Refusals of a recorder's own are in the words of the provider that was asked."""

from __future__ import annotations

import json

import pytest

from windtunnel.cassette.interaction import header
from windtunnel.cassette.record.refusals import refusal


@pytest.mark.parametrize(
    ("provider", "status", "expected", "amazon"),
    [
        ("anthropic", 400, {"type": "error", "error": {"type": "invalid_request_error", "message": "no"}}, None),
        ("anthropic", 502, {"type": "error", "error": {"type": "api_error", "message": "no"}}, None),
        ("", 502, {"type": "error", "error": {"type": "api_error", "message": "no"}}, None),
        ("vertex", 400, {"error": {"code": 400, "message": "no", "status": "INVALID_ARGUMENT"}}, None),
        ("vertex", 502, {"error": {"code": 502, "message": "no", "status": "UNAVAILABLE"}}, None),
        ("bedrock", 400, {"message": "no"}, "ValidationException"),
        ("bedrock", 502, {"message": "no"}, "InternalServerException"),
    ],
)
def test_each_provider_has_its_envelope(provider: str, status: int, expected: object, amazon: str | None):
    said = refusal(provider, "no", status=status)

    assert (said.status, json.loads(said.body)) == (status, expected)
    assert header(said.headers, "x-should-retry") == "false"
    assert header(said.headers, "x-amzn-errortype") == amazon
    assert header(said.headers, "content-length") == str(len(said.body))
