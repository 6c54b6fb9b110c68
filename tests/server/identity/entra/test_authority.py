"""Discovery and the token endpoint, and the words of each refusal."""

from __future__ import annotations

import json
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity import jwt
from windtunnel_server.identity.entra import AUDIENCES, Entra
from windtunnel_server.identity.entra.authority import EntraAuthority
from windtunnel_server.journal import mask_body
from windtunnel_server.plan import Plan
from windtunnel_server.script import Step
from windtunnel_server.words import fail

HOST = (("host", "login.test:1"),)


@pytest.fixture
def entra() -> Entra:
    return Entra(VirtualClock())


@pytest.fixture
def authority(entra: Entra) -> EntraAuthority:
    return EntraAuthority(entra)


def ask(authority: EntraAuthority, call: Call, step: Step | None = None) -> Plan:
    assert authority.is_for(call)
    return authority.answer(call, lambda endpoint: step if endpoint == "token" else None, Random(0))


def get(authority: EntraAuthority, path: str, query: str = "") -> Any:
    plan = ask(authority, Call("GET", path, query, HOST, scheme="https"))
    return json.loads(plan.body) | {"status": plan.status}


def posting(entra: Entra, *, tenant: str | None = None, **changes: str | None) -> Call:
    form: dict[str, str | None] = {
        "grant_type": "client_credentials",
        "client_id": entra.client_id,
        "client_secret": entra.client_secret,
        "scope": f"{AUDIENCES[0]}/.default",
    }
    body = urlencode({name: value for name, value in (form | changes).items() if value is not None}).encode()
    return Call("POST", f"/{tenant or entra.tenant_id}/oauth2/v2.0/token", headers=HOST, body=body, scheme="https")


def refusal(authority: EntraAuthority, call: Call) -> tuple[int | None, str, int]:
    plan = ask(authority, call)
    said = json.loads(plan.body)
    assert plan.notes == {"error_type": said["error"], "answered_by": "refused"}
    assert said["error_description"].startswith(f"AADSTS{said['error_codes'][0]}: ")
    assert said["trace_id"] in said["error_description"]
    assert said["correlation_id"] in said["error_description"]
    return plan.status, said["error"], said["error_codes"][0]


def test_a_secret_is_exchanged_for_a_token(authority: EntraAuthority, entra: Entra):
    call = posting(entra)

    plan = ask(authority, call)

    said = json.loads(plan.body)
    assert (plan.status, said["token_type"], said["expires_in"]) == (200, "Bearer", 3599)
    assert entra.admits(said["access_token"])
    assert plan.notes["confidential"] is True
    assert entra.client_secret not in repr(mask_body(call.json))


def test_an_assertion_is_exchanged_for_a_token(authority: EntraAuthority, entra: Entra):
    plan = ask(authority, posting(entra, client_secret=None, **asserting(entra.assertion())))

    assert entra.admits(json.loads(plan.body)["access_token"])


def asserting(assertion: str) -> dict[str, str]:
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return {"client_assertion": assertion, "client_assertion_type": kind}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"grant_type": None}, (400, "invalid_request", 900144)),
        ({"client_id": None}, (400, "invalid_request", 900144)),
        ({"scope": None}, (400, "invalid_request", 900144)),
        ({"grant_type": "password"}, (400, "unsupported_grant_type", 70003)),
        ({"client_id": "somebody"}, (400, "unauthorized_client", 700016)),
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
        ({"client_secret": None}, (401, "invalid_client", 7000218)),
        ({"scope": AUDIENCES[0]}, (400, "invalid_scope", 1002012)),
        ({"scope": "https://nobody.example/.default"}, (400, "invalid_resource", 500011)),
        ({"tenant": "somewhere"}, (400, "invalid_request", 90002)),
    ],
)
def test_a_refusal_has_a_code_of_its_own(authority: EntraAuthority, entra: Entra, changes: Any, expected: Any):
    assert refusal(authority, posting(entra, **changes)) == expected


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ({"sub": "somebody"}, 700213),
        ({"aud": "https://somewhere.example"}, 700213),
        ({"iss": "https://somebody.example"}, 700213),
        ({"exp": 0}, 700024),
        ({"nbf": 9_999_999_999}, 700024),
        ({"exp": "soon"}, 700024),
    ],
)
def test_an_assertion_that_does_not_fit_is_refused(authority: EntraAuthority, entra: Entra, claims: Any, code: int):
    call = posting(entra, client_secret=None, **asserting(entra.assertion(**claims)))

    assert refusal(authority, call) == (401, "invalid_client", code)


def test_an_assertion_that_somebody_else_has_signed_is_refused(authority: EntraAuthority, entra: Entra):
    call = posting(entra, client_secret=None, **asserting(Entra(VirtualClock(), seed=5).assertion()))

    assert refusal(authority, call) == (401, "invalid_client", 50013)


def test_a_disabled_application_and_an_ended_secret_are_told_apart(authority: EntraAuthority, entra: Entra):
    old = entra.client_secret
    entra.expire_secret()
    ended = refusal(authority, posting(entra, client_secret=old))
    entra.disabled = True

    assert ended == (401, "invalid_client", 7000222)
    assert refusal(authority, posting(entra)) == (400, "unauthorized_client", 7000112)


def test_discovery_leads_back_to_where_the_client_found_it(authority: EntraAuthority, entra: Entra):
    asked = urlencode({"authorization_endpoint": f"https://login.test:1/{entra.tenant_id}/oauth2/v2.0/authorize"})

    found = get(authority, "/common/discovery/instance", asked)
    configuration = get(authority, f"/{entra.tenant_id}/v2.0/.well-known/openid-configuration")

    base = f"https://login.test:1/{entra.tenant_id}"
    assert found["tenant_discovery_endpoint"] == f"{base}/v2.0/.well-known/openid-configuration"
    assert configuration["token_endpoint"] == f"{base}/oauth2/v2.0/token"
    assert get(authority, f"/{entra.tenant_id}/discovery/v2.0/keys")["keys"] == [jwt.published(entra.key)]


def test_a_tenant_that_is_not_there_has_no_configuration(authority: EntraAuthority):
    assert get(authority, "/somewhere/v2.0/.well-known/openid-configuration")["status"] == 400


@pytest.mark.parametrize("path", ["/v1/messages", "/oauth2/v2.0/token", "/a/b/oauth2/v2.0/token", "/v1/oauth/token"])
def test_what_is_somebody_elses_is_left_to_them(authority: EntraAuthority, path: str):
    assert not authority.is_for(Call("POST", path))


def test_a_script_fails_it_in_its_own_shape_and_spends_nothing(authority: EntraAuthority, entra: Entra):
    step = fail(429, on="token", retry_after=7, message="Slow down.", headers={"x-more": "1"})

    plan = ask(authority, posting(entra), step)

    said = json.loads(plan.body)
    assert plan.head is not None
    assert (plan.status, said["error"], plan.head.header("retry-after"), plan.head.header("x-more")) == (
        429,
        "temporarily_unavailable",
        "7",
        "1",
    )
    assert said["error_description"].startswith("AADSTS90055: Slow down.")
    assert plan.notes == {"error_type": "temporarily_unavailable"}


@pytest.mark.parametrize("status", [400, 401, 403, 408, 429, 500, 503, 504])
def test_every_status_has_a_code(authority: EntraAuthority, entra: Entra, status: int):
    plan = ask(authority, posting(entra), fail(status, on="token"))

    said = json.loads(plan.body)
    assert plan.status == status
    assert said["error_description"].startswith(f"AADSTS{said['error_codes'][0]}: ")


def test_discovery_takes_no_step(authority: EntraAuthority, entra: Entra):
    path = f"/{entra.tenant_id}/v2.0/.well-known/openid-configuration"

    assert ask(authority, Call("GET", path, headers=HOST), fail(500, on="token")).status == 200
