"""Bedrock's Messages endpoint: what it takes, what it leaves out, and how its answers look."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.identity.aws import Aws
from windtunnel_server.plan import Plan
from windtunnel_server.providers.mantle import Mantle
from windtunnel_server.script import Step
from windtunnel_server.words import fail

MESSAGES = "/anthropic/v1/messages"
ASKED: dict[str, Any] = {
    "model": "anthropic.claude-sonnet-4-6",
    "max_tokens": 20,
    "messages": [{"role": "user", "content": "Hello"}],
}


@pytest.fixture
def ask() -> Callable[..., Plan]:
    """`ask(path=…, step=…, method=…, headers=…, **changes of the body)`, with a good bearer key; None leaves out."""
    clock = VirtualClock()
    aws = Aws(clock)
    door, key = Mantle(clock, aws), aws.keys.bearer()

    def asked(
        path: str = MESSAGES, *, step: Step | None = None, method: str = "POST", headers: Any = (), **changes: Any
    ) -> Plan:
        sent = (("authorization", f"Bearer {key}"), ("anthropic-version", "2026-10-21"))
        shown = tuple((dict(sent) | dict(headers)).items())
        body = {name: value for name, value in (ASKED | changes).items() if value is not None}
        call = Call(method, f"/bedrock-mantle{path}", headers=shown, body=json.dumps(body).encode())
        call.route = path
        return door.answer(call, lambda endpoint: step if endpoint == "messages" else None, Random(0))

    return asked


def words(plan: Plan) -> tuple[int | None, str, str]:
    error = json.loads(plan.body)["error"]
    return plan.status, error["type"], error["message"]


def names(plan: Plan) -> list[str]:
    assert plan.head is not None
    return [name.lower() for name, _ in plan.head.headers]


def test_an_answer_is_first_party_with_amazons_marks(ask: Callable[..., Plan]):
    plan = ask()

    said = json.loads(plan.body)
    assert plan.status == 200
    assert said["id"].startswith("msg_bdrk_01") and said["model"] == "claude-sonnet-4-6"
    assert names(plan) == [
        *("date", "content-type", "transfer-encoding", "connection", "request-id", "x-amzn-requestid"),
    ]


def test_a_stream_is_made_of_server_sent_events(ask: Callable[..., Plan]):
    plan = ask(stream=True)

    assert plan.events[0] == "message_start" and plan.events[-1] == "message_stop"
    assert "x-amzn-requestid" in names(plan) and "cache-control" in names(plan)


def test_tokens_are_counted(ask: Callable[..., Plan]):
    plan = ask(f"{MESSAGES}/count_tokens", max_tokens=None)

    assert json.loads(plan.body).keys() == {"input_tokens"}
    assert "x-amzn-requestid" in names(plan)


@pytest.mark.parametrize("model", ["claude-sonnet-4-6", "us.anthropic.claude-sonnet-4-6", "anthropic.claude-9"])
def test_models_go_by_their_bedrock_ids(ask: Callable[..., Plan], model: str):
    assert words(ask(model=model)) == (404, "not_found_error", f"model: {model}")


@pytest.mark.parametrize(
    "path", ["/v1/messages", "/anthropic/v1/models", "/anthropic/v1/messages/batches", "/anthropic/v1/oauth/token"]
)
def test_the_rest_of_the_surface_is_not_here(ask: Callable[..., Plan], path: str):
    status, kind, message = words(ask(path))

    assert (status, kind) == (404, "not_found_error")
    assert "POST /anthropic/v1/messages" in message


_URL = {"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}
_LOOK = {"name": "look", "input_schema": {"type": "object"}}
_FORMAT = {"type": "json_schema", "schema": {"type": "object", "properties": {}, "additionalProperties": False}}
_EXTRA = "Extra inputs are not permitted"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"output_config": {"format": _FORMAT}}, f"output_config.format: {_EXTRA}"),
        ({"tools": [_LOOK | {"strict": True}]}, f"tools.0.custom.strict: {_EXTRA}"),
        ({"fallbacks": [{"model": "anthropic.claude-opus-5"}]}, f"fallbacks: {_EXTRA}"),
        ({"mcp_servers": []}, f"mcp_servers: {_EXTRA}"),
        (
            {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
            "tools.0: Input tag 'web_search_20250305'",
        ),
        ({"messages": [{"role": "user", "content": [_URL]}]}, "messages.0.content.0.image.source: Input tag 'url'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_amazon_leaves_out_is_refused(ask: Callable[..., Plan], changes: dict[str, Any], told: str):
    status, kind, message = words(ask(**changes))

    assert (status, kind) == (400, "invalid_request_error")
    assert message.startswith(told)


def test_tools_of_the_clients_own_are_taken(ask: Callable[..., Plan]):
    own = {"name": "look", "input_schema": {"type": "object"}}

    assert ask(tools=[own, {"type": "bash_20250124", "name": "bash"}]).status == 200


def test_a_body_has_less_room_than_on_the_direct_api():
    clock = VirtualClock()

    assert Mantle(clock, Aws(clock)).max_body_bytes(MESSAGES) == 20 * 1024 * 1024


def test_who_has_no_credential_meets_a_401_of_the_surface(ask: Callable[..., Plan]):
    nobody = ask(headers={"authorization": ""})
    stranger = ask(headers={"authorization": "Bearer other"})

    assert words(nobody) == (401, "authentication_error", "Missing Authentication Token")
    assert words(stranger) == (401, "authentication_error", "Invalid bearer token")


def test_the_version_is_asked_for(ask: Callable[..., Plan]):
    assert words(ask(headers={"anthropic-version": ""}))[2] == "anthropic-version: header is required"


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (fail("expired_token"), (401, "authentication_error", "The security token included in the request is expired")),
        (fail("expired_token", message="Mine"), (401, "authentication_error", "Mine")),
        (fail("access_denied"), (403, "permission_error", "You don't have access to the model")),
        (fail("rate_limited", message="Slow"), (429, "rate_limit_error", "Slow")),
        (fail("overloaded"), (529, "overloaded_error", "Overloaded")),
        (fail(503, message="Back soon"), (503, "api_error", "Back soon")),
    ],
    ids=["expired", "own words", "denied", "limited", "overloaded", "by status"],
)
def test_a_script_fails_it_in_first_party_words(ask: Callable[..., Plan], step: Step, said: tuple[int, str, str]):
    status, kind, message = words(ask(step=step))

    assert (status, kind) == said[:2]
    assert message.startswith(said[2])


def test_headers_of_a_script_stay(ask: Callable[..., Plan]):
    plan = ask(step=fail("rate_limited", retry_after=3, headers={"x-odd": "1"}))

    assert plan.head is not None
    assert (plan.head.header("retry-after"), plan.head.header("x-odd")) == ("3", "1")
