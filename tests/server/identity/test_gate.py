"""Who gets in where there are keys and tokens."""

from __future__ import annotations

import pytest

from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.identity.gate import Gate
from windtunnel_server.identity.oauth import API_BETA, OAuth


@pytest.fixture
def oauth() -> OAuth:
    return OAuth(VirtualClock())


def refusal(gate: Gate, *headers: tuple[str, str]) -> str | None:
    problem = gate.check([*headers, ("anthropic-beta", API_BETA)])
    return None if problem is None else problem.kind


def test_keys_and_tokens_get_in_side_by_side(oauth: OAuth):
    gate = Gate(ApiKeys(frozenset({"good"})), oauth)

    assert refusal(gate, ("x-api-key", "good")) is None
    assert refusal(gate, ("Authorization", "Bearer good")) is None
    assert refusal(gate, ("Authorization", f"Bearer {oauth.login().access_token}")) is None
    assert refusal(gate, ("Authorization", "Bearer sk-ant-oat01-made-up")) == "invalid_bearer_token"
    assert refusal(gate, ("Authorization", "Bearer bad")) == "invalid_bearer_key"
    assert refusal(gate) == "missing_api_key"


def test_of_a_key_and_a_token_the_key_decides(oauth: OAuth):
    gate, token = Gate(ApiKeys(frozenset({"good"})), oauth), oauth.login().access_token

    assert refusal(gate, ("Authorization", f"Bearer {token}"), ("x-api-key", "bad")) == "invalid_api_key"


def test_without_logins_a_token_is_a_key_like_any_other():
    assert refusal(Gate(ApiKeys()), ("Authorization", "Bearer sk-ant-oat01-made-up")) is None
