from __future__ import annotations

import pytest

from windtunnel_server.providers.bedrock import models as bedrock_models

SONNET = "anthropic.claude-sonnet-4-5-20250929-v1:0"


@pytest.mark.parametrize(
    ("name", "prefix"),
    [
        (SONNET, None),
        (f"us.{SONNET}", "us"),
        (f"global.{SONNET}", "global"),
        (f"arn:aws:bedrock:us-east-1:111122223333:inference-profile/eu.{SONNET}", "eu"),
        (f"arn:aws-us-gov:bedrock:us-gov-west-1::foundation-model/{SONNET}", None),
    ],
)
def test_a_model_is_found_by_id_profile_and_arn(name: str, prefix: str | None) -> None:
    found = bedrock_models.find(name)

    assert found is not None
    assert found.named.model.id == "claude-sonnet-4-5-20250929"
    assert found.prefix == prefix


@pytest.mark.parametrize(
    "name",
    [
        "claude-sonnet-4-5",
        f"mars.{SONNET}",
        "apac.anthropic.claude-opus-4-1-20250805-v1:0",
        f"arn:aws:bedrock:us-east-1:111122223333:application-inference-profile/{SONNET}",
        f"arn:aws:s3:::{SONNET}",
        "",
    ],
)
def test_what_bedrock_does_not_know_is_not_found(name: str) -> None:
    assert bedrock_models.find(name) is None


def test_every_id_and_profile_is_found_again() -> None:
    for named in bedrock_models.NAMED:
        assert bedrock_models.find(named.id) == bedrock_models.Found(named, None)
        for prefix in named.profiles:
            assert bedrock_models.find(named.profile(prefix)) == bedrock_models.Found(named, prefix)


@pytest.mark.parametrize(
    ("model", "prefix", "id"),
    [
        ("claude-sonnet-4-5", "us", f"us.{SONNET}"),
        ("claude-sonnet-4-5-20250929", "jp", f"jp.{SONNET}"),
        ("claude-opus-4-1", "eu", "us.anthropic.claude-opus-4-1-20250805-v1:0"),
        ("claude-2.1", "us", "anthropic.claude-v2:1"),
        ("claude-haiku-5-5", "us", None),
        ("gpt-4", "us", None),
    ],
)
def test_a_model_of_the_direct_api_has_an_id_here(model: str, prefix: str, id: str | None) -> None:
    assert bedrock_models.profile_of(model, prefix) == id
