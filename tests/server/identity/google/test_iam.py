"""Google's IAM credentials service: whoever may stands in for a service account."""

from __future__ import annotations

import json
from datetime import datetime
from random import Random
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity.google import SCOPE, Google
from windtunnel_server.identity.google.iam import GoogleIam, path
from windtunnel_server.plan import Plan
from windtunnel_server.script import ErrorSpec, Step


@pytest.fixture
def google() -> Google:
    return Google(VirtualClock(), lifetime_s=600.0)


def ask(google: Google, token: str, *, email: str | None = None, body: Any = None, step: Step | None = None) -> Plan:
    asked = {"scope": [SCOPE], "lifetime": "3600s"} if body is None else body
    headers = (("authorization", f"Bearer {token}"),)
    call = Call("POST", path(email or google.target_email), headers=headers, body=json.dumps(asked).encode())
    return GoogleIam(google).answer(call, lambda endpoint: step, Random(0))


def test_a_token_for_the_account_is_handed_out(google: Google):
    plan = ask(google, google.issue("somebody").access_token)

    said = json.loads(plan.body)
    assert plan.notes["confidential"] is True
    assert google.owner(said["accessToken"]) == google.target_email
    ends = datetime.strptime(said["expireTime"], "%Y-%m-%dT%H:%M:%S%z")
    assert ends.timestamp() == int(google.now() + 600)


def test_who_is_not_known_is_refused(google: Google):
    assert (ask(google, "other").status, ask(google, "other").notes["error_type"]) == (401, "UNAUTHENTICATED")


def test_who_may_not_is_refused(google: Google):
    token = google.issue("somebody").access_token

    assert ask(google, token, email="another@x.invalid").status == 403
    google.denied.add("somebody")
    assert ask(google, token).status == 403


@pytest.mark.parametrize("body", [{}, {"scope": "text"}, [], {"scope": []}])
def test_a_request_without_scopes_is_refused(google: Google, body: Any):
    plan = ask(google, google.issue().access_token, body=body)

    assert plan.status == 400 and json.loads(plan.body)["error"]["status"] == "INVALID_ARGUMENT"


def test_a_script_may_let_it_fail_in_googles_shape(google: Google):
    plan = ask(google, "any", step=Step(on="token", error=ErrorSpec(kind="rate_limited")))

    assert json.loads(plan.body)["error"]["status"] == "RESOURCE_EXHAUSTED"


def test_it_knows_its_address(google: Google):
    iam = GoogleIam(google)

    assert iam.is_for(Call("POST", path("a@b.invalid")))
    assert not iam.is_for(Call("POST", path("a@b.invalid").replace("generateAccessToken", "signJwt")))
