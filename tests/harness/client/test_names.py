"""What models are called on the clouds, held against what the fake's doors know them by."""

from __future__ import annotations

import pytest

from windtunnel.client import names
from windtunnel_server.model import models
from windtunnel_server.providers.bedrock.models import find as find_on_bedrock
from windtunnel_server.providers.vertex.request import find_model as find_on_vertex

KNOWN = [*names._BEDROCK, *names._DATED]


@pytest.mark.parametrize("model", KNOWN)
def test_a_known_model_is_the_same_one_on_every_cloud(model: str) -> None:
    meant = models.find(model)
    on_bedrock = find_on_bedrock(names.on_bedrock(model))

    assert meant is not None
    assert on_bedrock is not None and on_bedrock.named.model is meant
    assert find_on_vertex(names.on_vertex(model)) is meant
    assert names.as_it_is(model) == model


def test_newer_models_are_asked_for_by_the_widest_profile() -> None:
    assert names.on_bedrock("claude-sonnet-4-6") == "global.anthropic.claude-sonnet-4-6"
    assert names.on_bedrock("claude-opus-4-1").startswith("us.")


@pytest.mark.parametrize(
    "name", ["arn:aws:bedrock:us-east-1:111122223333:inference-profile/x", "eu.anthropic.claude-x", "claude-next"]
)
def test_a_name_that_is_not_known_stays_as_it_is(name: str) -> None:
    assert names.on_bedrock(name) == name
    assert names.on_vertex(name) == name
