"""Who gets in at Foundry's door."""

from __future__ import annotations

import pytest

from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.identity.entra import AUDIENCES, Entra
from windtunnel_server.identity.entra.gate import EntraGate


@pytest.fixture
def entra() -> Entra:
    return Entra(VirtualClock())


def kind(gate: EntraGate, **headers: str) -> str | None:
    problem = gate.check([(name.replace("_", "-"), value) for name, value in headers.items()])
    return None if problem is None else problem.kind


@pytest.mark.parametrize("name", ["x_api_key", "api_key", "X_Api_Key"])
def test_a_key_counts_in_either_header(entra: Entra, name: str):
    gate = EntraGate(ApiKeys(frozenset({"good"})), entra)

    assert kind(gate, **{name: "good"}) is None
    assert kind(gate, **{name: "bad"}) == "invalid_api_key"


def test_any_key_is_good_where_none_are_named(entra: Entra):
    assert kind(EntraGate(ApiKeys(), entra), api_key="whatever") is None


def test_a_token_is_good_when_entra_has_given_it(entra: Entra):
    gate = EntraGate(ApiKeys(frozenset()), entra)

    assert kind(gate, authorization=f"Bearer {entra.issue(AUDIENCES[0])}") is None
    assert kind(gate, authorization="Bearer whatever") == "invalid_bearer_token"


def test_a_wrong_key_is_not_made_good_by_a_token(entra: Entra):
    gate = EntraGate(ApiKeys(frozenset()), entra)

    assert kind(gate, x_api_key="bad", authorization=f"Bearer {entra.issue(AUDIENCES[0])}") == "invalid_api_key"


@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic abc"}, {"x_api_key": ""}])
def test_without_either_nobody_gets_in(entra: Entra, headers: dict[str, str]):
    assert kind(EntraGate(ApiKeys(), entra), **headers) == "missing_api_key"
