"""What a request asks for, wherever it is asked."""

from __future__ import annotations

import pytest

from windtunnel.cassette.interaction import Request
from windtunnel.cassette.match.asked import Asked, from_request, place_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/v1/messages", "/anthropic/v1/messages"),
        (
            "/v1/projects/real/locations/us-east5/publishers/anthropic/models/m:rawPredict",
            "/projects/fake/locations/global/publishers/anthropic/models/m:rawPredict",
        ),
        (
            "/v1/projects/p/locations/l/workspaces/w/invoke/v1/messages",
            "/v1/messages",
        ),
        ("/model/anthropic.claude-v1%3A0/invoke", "/model/anthropic.claude-v1:0/invoke"),
        (
            "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A111122223333%3Ainference-profile%2Fx/invoke",
            "/model/arn:aws:bedrock:eu-west-1:000000000000:inference-profile/x/invoke",
        ),
    ],
)
def test_gateways_projects_accounts_and_quoting_make_no_difference(one: str, other: str) -> None:
    assert place_of(one) == place_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/v1/messages", "/v1/messages/count_tokens"),
        ("/v1/models/a", "/v1/models/b"),
        ("/model/a/invoke", "/model/b/invoke"),
        ("/model/a/invoke", "/model/a/converse"),
        (
            "/v1/projects/p/locations/l/publishers/anthropic/models/m:rawPredict",
            "/v1/projects/p/locations/l/publishers/anthropic/models/m:streamRawPredict",
        ),
        ("/oauth2/token", "/latest/api/token"),
    ],
)
def test_what_is_asked_for_makes_a_difference(one: str, other: str) -> None:
    assert place_of(one) != place_of(other)


def test_a_recorded_request_is_taken_apart() -> None:
    asked = from_request(
        Request(method="POST", uri="https://api.anthropic.com/v1/messages?beta=true&b=2&a=1", body=b"x")
    )

    assert (asked.path, asked.parameters, asked.body) == ("/v1/messages", (("a", "1"), ("b", "2")), b"x")


def test_a_body_is_read_once() -> None:
    asked = Asked("POST", "/", body=b'{"a": 1}')

    assert asked.canonical is asked.canonical
