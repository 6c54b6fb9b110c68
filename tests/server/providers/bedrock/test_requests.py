from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.providers.bedrock import requests as bedrock_requests

BODY: dict[str, Any] = {
    "anthropic_version": "bedrock-2023-05-31",
    "anthropic_beta": ["effort-2025-11-24"],
    "max_tokens": 5,
    "messages": [],
}


def test_the_path_says_the_model_and_the_route_whether_to_stream() -> None:
    request = bedrock_requests.first_party(BODY, model="claude-opus-4-8", stream=True)

    assert request == {"model": "claude-opus-4-8", "max_tokens": 5, "messages": [], "stream": True}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, None),
        ({"anthropic_version": "2026-10-21"}, None),
        ({"anthropic_version": None}, "anthropic_version: Field required"),
        ({"anthropic_version": "2023-06-01"}, "anthropic_version: '2023-06-01' is not a valid version"),
        ({"model": "claude-opus-4-8"}, "model: Extra inputs are not permitted"),
        ({"stream": True}, "stream: Extra inputs are not permitted"),
        # What else is not there, the rules say.
        ({"cache_control": {"type": "ephemeral"}}, None),
    ],
)
def test_a_body_is_held_against_this_surface(changes: dict[str, Any], said: str | None) -> None:
    refused = bedrock_requests.refusal(BODY | changes)

    assert (refused.message if refused else None) == said


@pytest.mark.parametrize("body", [None, [], "text"])
def test_a_body_that_is_no_object_is_malformed(body: Any) -> None:
    refused = bedrock_requests.refusal(body)

    assert refused is not None
    assert refused.kind == "invalid_json"


def test_betas_are_those_of_the_body_and_only_listed_ones_pass() -> None:
    assert bedrock_requests.betas_of(BODY) == {"effort-2025-11-24"}
    assert bedrock_requests.betas_of({"anthropic_beta": "effort-2025-11-24"}) == frozenset()
    assert bedrock_requests.unknown_beta(bedrock_requests.betas_of(BODY)) is None
    refused = bedrock_requests.unknown_beta(frozenset({"mcp-servers-2025-12-04"}))
    assert refused is not None
    assert refused.message == "invalid beta flag"
