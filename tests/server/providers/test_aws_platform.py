"""Claude Platform on AWS: the first-party surface behind Amazon's door."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity.aws import Aws
from windtunnel_server.plan import Plan
from windtunnel_server.providers.aws_platform import SERVICE, WORKSPACE, AwsPlatform
from windtunnel_server.script import Step
from windtunnel_server.words import fail

ASKED: dict[str, Any] = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 20,
    "messages": [{"role": "user", "content": "Hello"}],
}
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.fixture
def ask() -> Callable[..., Plan]:
    """`ask(path=…, step=…, method=…, headers=…, **changes of the body)`, with a good bearer key and workspace."""
    clock = VirtualClock()
    aws = Aws(clock)
    door, key = AwsPlatform(clock, aws), aws.keys.bearer(SERVICE)

    def asked(
        path: str = "/v1/messages", *, step: Step | None = None, method: str = "POST", headers: Any = (), **changes: Any
    ) -> Plan:
        sent = {"authorization": f"Bearer {key}", "anthropic-version": "2026-10-21", WORKSPACE: door.workspace_id}
        shown = tuple((sent | dict(headers)).items())
        body = json.dumps(ASKED | changes).encode() if method == "POST" else b""
        call = Call(method, f"/aws{path}", headers=shown, body=body)
        call.route = path
        return door.answer(call, lambda endpoint: step if endpoint == "messages" else None, Random(0))

    return asked


@pytest.mark.parametrize(
    ("method", "path", "changes"),
    [
        ("POST", "/v1/messages", {}),
        ("POST", "/v1/messages", {"stream": True}),
        ("GET", "/v1/models", {}),
        ("GET", "/v1/models/claude-sonnet-4-6", {}),
        ("GET", "/v1/messages/batches", {}),
    ],
)
def test_the_whole_surface_is_here_with_both_request_ids(
    ask: Callable[..., Plan], method: str, path: str, changes: dict[str, Any]
):
    plan = ask(path, method=method, **changes)

    assert plan.status == 200
    assert plan.head is not None
    assert (plan.head.header("request-id") or "").startswith("req_01")
    assert _UUID.fullmatch(plan.head.header("x-amzn-requestid") or "")


def test_an_error_has_both_request_ids_too(ask: Callable[..., Plan]):
    plan = ask(max_tokens=-1)

    assert plan.status == 400 and plan.head is not None
    assert plan.head.header("request-id") == json.loads(plan.body)["request_id"]
    assert _UUID.fullmatch(plan.head.header("x-amzn-requestid") or "")


def test_a_call_names_its_workspace(ask: Callable[..., Plan]):
    none, other = ask(headers={WORKSPACE: ""}), ask(headers={WORKSPACE: "wrkspc_01other"})

    assert none.status == 400
    assert json.loads(none.body)["error"]["message"] == "anthropic-workspace-id: header is required"
    assert (other.status, json.loads(other.body)["error"]["type"]) == (403, "permission_error")


def test_a_login_of_the_direct_api_is_no_credential_here(ask: Callable[..., Plan]):
    assert ask("/v1/oauth/token").status == 404
    assert ask(headers={"authorization": "Bearer sk-ant-oat01-token"}).status == 403


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"speed": "fast"}, "speed: fast mode is not available on this platform"),
        (
            {"model": "claude-sonnet-4-5", "inference_geo": "us"},
            "'claude-sonnet-4-5' does not support inference_geo.",
        ),
    ],
)
def test_what_this_surface_does_not_have_is_refused(ask: Callable[..., Plan], changes: dict[str, Any], told: str):
    plan = ask(**changes)

    assert plan.status == 400
    assert json.loads(plan.body)["error"]["message"] == told


def test_a_geography_is_fine_elsewhere(ask: Callable[..., Plan]):
    assert ask(inference_geo="us").status == 200


@pytest.mark.parametrize(
    ("headers", "error"),
    [
        ({"authorization": ""}, "MissingAuthenticationTokenException"),
        ({"authorization": "Bearer other"}, "AccessDeniedException"),
        ({"authorization": "AWS4-HMAC-SHA256 x"}, "IncompleteSignatureException"),
    ],
)
def test_amazon_turns_strangers_away_in_its_own_form(ask: Callable[..., Plan], headers: dict[str, str], error: str):
    plan = ask(headers=headers)

    assert plan.status == 403 and plan.head is not None
    assert (plan.head.header("x-amzn-errortype") or "").partition(":")[0] == error
    assert plan.notes["error_type"] == error
    assert [name.lower() for name in json.loads(plan.body)] == ["message"]


def test_a_script_fails_it_in_either_form(ask: Callable[..., Plan]):
    amazons = ask(step=fail("expired_token", retry_after=2, headers={"x-odd": "1"}))
    anthropics = ask(step=fail("overloaded"))

    assert json.loads(amazons.body) == {"message": "The security token included in the request is expired"}
    assert amazons.status == 403 and amazons.head is not None
    assert (amazons.head.header("retry-after"), amazons.head.header("x-odd")) == ("2", "1")
    assert (anthropics.status, json.loads(anthropics.body)["error"]["type"]) == (529, "overloaded_error")
