"""The door of Claude on Google Cloud: the direct API behind Google's gateway."""

from __future__ import annotations

import json
from typing import Any

import pytest

from windtunnel_server.call import Call
from windtunnel_server.clock import VirtualClock
from windtunnel_server.core import Core
from windtunnel_server.identity.google import Google
from windtunnel_server.journal import Entry
from windtunnel_server.plan import Plan
from windtunnel_server.providers.google_cloud import GoogleCloud
from windtunnel_server.words import fail, reply

START = "/v1/projects/mine/locations/global/workspaces/wrkspc_01a/invoke"
ASKED: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 50,
    "messages": [{"role": "user", "content": "Hello"}],
}


class Fake:
    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.google = Google(self.clock)
        self.core = Core(GoogleCloud(self.clock, gate=self.google), self.clock)
        self.token = self.google.issue().access_token

    def ask(
        self, path: str = f"{START}/v1/messages", body: Any = ASKED, method: str = "POST", token: str | None = None
    ) -> tuple[Plan, Entry]:
        headers = (("Authorization", f"Bearer {token or self.token}"), ("anthropic-version", "2026-10-21"))
        data = json.dumps(body).encode() if method == "POST" else b""
        return self.core.answer(Call(method, path, headers=headers, body=data))


@pytest.fixture
def fake() -> Fake:
    return Fake()


def test_a_message_is_that_of_the_direct_api(fake: Fake):
    plan, entry = fake.ask()

    said = json.loads(plan.body)
    assert said["id"].startswith("msg_01") and said["usage"]["service_tier"] == "standard"
    assert entry.provider == "google-cloud" and entry.body == ASKED


def test_a_stream_too(fake: Fake):
    plan, _ = fake.ask(body=ASKED | {"stream": True})

    assert plan.events[:3] == ["message_start", "content_block_start", "ping"]


@pytest.mark.parametrize("path", ["/v1/models", "/v1/messages/batches"])
def test_the_rest_of_the_api_is_there(fake: Fake, path: str):
    plan, _ = fake.ask(START + path, method="GET")

    assert plan.status == 200 and "data" in json.loads(plan.body)


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/projects/mine/invoke/v1/messages", f"{START}", "/"])
def test_another_address_is_unknown_to_the_gateway(fake: Fake, path: str):
    plan, entry = fake.ask(path)

    assert plan.status == 404 and entry.error_type == "NOT_FOUND"


def test_an_address_behind_the_gateway_is_unknown_to_the_api(fake: Fake):
    plan, entry = fake.ask(f"{START}/v1/nothing")

    assert plan.status == 404 and entry.error_type == "not_found_error"


def test_a_bad_token_is_refused_in_googles_words(fake: Fake):
    plan, entry = fake.ask(token="sk-ant-key")

    assert plan.status == 401 and entry.error_type == "UNAUTHENTICATED"
    assert json.loads(plan.body)["error"]["status"] == "UNAUTHENTICATED"
    assert entry.answered_by == "refused"


@pytest.mark.parametrize(
    ("kind", "type"), [("invalid_api_key", "UNAUTHENTICATED"), ("permission_denied", "PERMISSION_DENIED")]
)
def test_a_scripted_refusal_of_a_credential_is_the_gateways(fake: Fake, kind: str, type: str):
    fake.core.extend_script([fail(kind, message="Own words.")])

    plan, entry = fake.ask()

    assert json.loads(plan.body)["error"]["message"] == "Own words."
    assert entry.error_type == type and entry.answered_by == f"fail {kind}"


@pytest.mark.parametrize("kind", ["rate_limited", "prompt_too_long", "overloaded", "internal_error"])
def test_other_errors_are_those_of_the_direct_api(fake: Fake, kind: str):
    fake.core.extend_script([fail(kind)])

    plan, entry = fake.ask()

    assert json.loads(plan.body)["type"] == "error"
    assert entry.error_type is not None and entry.error_type.endswith("_error")


def test_a_step_sees_the_request(fake: Fake):
    fake.core.extend_script([reply("For Haiku.", when={"model": "claude-haiku-4-5"}), reply("For others.")])

    plan, _ = fake.ask()

    assert json.loads(plan.body)["content"][0]["text"] == "For Haiku."


def test_what_the_door_says_of_itself_goes_by_its_name(fake: Fake):
    too_large, entry = fake.core.answer_too_large(Call("POST", f"{START}/v1/messages"))
    fake.core.answer_garbage(Call("", ""), "no")

    assert too_large.status == 413 and entry.provider == "google-cloud"
    assert fake.core.max_body_bytes(f"{START}/v1/messages") == 32 * 1024 * 1024
    assert [one.provider for one in fake.core.journal] == ["google-cloud"] * 2
