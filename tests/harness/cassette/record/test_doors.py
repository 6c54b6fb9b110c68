"""Whose an address is."""

from __future__ import annotations

import pytest

from windtunnel.cassette.record.doors import DOORS, door_of, provider_of


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("https://api.anthropic.com/v1/messages", "anthropic"),
        ("https://api.anthropic.com/v1/oauth/token", ""),
        ("https://bedrock-runtime.us-east-1.amazonaws.com/model/m/invoke", "bedrock"),
        ("https://bedrock-mantle.us-east-1.api.aws/anthropic/v1/messages", "bedrock-mantle"),
        ("https://aws-external-anthropic.us-east-1.api.aws/v1/messages", "aws"),
        ("https://aiplatform.googleapis.com/v1/projects/p", "vertex"),
        ("https://europe-west1-aiplatform.googleapis.com/v1/projects/p", "vertex"),
        ("https://aiplatform.eu.rep.googleapis.com/v1/projects/p", "vertex"),
        ("https://claude.googleapis.com/v1/projects/p", "google-cloud"),
        ("https://res.services.ai.azure.com/anthropic/v1/messages", "foundry"),
        ("https://sts.amazonaws.com/", ""),
        ("https://example.org/", ""),
        ("http://127.0.0.1:8/v1/messages/count_tokens?beta=true", "anthropic"),
        ("http://127.0.0.1:8/bedrock/model/m/invoke", "bedrock"),
        ("http://127.0.0.1:8/bedrock-mantle/anthropic/v1/messages", "bedrock-mantle"),
        ("http://127.0.0.1:8/model/m/converse-stream", "bedrock"),
        ("http://gw/x/publishers/anthropic/models/m:rawPredict", "vertex"),
    ],
)
def test_an_address_belongs_to_a_provider(uri, expected):
    assert provider_of(uri) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/messages", "anthropic"),
        ("/bedrock/model", "bedrock"),
        ("/bedrock-mantle/x", "bedrock-mantle"),
        ("/aws", "aws"),
    ],
)
def test_the_longest_door_is_the_one(path, expected):
    assert door_of(path, DOORS) == expected


def test_without_a_door_at_the_root_other_paths_lead_nowhere():
    assert door_of("/v1/messages", {"vertex": None}) is None
