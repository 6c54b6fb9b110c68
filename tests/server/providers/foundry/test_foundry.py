"""Foundry's door: its routes, its deployments, what it refuses and in whose words."""

from __future__ import annotations

import json
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.identity.entra import Entra
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.providers.foundry import Foundry
from windtunnel_server.settings import RateLimits, Settings
from windtunnel_server.site import Site
from windtunnel_server.wire.errors import KINDS
from windtunnel_server.words import fail, reply

MESSAGES = "/foundry/anthropic/v1/messages"
ASKED: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
}


class Door:
    """A core with Foundry's door, and short words to ask it."""

    def __init__(self, **options: Any) -> None:
        clock = VirtualClock()
        self.entra = Entra(clock)
        self.foundry = Foundry(clock, entra=self.entra, **options)
        doors = {"": lambda: (Anthropic(clock), ()), "/foundry": lambda: (self.foundry, ())}
        self.core = Core(Site(doors), clock)

    def ask(self, body: Any = None, *, path: str = MESSAGES, method: str = "POST", **headers: str | None) -> Answered:
        shown = {"x-api-key": "key", "anthropic-version": "2023-06-01"}
        shown |= {name.replace("_", "-"): value for name, value in headers.items()}  # type: ignore[misc]
        data = body if isinstance(body, bytes) else json.dumps(ASKED if body is None else body).encode()
        listed = tuple((name, value) for name, value in shown.items() if value is not None)
        plan, entry = self.core.answer(Call(method, path, headers=listed, body=data))
        return Answered(plan, entry)


class Answered:
    def __init__(self, plan: Any, entry: Any) -> None:
        self.plan, self.entry, self.head, self.status = plan, entry, plan.head, plan.status

    @property
    def json(self) -> Any:
        return json.loads(self.plan.body)

    @property
    def code(self) -> str:
        return str(self.json["error"]["code"])


def test_an_answer_is_first_party_in_azures_headers():
    answered = Door().ask()

    assert (answered.status, answered.json["type"], answered.entry.provider) == (200, "message", "foundry")
    assert answered.json["id"].startswith("msg_01")
    assert answered.head.header("request-id") == answered.entry.request_id
    assert answered.head.header("x-ms-region") == "East US 2"


def test_a_stream_is_one_of_events():
    answered = Door().ask(ASKED | {"stream": True})

    assert answered.head.header("content-type") == "text/event-stream; charset=utf-8"
    assert answered.plan.body.startswith(b"event: message_start\n")


@pytest.mark.parametrize(
    ("deployment", "model"),
    [
        ("claude-haiku-4-5", "claude-haiku-4-5-20251001"),
        ("prod-claude-opus-4-8-east", "claude-opus-4-8"),
        ("our-assistant", "claude-sonnet-4-6"),
    ],
)
def test_a_deployment_stands_for_a_model(deployment: str, model: str):
    assert Door().ask(ASKED | {"model": deployment}).json["model"] == model


def test_deployments_that_are_named_are_the_only_ones():
    door = Door(deployments={"mine": "claude-opus-4-8"})

    mine, other = door.ask(ASKED | {"model": "mine"}), door.ask()

    assert mine.json["model"] == "claude-opus-4-8"
    assert (other.status, other.code, other.entry.answered_by) == (404, "DeploymentNotFound", "refused")


@pytest.mark.parametrize("model", [None, 5, ""])
def test_a_name_that_is_none_is_refused_by_the_service(model: Any):
    answered = Door().ask(ASKED | {"model": model})

    assert (answered.status, answered.json["error"]["type"]) == (400, "invalid_request_error")


@pytest.mark.parametrize(
    ("path", "method", "code"),
    [
        ("/foundry/anthropic/v1/models", "GET", "api_not_supported"),
        ("/foundry/anthropic/v1/messages/batches", "POST", "api_not_supported"),
        (MESSAGES, "GET", "api_not_supported"),
        ("/foundry/v1/messages", "POST", "404"),
        ("/foundry", "GET", "404"),
    ],
)
def test_what_is_not_served(path: str, method: str, code: str):
    answered = Door().ask(path=path, method=method)

    assert (answered.status, answered.code) == (404, code)


def test_a_call_without_a_good_key_is_refused_before_all_else():
    door = Door(keys=ApiKeys(frozenset({"good"})))

    answered = door.ask(b"{", path="/foundry/nowhere", anthropic_version=None)

    assert (answered.status, answered.code) == (401, "401")
    assert door.ask(x_api_key=None, api_key="good").status == 200


def test_a_token_gets_in_until_it_is_taken_back():
    door = Door(keys=ApiKeys(frozenset()))
    bearer = f"Bearer {door.entra.issue('https://ai.azure.com')}"

    before = door.ask(x_api_key=None, authorization=bearer)
    door.entra.revoke_all()
    after = door.ask(x_api_key=None, authorization=bearer)

    assert (before.status, after.status) == (200, 401)
    assert after.json["statusCode"] == 401
    assert "audience is incorrect (https://ai.azure.com)" in after.json["message"]


@pytest.mark.parametrize(
    ("body", "headers", "words"),
    [
        (None, {"anthropic_version": None}, "anthropic-version: header is required"),
        (None, {"anthropic_version": "2020-01-01"}, "is not a valid version"),
        (b"{", {}, "not valid JSON"),
        ([], {}, "expected shape"),
        (ASKED | {"fallbacks": []}, {}, "fallbacks"),
        (ASKED | {"max_tokens": 10**9}, {}, "max_tokens"),
    ],
)
def test_the_models_side_refuses_in_first_party_shape(body: Any, headers: Any, words: str):
    answered = Door().ask(body, **headers)

    assert (answered.status, answered.json["type"]) == (400, "error")
    assert words in answered.json["error"]["message"]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"tools": [{"type": "code_execution_20250825", "name": "code_execution"}]}, 400),
        ({"tools": [{"type": "web_search_20260209", "name": "web_search", "allowed_callers": ["direct"]}]}, 400),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, 200),
        ({"container": {"skills": [{"type": "anthropic", "skill_id": "pptx"}]}}, 400),
    ],
)
def test_a_model_that_azure_hosts_does_less(more: Any, status: int):
    assert Door(hosting="azure").ask(ASKED | more).status == status
    assert Door().ask(ASKED | more).status == 200


def test_tokens_are_counted():
    door = Door()
    asked = {name: value for name, value in ASKED.items() if name != "max_tokens"}

    counted = door.ask(asked, path=f"{MESSAGES}/count_tokens")

    assert counted.json == {"input_tokens": door.ask().json["usage"]["input_tokens"]}


def test_counting_can_be_scripted_to_fail():
    door = Door()
    door.core.extend_script([fail("rate_limited", on="count_tokens")])

    asked = {name: value for name, value in ASKED.items() if name != "max_tokens"}

    assert [door.ask().status, door.ask(asked, path=f"{MESSAGES}/count_tokens").status] == [200, 429]


def test_a_limit_is_met_in_azures_words_and_shows_no_standing():
    door = Door(settings=Settings(rate_limit=RateLimits(requests_per_minute=1)))
    door.ask()

    answered = door.ask()

    assert (answered.status, answered.code) == (429, "RateLimitReached")
    assert answered.head.header("retry-after") is not None
    assert f"retry after {answered.head.header('retry-after')} seconds" in answered.json["error"]["message"]
    assert "organization" not in answered.json["error"]["message"]


def test_a_reset_gives_the_limit_back():
    door = Door(settings=Settings(rate_limit=RateLimits(requests_per_minute=1)))
    door.ask()

    door.core.reset()

    assert door.ask().status == 200


@pytest.mark.parametrize("name", sorted(KINDS))
def test_every_kind_of_error_comes_out_in_one_of_two_shapes(name: str):
    door = Door()
    door.core.extend_script([fail(name)])

    answered = door.ask()

    said = answered.json
    assert answered.status >= 400
    assert answered.entry.error_type
    assert ("request_id" in said) == (said.get("type") == "error") or "statusCode" in said
    assert not any(header.lower().startswith(("anthropic-", "cf-")) for header, _ in answered.head.headers)
    assert not door.core.failures


def test_what_a_script_says_goes_before_azures_words():
    door = Door()
    door.core.extend_script(
        [
            fail("rate_limited", type="Slow", message="Slow down.", retry_after=3, headers={"x-more": "1"}),
            fail(429, should_retry=False),
            fail("model_not_found"),
        ]
    )

    first, second, third = door.ask(), door.ask(), door.ask()

    assert first.json == {"error": {"code": "Slow", "message": "Slow down."}}
    assert (first.head.header("retry-after"), first.head.header("x-more")) == ("3", "1")
    assert second.head.header("x-should-retry") == "false"
    assert (third.status, third.code) == (404, "DeploymentNotFound")


@pytest.mark.parametrize("ask", ["garbage", "refuse_step", "broken"])
def test_what_goes_wrong_without_a_request_is_said_here_too(ask: str):
    plan = getattr(Door().foundry, ask)(Call("POST", MESSAGES), "why")

    assert plan.status in (400, 500)
    assert json.loads(plan.body)["error"]


def test_a_body_above_the_limit_is_refused_in_azures_words():
    door = Door().foundry

    assert json.loads(door.too_large(Call("POST", MESSAGES)).body)["error"]["code"] == "RequestEntityTooLarge"
    assert door.max_body_bytes("/anthropic/v1/messages") == 32 * 1024 * 1024


def test_the_script_is_for_this_door_as_for_any():
    door = Door()
    door.core.extend_script([reply("Hello")])

    assert door.ask().json["content"][0]["text"] == "Hello"
