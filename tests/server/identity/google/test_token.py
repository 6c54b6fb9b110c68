"""Google's token endpoint: assertions and refresh tokens. The real google-auth meets it in the acceptance tests."""

from __future__ import annotations

import json
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity import jwt
from windtunnel_server.identity.google import CLIENT_ID, CLIENT_SECRET, SCOPE, TOKEN_AUDIENCE, Google
from windtunnel_server.identity.google.token import PATH, GoogleToken
from windtunnel_server.plan import Plan
from windtunnel_server.script import ErrorSpec, Step

JWT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture
def google() -> Google:
    return Google(VirtualClock())


def ask(google: Google, step: Step | None = None, **fields: str) -> Plan:
    call = Call("POST", PATH, body=urlencode(fields).encode())
    return GoogleToken(google).answer(call, lambda endpoint: step, Random(0))


def assertion(google: Google, **claims: Any) -> str:
    at = int(google.now())
    said = {"iss": google.email, "aud": TOKEN_AUDIENCE, "iat": at, "exp": at + 3600, "scope": SCOPE}
    return jwt.signed(said | claims, google.key("service account"))


def said(plan: Plan) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(plan.body)
    return value


def test_a_good_assertion_is_worth_a_token(google: Google):
    plan = ask(google, grant_type=JWT, assertion=assertion(google))

    assert plan.status == 200 and plan.notes["confidential"] is True
    assert said(plan)["expires_in"] == 3600
    assert google.is_good(said(plan)["access_token"])


@pytest.mark.parametrize(
    ("claims", "code", "words"),
    [
        ({"iss": "nobody@x.invalid"}, "invalid_grant", "account not found"),
        ({"aud": "https://elsewhere.invalid"}, "invalid_grant", "audience"),
        ({"iat": 0, "exp": 3600}, "invalid_grant", "reasonable timeframe"),
        ({"exp": 9_999_999_999}, "invalid_grant", "60 minutes"),
        ({"scope": ""}, "invalid_scope", "scope"),
    ],
)
def test_a_wrong_claim_is_refused(google: Google, claims: dict[str, Any], code: str, words: str):
    plan = ask(google, grant_type=JWT, assertion=assertion(google, **claims))

    assert plan.status == 400 and plan.notes["error_type"] == code
    assert said(plan)["error"] == code and words in said(plan)["error_description"]


def test_an_assertion_may_live_for_an_hour_and_no_second_longer(google: Google):
    at = int(google.now())

    assert ask(google, grant_type=JWT, assertion=assertion(google, iat=at, exp=at + 3600)).status == 200
    assert ask(google, grant_type=JWT, assertion=assertion(google, iat=at, exp=at + 3601)).status == 400


@pytest.mark.parametrize("token", ["", "a.b.c", "nonsense"])
def test_nonsense_is_refused(google: Google, token: str):
    assert said(ask(google, grant_type=JWT, assertion=token))["error_description"] == "Invalid JWT: Failed to parse."


def test_another_key_is_refused(google: Google):
    other = jwt.signed(jwt.read(assertion(google)) or {}, google.key("identity provider"))

    assert said(ask(google, grant_type=JWT, assertion=other))["error_description"] == "Invalid JWT Signature."


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({}, 200, None),
        ({"refresh_token": "other"}, 400, "invalid_grant"),
        ({"client_secret": "other"}, 401, "invalid_client"),
        ({"client_id": "other"}, 401, "invalid_client"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_login_is_renewed(google: Google, changes: dict[str, str], status: int, code: str | None):
    fields = {
        "grant_type": "refresh_token",
        "refresh_token": google.refresh_token,
        "client_id": CLIENT_ID,
        "client_secret": CLIENT_SECRET,
    }

    plan = ask(google, **fields | changes)

    assert plan.status == status
    assert said(plan).get("error") == code


def test_a_script_may_let_it_fail(google: Google):
    step = Step(on="token", error=ErrorSpec(kind="unavailable"))

    plan = ask(google, step, grant_type=JWT, assertion=assertion(google))

    assert plan.status == 503 and said(plan)["error"] == "temporarily_unavailable"


def test_it_knows_its_address(google: Google):
    assert GoogleToken(google).is_for(Call("POST", PATH))
    assert not GoogleToken(google).is_for(Call("POST", "/v1/oauth/token"))
