"""Google's security token service: exchanges and the logins of outsiders."""

from __future__ import annotations

import base64
import json
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity.google import CLIENT_ID, CLIENT_SECRET, SCOPE, Google
from windtunnel_server.identity.google.sts import LOGIN_PATH, PATH, GoogleSts
from windtunnel_server.plan import Plan
from windtunnel_server.script import ErrorSpec, Step


@pytest.fixture
def google() -> Google:
    return Google(VirtualClock())


def ask(
    google: Google, path: str, fields: dict[str, str], step: Step | None = None, secret: str = CLIENT_SECRET
) -> Plan:
    basic = base64.b64encode(f"{CLIENT_ID}:{secret}".encode()).decode()
    headers = (("Authorization", f"Basic {basic}"),)
    call = Call("POST", path, headers=headers, body=urlencode(fields).encode())
    return GoogleSts(google).answer(call, lambda endpoint: step, Random(0))


def exchange(google: Google, **changes: str) -> dict[str, str]:
    fields = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "audience": google.pool,
        "scope": SCOPE,
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "subject_token": google.subject_token(),
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
    }
    return fields | changes


def said(plan: Plan) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(plan.body)
    return value


def test_an_outside_token_is_worth_one_of_googles(google: Google):
    plan = ask(google, PATH, exchange(google))

    assert plan.status == 200 and plan.notes["confidential"] is True
    assert google.is_good(said(plan)["access_token"])
    assert said(plan)["issued_token_type"].endswith(":access_token")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"audience": "//iam.googleapis.com/elsewhere"}, "invalid_target"),
        ({"requested_token_type": "other"}, "invalid_request"),
        ({"subject_token_type": "other"}, "invalid_request"),
        ({"subject_token": "nonsense"}, "invalid_grant"),
    ],
)
def test_a_wrong_request_is_refused(google: Google, changes: dict[str, str], code: str):
    plan = ask(google, PATH, exchange(google, **changes))

    assert plan.status == 400 and said(plan)["error"] == code


@pytest.mark.parametrize("claims", [{"aud": "elsewhere"}, {"iat": 1, "exp": 2}, {"exp": 9_999_999_999}])
def test_an_outside_token_that_is_not_for_google_or_not_in_time_is_refused(google: Google, claims: dict[str, Any]):
    plan = ask(google, PATH, exchange(google, subject_token=google.subject_token(**claims)))

    assert said(plan)["error"] == "invalid_grant"


def test_an_outside_token_of_another_issuer_is_refused(google: Google):
    other = Google(VirtualClock(), seed=9).subject_token(aud=google.pool)

    assert "signature" in said(ask(google, PATH, exchange(google, subject_token=other)))["error_description"]


def test_a_login_is_renewed_for_a_known_application_alone(google: Google):
    fields = {"grant_type": "refresh_token", "refresh_token": google.refresh_token}

    assert ask(google, LOGIN_PATH, fields).status == 200
    assert said(ask(google, LOGIN_PATH, fields, secret="other"))["error"] == "invalid_client"
    assert said(ask(google, LOGIN_PATH, fields | {"refresh_token": "x"}))["error"] == "invalid_grant"
    assert said(ask(google, LOGIN_PATH, fields | {"grant_type": "x"}))["error"] == "unsupported_grant_type"


def test_a_script_may_let_it_fail(google: Google):
    plan = ask(google, PATH, exchange(google), Step(on="token", error=ErrorSpec(status=500)))

    assert plan.status == 500 and said(plan)["error"] == "internal_failure"


def test_it_knows_its_addresses(google: Google):
    sts = GoogleSts(google)

    assert [sts.is_for(Call("POST", path)) for path in (PATH, LOGIN_PATH, "/v1/token")] == [True, True, False]
