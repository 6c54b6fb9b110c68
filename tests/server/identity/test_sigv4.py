"""Signatures as botocore makes them, recomputed from the request, and what is said of those that are wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity import sigv4
from windtunnel_server.identity.aws.gate import AwsGate
from windtunnel_server.identity.aws.keys import AwsKey, AwsKeys
from windtunnel_server.model.problem import Problem

auth = pytest.importorskip("botocore.auth", reason="botocore is not installed")
awsrequest = pytest.importorskip("botocore.awsrequest")
credentials = pytest.importorskip("botocore.credentials")

HOST = "127.0.0.1:8787"
PATH = "/bedrock/model/anthropic.claude-sonnet-4-6/invoke"


@pytest.fixture
def keys() -> AwsKeys:
    return AwsKeys(VirtualClock())


@pytest.fixture
def gate(keys: AwsKeys) -> AwsGate:
    return AwsGate(keys, "bedrock")


@pytest.fixture
def dated(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let botocore sign as of an instant, POSIX seconds."""
    import datetime

    def at(wall: float) -> None:
        now = datetime.datetime.fromtimestamp(wall, datetime.UTC).replace(tzinfo=None)
        monkeypatch.setattr(auth, "get_current_datetime", lambda: now)

    return at


def signed(
    key: AwsKey,
    *,
    path: str = PATH,
    query: str = "",
    body: bytes = b'{"max_tokens":1}',
    headers: dict[str, str] | None = None,
    service: str = "bedrock",
    region: str = "us-east-1",
    method: str = "POST",
) -> Call:
    """A call as botocore signs it, with the headers in the order and spelling in which they leave."""
    url = f"http://{HOST}{path}" + (f"?{query}" if query else "")
    request = awsrequest.AWSRequest(method=method, url=url, headers={"Host": HOST} | (headers or {}), data=body)
    signer = auth.SigV4Auth(credentials.Credentials(key.id, key.secret, key.token), service, region)
    signer.add_auth(request)
    sent = tuple((name, value) for name, value in request.prepare().headers.items())
    text = tuple((n, v.decode("latin-1") if isinstance(v, bytes) else str(v)) for n, v in sent)
    return Call(method, path, query, text, body)


def with_header(call: Call, name: str, value: str) -> Call:
    kept = tuple((n, v) for n, v in call.headers if n.lower() != name.lower())
    return Call(call.method, call.path, call.query, (*kept, (name, value)), call.body)


@pytest.fixture(autouse=True)
def _now(keys: AwsKeys, dated: Callable[[float], None]) -> None:
    dated(keys.wall())


def test_a_signature_of_botocore_gets_in(keys: AwsKeys, gate: AwsGate):
    assert gate.check(signed(keys.user)) is None
    assert gate.check(signed(keys.session())) is None


@given(
    segments=st.lists(st.text(min_size=1, max_size=12).map(lambda text: quote(text, safe="")), min_size=1, max_size=4),
    end=st.sampled_from(["", "/"]),
    query=st.dictionaries(st.text("abz09-", min_size=1), st.text("abz09-~", max_size=5), max_size=3),
    body=st.binary(max_size=64),
    header=st.text("ab  c\t", max_size=12).map(str.strip),
)
def test_whatever_botocore_signs_is_recomputed(
    segments: list[str], end: str, query: dict[str, str], body: bytes, header: str
):
    keys = AwsKeys(VirtualClock())
    path = "/" + "/".join(segments) + end
    call = signed(
        keys.user, path=path, query="&".join(map("=".join, query.items())), body=body, headers={"x-odd": header}
    )
    read = sigv4.read(call)

    assert isinstance(read, sigv4.Signature)
    assert "x-odd" in read.headers
    assert sigv4.signature(call, read, keys.user.secret) == read.hex


@pytest.mark.parametrize(
    "path",
    [
        "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Ainference-profile%2Fus.anthropic.claude/invoke",
        "/model/anthropic.claude-sonnet-4-5-20250929-v1:0/invoke",
        "/a//b/./c/../d/",
        "/~tilde/%7Etilde/%C3%A9",
        "/",
    ],
)
def test_the_path_counts_as_it_was_received(keys: AwsKeys, gate: AwsGate, path: str):
    assert gate.check(signed(keys.user, path=path)) is None


def test_a_host_without_its_port_is_another_host(keys: AwsKeys, gate: AwsGate):
    call = with_header(signed(keys.user), "Host", "127.0.0.1")

    assert _kind(gate.check(call)) == "invalid_signature"


def test_a_digest_of_the_body_is_held_against_the_body(keys: AwsKeys, gate: AwsGate):
    import hashlib

    body = b'{"max_tokens":2}'
    good = {"x-amz-content-sha256": hashlib.sha256(body).hexdigest()}
    bad = {"x-amz-content-sha256": hashlib.sha256(b"other").hexdigest()}

    assert gate.check(signed(keys.user, body=body, headers=good)) is None
    assert _kind(gate.check(signed(keys.user, body=body, headers=bad))) == "invalid_signature"


def test_a_digest_that_is_not_the_bodys_does_not_pass_for_being_signed(keys: AwsKeys, gate: AwsGate):
    call = signed(keys.user, headers={"x-amz-content-sha256": "0" * 64})
    read = sigv4.read(call)
    assert isinstance(read, sigv4.Signature)

    # As if the client had signed the body's true digest and sent another.
    authorization = (call.header("authorization") or "").replace(
        read.hex, sigv4.signature(call, read, keys.user.secret)
    )

    assert _kind(gate.check(with_header(call, "Authorization", authorization))) == "invalid_signature"


REFUSED: dict[str, tuple[Callable[[AwsKeys], Call], str, str]] = {
    "wrong secret": (
        lambda keys: signed(AwsKey(keys.user.id, "other", None, 0.0, "")),
        "invalid_signature",
        "The request signature we calculated does not match",
    ),
    "wrong region": (
        lambda keys: signed(keys.user, region="eu-west-1"),
        "invalid_signature",
        "Credential should be scoped to a valid region, not 'eu-west-1'.",
    ),
    "wrong service": (
        lambda keys: signed(keys.user, service="s3"),
        "invalid_signature",
        "Credential should be scoped to correct service: 'bedrock'.",
    ),
    "unknown access key": (
        lambda keys: signed(AwsKey("AKIAIOSFODNN7EXAMPLE", "secret", None, 0.0, "")),
        "unrecognized_client",
        "The security token included in the request is invalid.",
    ),
    "session without its token": (
        lambda keys: signed(AwsKey((key := keys.session()).id, key.secret, None, 0.0, "")),
        "unrecognized_client",
        "The security token included in the request is invalid.",
    ),
    "token of another session": (
        lambda keys: signed(AwsKey((key := keys.session()).id, key.secret, keys.session().token, 0.0, "")),
        "unrecognized_client",
        "The security token included in the request is invalid.",
    ),
    "user's key with a token": (
        lambda keys: signed(AwsKey(keys.user.id, keys.user.secret, keys.session().token, 0.0, "")),
        "unrecognized_client",
        "The security token included in the request is invalid.",
    ),
    "no authorization": (
        lambda keys: Call("POST", PATH, headers=(("Host", HOST),)),
        "missing_authentication_token",
        "Missing Authentication Token",
    ),
    "another scheme": (
        lambda keys: with_header(signed(keys.user), "Authorization", "Basic eHg="),
        "incomplete_signature",
        "Authorization header requires 'Credential' parameter. Authorization header requires 'Signature' parameter.",
    ),
    "a malformed scope": (
        lambda keys: with_header(
            signed(keys.user),
            "Authorization",
            f"{sigv4.ALGORITHM} Credential=AKIA/bedrock, SignedHeaders=host, Signature=0",
        ),
        "incomplete_signature",
        "Credential must have exactly 5 slash-delimited elements",
    ),
    "no date": (
        lambda keys: _without(signed(keys.user), "x-amz-date"),
        "incomplete_signature",
        "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
    ),
    "a date that is none": (
        lambda keys: with_header(signed(keys.user), "X-Amz-Date", "today"),
        "incomplete_signature",
        "Date must be in ISO-8601 'basic format'. Got 'today'.",
    ),
    "an unsigned header of Amazon's": (
        lambda keys: with_header(signed(keys.user), "x-amz-target", "Other"),
        "invalid_signature",
        "'x-amz-target' must be a 'SignedHeader'",
    ),
}


def _without(call: Call, name: str) -> Call:
    kept = tuple((n, v) for n, v in call.headers if n.lower() != name)
    return Call(call.method, call.path, call.query, kept, call.body)


@pytest.mark.parametrize("case", REFUSED)
def test_each_fault_has_its_own_refusal(keys: AwsKeys, gate: AwsGate, case: str):
    make, kind, words = REFUSED[case]

    problem = gate.check(make(keys))

    assert problem is not None
    assert problem.kind == kind
    assert problem.message.startswith(words)


@pytest.mark.parametrize(
    "tamper",
    [
        lambda call: Call(call.method, call.path, call.query, call.headers, call.body + b" "),
        lambda call: Call("PUT", call.path, call.query, call.headers, call.body),
        lambda call: Call(call.method, call.path + "x", call.query, call.headers, call.body),
        lambda call: Call(call.method, call.path, "a=1", call.headers, call.body),
        lambda call: with_header(call, "x-odd", "other"),
        lambda call: with_header(call, "Authorization", _flipped(call.header("authorization"))),
    ],
    ids=["body", "method", "path", "query", "signed header", "one bit of the signature"],
)
def test_a_request_that_was_changed_on_its_way_is_refused(keys: AwsKeys, gate: AwsGate, tamper: Any):
    call = signed(keys.user, headers={"x-odd": "one"})
    assert gate.check(call) is None

    assert _kind(gate.check(tamper(call))) == "invalid_signature"


def _flipped(authorization: str) -> str:
    digit = format(int(authorization[-1], 16) ^ 1, "x")
    return authorization[:-1] + digit


def test_a_header_that_is_not_signed_may_change(keys: AwsKeys, gate: AwsGate):
    assert gate.check(with_header(signed(keys.user), "User-Agent", "proxy/1.0")) is None


def test_the_authorization_that_lacks_all_is_named_by_its_digest(gate: AwsGate):
    call = Call("POST", PATH, headers=(("Authorization", "cQ4N"),))

    problem = gate.check(call)

    assert problem is not None
    # printf %s cQ4N | openssl dgst -sha256 -binary | base64
    assert problem.message.endswith(
        "(Hashed with SHA-256 and encoded with Base64) Authorization=nJ9PZUIpxlpMp054hwlhen0wPgf9df0t/eS4APOP4gU="
    )


@pytest.mark.parametrize("off_s", [-300.0, 300.0])
def test_clocks_may_be_five_minutes_apart(keys: AwsKeys, gate: AwsGate, dated: Callable[[float], None], off_s: float):
    dated(keys.wall() + off_s)

    assert gate.check(signed(keys.user)) is None


def test_a_signature_of_more_than_five_minutes_ago_has_expired(
    keys: AwsKeys, gate: AwsGate, dated: Callable[[float], None]
):
    dated(keys.wall() - 301)

    assert gate.check(signed(keys.user)) == Problem(
        "signature_expired",
        "Signature expired: 20261102T085459Z is now earlier than 20261102T085500Z (20261102T090000Z - 5 min.)",
    )


def test_a_signature_from_the_future_is_not_yet_current(keys: AwsKeys, gate: AwsGate, dated: Callable[[float], None]):
    dated(keys.wall() + 301)

    assert gate.check(signed(keys.user)) == Problem(
        "invalid_signature",
        "Signature not yet current: 20261102T090501Z is still later than 20261102T090500Z (20261102T090000Z + 5 min.)",
    )


def test_a_service_whose_clock_is_off_takes_nobody(keys: AwsKeys, gate: AwsGate):
    keys.skew_s = 600

    assert _kind(gate.check(signed(keys.user))) == "signature_expired"


def test_a_date_out_of_scope_is_refused(keys: AwsKeys, gate: AwsGate):
    call = signed(keys.user)
    authorization = (call.header("authorization") or "").replace("/20261102/", "/20261101/")

    problem = gate.check(with_header(call, "Authorization", authorization))

    assert problem is not None
    assert problem.message.endswith("'20261101' != '20261102', from '20261102T090000Z'.")


def test_a_host_that_is_not_signed_is_refused(keys: AwsKeys, gate: AwsGate):
    call = signed(keys.user)
    authorization = (call.header("authorization") or "").replace("host;", "")

    problem = gate.check(with_header(call, "Authorization", authorization))

    assert problem is not None
    assert problem.message.startswith("'Host' or ':authority' must be a 'SignedHeader'")


def _kind(problem: Problem | None) -> str | None:
    return None if problem is None else problem.kind
