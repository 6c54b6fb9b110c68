"""Which assertions are exchanged."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any

import pytest

from windtunnel_server.identity.federation import Rule, Workload, workload

AT = 1_800_000_000.0


@pytest.fixture(scope="module")
def own() -> Workload:
    return workload(0, max_assertion_s=3600.0)


def asked(own: Workload, **changes: Any) -> dict[str, Any]:
    body = {
        "assertion": own.assertion(AT),
        "federation_rule_id": own.rule.id,
        "organization_id": own.rule.organization_id,
        "service_account_id": own.rule.service_account_id,
    }
    return {name: value for name, value in (body | changes).items() if value is not None}


def refusal(rule: Rule, body: dict[str, Any], at: float = AT) -> str | None:
    refused = rule.refusal(body, at)
    return None if refused is None else refused[0]


def test_a_good_assertion_is_exchanged(own: Workload):
    assert refusal(own.rule, asked(own)) is None


@pytest.mark.parametrize("name", ["assertion", "federation_rule_id", "organization_id", "service_account_id"])
@pytest.mark.parametrize("value", [None, "", 7])
def test_every_field_is_required(own: Workload, name: str, value: Any):
    assert own.rule.refusal(asked(own) | {name: value}, AT) == ("invalid_request", f"{name}: Field required")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"federation_rule_id": "rule_1"}, "invalid_request"),
        ({"federation_rule_id": "fdrl_1"}, "invalid_grant"),
        ({"organization_id": "another"}, "invalid_grant"),
        ({"service_account_id": "svac_1"}, "invalid_grant"),
        ({"workspace_id": "wrkspc_1"}, "invalid_grant"),
        ({"workspace_id": "default"}, None),
    ],
)
def test_the_names_must_be_those_of_the_rule(own: Workload, changes: dict[str, str], error: str | None):
    assert refusal(own.rule, asked(own, **changes)) == error


def test_a_rule_for_several_workspaces_has_to_be_told_which(own: Workload):
    rule = replace(own.rule, workspaces=("wrkspc_1", "wrkspc_2"))

    assert rule.refusal(asked(own), AT) == ("invalid_request", "workspace_id_required")
    assert refusal(rule, asked(own, workspace_id="wrkspc_2")) is None


@pytest.mark.parametrize(
    ("claims", "good"),
    [
        ({"iss": "https://issuer.windtunnel.invalid/"}, False),
        ({"aud": ["https://other.invalid", "https://api.anthropic.com"]}, True),
        ({"aud": "https://api.anthropic.com/"}, False),
        ({"sub": "System:serviceaccount:windtunnel:client"}, False),
        ({"sub": None}, False),
        ({"exp": AT - 29}, True),
        ({"exp": AT - 30}, False),
        ({"exp": AT + 3601}, False),
        ({"exp": "soon"}, False),
        ({"exp": True}, False),
        ({"exp": 10**400}, False),
        ({"iat": AT + 30}, True),
        ({"iat": AT + 31}, False),
        ({"nbf": AT + 31}, False),
        ({"nbf": AT - 5}, True),
        ({"nbf": "soon"}, False),
    ],
)
def test_the_claims_must_satisfy_the_rule(own: Workload, claims: dict[str, Any], good: bool):
    said = {"exp": int(AT) + 3000} | claims

    found = refusal(own.rule, asked(own, assertion=own.assertion(AT, **said)))

    assert found == (None if good else "invalid_grant")


def test_a_subject_may_be_a_beginning(own: Workload):
    rule = replace(own.rule, subject="system:serviceaccount:windtunnel:*")

    assert refusal(rule, asked(own)) is None
    assert refusal(rule, asked(own, assertion=own.assertion(AT, sub="system:other"))) == "invalid_grant"


def with_head(assertion: str, **changes: str) -> str:
    head, rest = assertion.split(".", 1)
    said = json.loads(base64.urlsafe_b64decode(head + "==")) | changes
    return base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode() + "." + rest


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: with_head(text, alg="none"),
        lambda text: with_head(text, alg="HS256"),
        lambda text: with_head(text, kid="another"),
        lambda text: text.rpartition(".")[0] + ".",
        lambda text: text.rpartition(".")[0],
        lambda text: text + "A",
        lambda text: text.replace(".", "..", 1),
        lambda text: "é" + text,
        lambda text: "\ud800" + text,
        lambda text: text + "A" * 16_384,
        lambda text: "W10.W10.W10",
    ],
    ids=range(11),
)
def test_a_spoilt_assertion_is_refused(own: Workload, spoil: Any):
    assert refusal(own.rule, asked(own, assertion=spoil(own.assertion(AT)))) == "invalid_grant"


def test_one_flipped_bit_of_the_signature_is_seen(own: Workload):
    signed, _, signature = own.assertion(AT).rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(signature + "=" * (-len(signature) % 4)))
    raw[17] ^= 1
    flipped = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

    assert refusal(own.rule, asked(own, assertion=f"{signed}.{flipped}")) == "invalid_grant"


def test_another_s_key_is_no_key(own: Workload):
    assert refusal(own.rule, asked(own, assertion=replace(own, _key=workload(1)._key).assertion(AT))) == "invalid_grant"


def test_a_seed_makes_the_same_workload_again(own: Workload):
    assert workload(0, max_assertion_s=3600.0) == own
    assert workload(1).rule.id != own.rule.id
