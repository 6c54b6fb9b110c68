"""Who hands out Amazon's credentials, asked without a client: what they want to see, and how they refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any
from urllib.parse import urlencode

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity.aws import Aws
from windtunnel_server.identity.aws import container as aws_container
from windtunnel_server.identity.aws import sso as aws_sso
from windtunnel_server.identity.aws.keys import ACCOUNT, ROLE, ROLE_ARN
from windtunnel_server.plan import Plan
from windtunnel_server.script import Step
from windtunnel_server.words import fail

TOKEN_PATH = "/latest/api/token"
ROLES = "/latest/meta-data/iam/security-credentials/"
TTL = "x-aws-ec2-metadata-token-ttl-seconds"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def aws(clock: VirtualClock) -> Aws:
    return Aws(clock, lifetime_s=3600.0)


@pytest.fixture
def ask(aws: Aws) -> Callable[..., Plan]:
    """`ask("GET", "/path", step=None, query="", **headers)`: whoever the call is for answers it."""
    random = Random(0)

    def asked(
        method: str, path: str, body: bytes = b"", *, step: Step | None = None, query: str = "", **headers: str
    ) -> Plan:
        call = Call(method, path, query, tuple((n.replace("__", "_"), v) for n, v in headers.items()), body)
        [issuer] = [issuer for issuer in aws.issuers if issuer.is_for(call)]
        return issuer.answer(call, lambda endpoint: step if endpoint == "token" else None, random)

    return asked


@pytest.fixture
def metadata(ask: Callable[..., Plan]) -> Callable[..., Plan]:
    """Ask the metadata service with a token of its own."""

    def asked(path: str, **options: Any) -> Plan:
        token = ask("PUT", TOKEN_PATH, **{TTL: "60"}).body.decode()
        return ask("GET", path, **{"x-aws-ec2-metadata-token": token}, **options)

    return asked


# --- instance metadata ---------------------------------------------------------------------------------------------


def test_an_instance_learns_its_role_and_its_credentials(metadata: Callable[..., Plan], aws: Aws):
    assert metadata(ROLES).body == ROLE.encode()
    said = json.loads(metadata(ROLES + ROLE).body)

    assert said.keys() == {
        *("Code", "LastUpdated", "Type", "AccessKeyId"),
        *("SecretAccessKey", "Token", "Expiration"),
    }
    assert (said["Code"], said["Expiration"]) == ("Success", "2026-11-02T10:00:00Z")
    assert aws.keys.standing(said["AccessKeyId"]) == "good"


@pytest.mark.parametrize("path", [ROLES, ROLES + ROLE])
def test_the_first_version_of_the_metadata_service_is_off(ask: Callable[..., Plan], path: str):
    assert ask("GET", path).status == 401
    assert ask("GET", path, **{"x-aws-ec2-metadata-token": "made up"}).status == 401


def test_a_metadata_token_ends(ask: Callable[..., Plan], clock: VirtualClock):
    token = {"x-aws-ec2-metadata-token": ask("PUT", TOKEN_PATH, **{TTL: "60"}).body.decode()}

    clock.advance(59.0)
    assert ask("GET", ROLES, **token).status == 200
    clock.advance(1.0)
    assert ask("GET", ROLES, **token).status == 401


@pytest.mark.parametrize("ttl", [None, "", "0", "21601", "ten", "-1"])
def test_a_metadata_token_has_a_life_of_seconds(ask: Callable[..., Plan], ttl: str | None):
    headers = {} if ttl is None else {TTL: ttl}

    assert ask("PUT", TOKEN_PATH, **headers).status == 400


def test_an_instance_has_new_credentials_before_the_old_ones_end(metadata: Callable[..., Plan], clock: VirtualClock):
    def id() -> str:
        return str(json.loads(metadata(ROLES + ROLE).body)["AccessKeyId"])

    first = id()
    clock.advance(2700.0)
    assert id() == first
    clock.advance(1.0)
    assert id() != first


def test_what_an_instance_does_not_have_is_not_found(metadata: Callable[..., Plan]):
    assert metadata(ROLES + "other").status == 404
    assert metadata("/latest/meta-data/placement/region").body == b"us-east-1"


# --- containers ----------------------------------------------------------------------------------------------------


def test_a_container_proves_itself_by_its_token(ask: Callable[..., Plan], aws: Aws):
    good = ask("GET", aws_container.PATH, authorization=aws_container.TOKEN)

    said = json.loads(good.body)
    assert list(said) == ["RoleArn", "AccessKeyId", "SecretAccessKey", "Token", "Expiration"]
    assert aws.keys.standing(said["AccessKeyId"]) == "good"
    assert good.notes["confidential"] is True
    assert ask("GET", aws_container.PATH).status == 401
    assert ask("GET", aws_container.PATH, authorization="other").status == 401
    assert ask("POST", aws_container.PATH, authorization=aws_container.TOKEN).status == 405


# --- single sign-on ------------------------------------------------------------------------------------------------


def portal(ask: Callable[..., Plan], token: str, role: str = ROLE, account: str = ACCOUNT, **more: Any) -> Plan:
    query = urlencode({"role_name": role, "account_id": account})
    return ask("GET", aws_sso.PATH, query=query, **{"x-amz-sso__bearer__token": token}, **more)


def test_the_portal_hands_out_a_roles_credentials(ask: Callable[..., Plan], aws: Aws, clock: VirtualClock):
    token, ends = aws.sso.login()

    said = json.loads(portal(ask, token).body)["roleCredentials"]

    assert ends == clock.wall() + 8 * 3600
    assert said["expiration"] == (clock.wall() + 3600) * 1000
    assert aws.keys.standing(said["accessKeyId"]) == "good"


@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"token": "other"}, 401, "UnauthorizedException"),
        ({"role": "other"}, 403, "ForbiddenException"),
        ({"account": "000000000000"}, 403, "ForbiddenException"),
    ],
)
def test_the_portal_refuses(ask: Callable[..., Plan], aws: Aws, change: dict[str, str], status: int, code: str):
    plan = portal(ask, **({"token": aws.sso.login()[0]} | change))  # type: ignore[arg-type]

    assert plan.status == status
    assert plan.head is not None and plan.head.header("x-amzn-ErrorType") == code


def test_a_login_ends(ask: Callable[..., Plan], aws: Aws, clock: VirtualClock):
    token, _ = aws.sso.login()
    clock.advance(8 * 3600.0)

    assert portal(ask, token).status == 401


# --- the token service ---------------------------------------------------------------------------------------------


def sts(ask: Callable[..., Plan], step: Step | None = None, **fields: str) -> Plan:
    return ask("POST", "/", urlencode(fields).encode(), step=step)


def by_identity(ask: Callable[..., Plan], token: str, step: Step | None = None, **changes: str) -> Plan:
    fields = {
        "Action": "AssumeRoleWithWebIdentity",
        "RoleArn": ROLE_ARN,
        "RoleSessionName": "test",
        "WebIdentityToken": token,
    }
    return sts(ask, step, **(fields | changes))


def code(plan: Plan) -> str:
    [found] = re.findall(r"<Code>(.*)</Code>", plan.body.decode())
    return str(found)


def test_a_role_is_assumed_by_an_identity_providers_word(ask: Callable[..., Plan], aws: Aws, clock: VirtualClock):
    plan = by_identity(ask, aws.sts.identity.token(clock.wall()), DurationSeconds="900")

    text = plan.body.decode()
    [id] = re.findall("<AccessKeyId>(.*)</AccessKeyId>", text)
    assert plan.notes["confidential"] is True
    assert "<Expiration>2026-11-02T09:15:00Z</Expiration>" in text
    assert aws.keys.standing(id) == "good"


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"iss": "https://other.invalid"}, (400, "InvalidIdentityToken")),
        ({"aud": "other"}, (400, "InvalidIdentityToken")),
        ({"exp": 0}, (400, "ExpiredTokenException")),
        ({"exp": None}, (400, "ExpiredTokenException")),
        ({"sub": "other"}, (403, "AccessDenied")),
    ],
)
def test_a_token_that_does_not_open_the_role_is_refused(
    ask: Callable[..., Plan], aws: Aws, clock: VirtualClock, claims: dict[str, Any], said: tuple[int, str]
):
    plan = by_identity(ask, aws.sts.identity.token(clock.wall(), **claims))

    assert (plan.status, code(plan)) == said


@pytest.mark.parametrize(
    "spoil",
    [lambda token: token[:-6] + "AAAAAA", lambda token: "no.jwt", lambda token: "a.b.c", lambda token: ""],
    ids=["a spoilt signature", "two parts", "no JSON", "nothing"],
)
def test_a_token_that_is_not_the_providers_is_refused(
    ask: Callable[..., Plan], aws: Aws, clock: VirtualClock, spoil: Callable[[str], str]
):
    plan = by_identity(ask, spoil(aws.sts.identity.token(clock.wall())))

    assert (plan.status, code(plan)) == (400, "InvalidIdentityToken")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"RoleArn": ""}, (400, "ValidationError")),
        ({"RoleSessionName": "x"}, (400, "ValidationError")),
        ({"DurationSeconds": "899"}, (400, "ValidationError")),
        ({"DurationSeconds": "43201"}, (400, "ValidationError")),
        ({"RoleArn": f"arn:aws:iam::{ACCOUNT}:role/other"}, (403, "AccessDenied")),
        ({"Action": "GetFederationToken"}, (400, "InvalidAction")),
        ({"Action": "AssumeRole"}, (403, "MissingAuthenticationToken")),
        ({"Action": "GetCallerIdentity"}, (403, "MissingAuthenticationToken")),
    ],
)
def test_what_the_token_service_does_not_take(
    ask: Callable[..., Plan], aws: Aws, clock: VirtualClock, changes: dict[str, str], said: tuple[int, str]
):
    plan = by_identity(ask, aws.sts.identity.token(clock.wall()), **changes)

    assert (plan.status, code(plan)) == said


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (fail("rate_limited", on="token"), (400, "Throttling")),
        (fail(429, on="token"), (429, "Throttling")),
        (fail("unavailable", on="token"), (503, "ServiceUnavailable")),
        (fail(500, on="token"), (500, "InternalFailure")),
        (fail("access_denied", on="token"), (403, "AccessDenied")),
        (fail(400, type="RegionDisabledException", on="token"), (400, "RegionDisabledException")),
    ],
)
def test_a_script_fails_the_token_service_in_its_own_words(
    ask: Callable[..., Plan], aws: Aws, clock: VirtualClock, step: Step, said: tuple[int, str]
):
    plan = by_identity(ask, aws.sts.identity.token(clock.wall()), step)

    assert (plan.status, code(plan)) == said
    assert plan.notes["confidential"] is False


def test_a_script_fails_the_others_in_theirs(ask: Callable[..., Plan], aws: Aws, metadata: Callable[..., Plan]):
    step = fail("rate_limited", on="token", retry_after=2)

    here = metadata(ROLES + ROLE, step=step)
    container = ask("GET", aws_container.PATH, authorization=aws_container.TOKEN, step=step)
    single = portal(ask, aws.sso.login()[0], step=step)

    assert [plan.status for plan in (here, container, single)] == [429] * 3
    assert [plan.head.header("retry-after") for plan in (here, container, single) if plan.head] == ["2"] * 3
    assert json.loads(container.body)["code"] == "ThrottlingException"
    assert single.head is not None and single.head.header("x-amzn-errortype") == "TooManyRequestsException"


def test_a_call_for_messages_is_no_issuers(aws: Aws):
    calls = [Call("POST", "/v1/messages", body=b"{}"), Call("POST", "/", body=b"{}"), Call("HEAD", "/")]

    assert not any(issuer.is_for(call) for issuer in aws.issuers for call in calls)
