"""The kinds of credentials that settings offer are those that can be handed out."""

from __future__ import annotations

from typing import get_args

from windtunnel.environments import anthropic, aws, azure, google
from windtunnel_server.settings import CREDENTIALS, EXPIRING


def test_what_settings_offer_can_be_handed_out_and_nothing_else_can():
    assert {cloud: set(kinds) for cloud, kinds in CREDENTIALS.items()} == {
        "anthropic": set(get_args(anthropic.Credential)),
        "bedrock": set(aws.CREDENTIALS),
        "vertex": set(google.CREDENTIALS),
        "foundry": set(azure.CREDENTIALS),
    }


def test_every_cloud_has_one_that_expires():
    assert {cloud: kind in CREDENTIALS[cloud] for cloud, kind in EXPIRING.items()} == dict.fromkeys(CREDENTIALS, True)
