"""Managed identity in its two dialects."""

from __future__ import annotations

import json
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity.entra import AUDIENCES, Entra
from windtunnel_server.identity.entra.metadata import APP_SERVICE, MACHINE, ManagedIdentity
from windtunnel_server.plan import Plan
from windtunnel_server.script import Step
from windtunnel_server.words import fail


@pytest.fixture
def entra() -> Entra:
    return Entra(VirtualClock(), lifetime_s=600.0)


def ask(entra: Entra, path: str, step: Step | None = None, *, headers: Any = None, **changes: str | None) -> Plan:
    asked: dict[str, str | None] = {"api-version": "2019-08-01", "resource": AUDIENCES[0]}
    query = urlencode({name: value for name, value in (asked | changes).items() if value is not None})
    if headers is None:
        headers = (("Metadata", "true"), ("X-IDENTITY-HEADER", entra.identity_header))
    call = Call("GET", path, query, headers)
    issuer = ManagedIdentity(entra)
    assert issuer.is_for(call)
    return issuer.answer(call, lambda endpoint: step if endpoint == "token" else None, Random(0))


@pytest.mark.parametrize(
    ("path", "more"), [(APP_SERVICE, set()), (MACHINE, {"expires_in", "ext_expires_in", "not_before"})]
)
def test_a_token_with_its_numbers_as_text(entra: Entra, path: str, more: set[str]):
    plan = ask(entra, path)

    said = json.loads(plan.body)
    assert set(said) == {"access_token", "client_id", "expires_on", "resource", "token_type"} | more
    assert said["expires_on"] == str(int(VirtualClock().start) + 600)
    assert entra.admits(said["access_token"])
    assert plan.notes["confidential"] is True


@pytest.mark.parametrize(
    ("path", "options", "status", "words"),
    [
        (MACHINE, {"headers": ()}, 400, "Required metadata header not specified"),
        (APP_SERVICE, {"headers": ()}, 401, "X-IDENTITY-HEADER"),
        (APP_SERVICE, {"headers": (("X-IDENTITY-HEADER", "wrong"),)}, 401, "X-IDENTITY-HEADER"),
        (MACHINE, {"api-version": None}, 400, "api-version"),
        (MACHINE, {"resource": None}, 400, "resource"),
        (MACHINE, {"client_id": "somebody"}, 400, "Identity not found"),
        (APP_SERVICE, {"client_id": "somebody"}, 400, "Identity not found"),
        (MACHINE, {"resource": "https://nobody.example"}, 400, "AADSTS500011"),
        (APP_SERVICE, {"resource": "https://nobody.example"}, 500, "AADSTS500011"),
    ],
)
def test_a_request_that_was_made_wrongly(entra: Entra, path: str, options: Any, status: int, words: str):
    plan = ask(entra, path, fail(503, on="token"), **options)

    said = json.loads(plan.body)
    assert plan.status == status
    assert words in (said["error_description"] if path == MACHINE else said["message"])
    assert plan.notes["answered_by"] == "refused"


def test_an_identity_may_be_named(entra: Entra):
    assert ask(entra, MACHINE, client_id=entra.client_id).status == 200


def test_each_dialect_fails_in_its_own_shape(entra: Entra):
    step = fail(429, on="token", retry_after=3)

    machine, app = ask(entra, MACHINE, step), ask(entra, APP_SERVICE, step)

    assert json.loads(machine.body) == {"error": "too_many_requests", "error_description": "Too many requests"}
    assert json.loads(app.body) == {"statusCode": 429, "message": "Too many requests"}
    assert machine.head is not None
    assert machine.head.header("retry-after") == "3"


@pytest.mark.parametrize("path", ["/metadata/instance", "/latest/meta-data/", "/computeMetadata/v1/", "/msi"])
def test_what_is_somebody_elses_is_left_to_them(entra: Entra, path: str):
    assert not ManagedIdentity(entra).is_for(Call("GET", path))
