"""The door of Vertex: its routes, its order of checks, its answers."""

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
from windtunnel_server.providers.vertex import MAX_BODY_BYTES, Vertex
from windtunnel_server.script import Step
from windtunnel_server.words import fail, fault, reply

PROJECT = "/v1/projects/my-project/locations/global"
MODELS = f"{PROJECT}/publishers/anthropic/models"
HAIKU = f"{MODELS}/claude-haiku-4-5@20251001"
ASKED: dict[str, Any] = {
    "anthropic_version": "vertex-2023-10-16",
    "max_tokens": 50,
    "messages": [{"role": "user", "content": "Hello"}],
}


class Fake:
    def __init__(self, gate: Any = None) -> None:
        self.clock = VirtualClock()
        self.core = Core(Vertex(self.clock, gate=gate), self.clock)

    def script(self, *steps: Step) -> None:
        self.core.extend_script(steps)

    def ask(
        self,
        path: str = f"{HAIKU}:rawPredict",
        body: Any = ASKED,
        *,
        method: str = "POST",
        token: str | None = "token",
        **headers: str,
    ) -> Answered:
        shown = {name.replace("_", "-"): value for name, value in headers.items()}
        if token is not None:
            shown["Authorization"] = f"Bearer {token}"
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Answered(*self.core.answer(Call(method, path, headers=tuple(shown.items()), body=data)))


class Answered:
    def __init__(self, plan: Plan, entry: Entry) -> None:
        assert plan.head is not None
        self.plan, self.entry, self.head, self.status = plan, entry, plan.head, plan.head.status

    @property
    def json(self) -> Any:
        return json.loads(self.plan.body)

    @property
    def error(self) -> tuple[str | None, str]:
        said = self.json[0] if isinstance(self.json, list) else self.json
        return said["error"].get("status") or said["error"].get("type"), said["error"]["message"]


@pytest.fixture
def fake() -> Fake:
    return Fake()


@pytest.mark.parametrize("start", ["/v1", "", "/v1beta1"])
@pytest.mark.parametrize("model", ["claude-haiku-4-5@20251001", "claude-haiku-4-5%4020251001"])
def test_a_model_is_asked_by_its_path(fake: Fake, start: str, model: str):
    answered = fake.ask(f"{start}{MODELS.removeprefix('/v1')}/{model}:rawPredict")

    assert answered.status == 200
    assert answered.json["model"] == "claude-haiku-4-5-20251001"


def test_the_verb_decides_whether_it_is_a_stream(fake: Fake):
    assert fake.ask(f"{HAIKU}:streamRawPredict").plan.is_stream
    assert not fake.ask(f"{HAIKU}:rawPredict", ASKED | {"stream": True}).plan.is_stream


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{HAIKU}:rawPredict", 405),
        ("POST", f"{HAIKU}:predict", 404),
        ("POST", f"{PROJECT}/publishers/google/models/gemini:rawPredict", 404),
        ("GET", "/", 404),
        ("POST", "/v1/messages", 404),
    ],
)
def test_another_address_gets_a_page(fake: Fake, method: str, path: str, status: int):
    answered = fake.ask(path, method=method)

    assert answered.status == status
    assert answered.plan.body.startswith(b"<!DOCTYPE html>")


def test_a_call_without_a_token_is_refused(fake: Fake):
    answered = fake.ask(token=None)

    assert answered.status == 401
    assert answered.error[0] == "UNAUTHENTICATED"
    assert answered.json["error"]["details"][0]["reason"] == "CREDENTIALS_MISSING"
    assert answered.head.header("www-authenticate") == 'Bearer realm="https://accounts.google.com/"'


def test_a_token_that_ended_is_refused_in_other_words():
    fake = Fake()
    google = Google(fake.clock)
    fake.core.provider = Vertex(fake.clock, gate=google)
    token = google.issue().access_token
    google.expire(token)

    answered = fake.ask(token=token)

    assert answered.json["error"]["details"][0]["reason"] == "ACCESS_TOKEN_EXPIRED"
    assert 'error="invalid_token"' in (answered.head.header("www-authenticate") or "")
    assert answered.entry.answered_by == "refused"


@pytest.mark.parametrize(
    ("path", "body", "token", "expected"),
    [
        # Each has every later mistake too: the first is the answer.
        (f"{MODELS}/gpt-4:rawPredict", b"{", None, "UNAUTHENTICATED"),
        (f"{MODELS}/gpt-4:rawPredict", b"{", "token", "NOT_FOUND"),
        (f"{HAIKU}:rawPredict", b"{", "token", "invalid_request_error"),
    ],
)
def test_checks_come_in_order(fake: Fake, path: str, body: bytes, token: str | None, expected: str):
    assert fake.ask(path, body, token=token).error[0] == expected


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"anthropic_version": None}, "anthropic_version: Field required"),
        ({"anthropic_version": "2023-06-01"}, "anthropic_version: Input should be"),
        ({"max_tokens": None}, "max_tokens"),
        ({"fallbacks": [{"model": "claude-opus-5"}]}, "fallbacks: Extra inputs are not permitted"),
        ({"anthropic_version": "2026-10-21", "temperature": 1}, "temperature: Extra inputs are not permitted"),
        ({"nonsense": 1}, "nonsense: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_body_is_refused_by_the_models_side(fake: Fake, changes: dict[str, Any], words: str):
    body = {name: value for name, value in (ASKED | changes).items() if value is not None}

    answered = fake.ask(body=body)

    assert answered.status == 400
    assert words in answered.error[1]
    assert answered.json["request_id"] == answered.head.header("request-id")
    assert answered.json["request_id"].startswith("req_vrtx_")


@pytest.mark.parametrize("body", [[], "text", None, 3])
def test_a_body_that_is_no_object_is_refused(fake: Fake, body: Any):
    assert fake.ask(body=body).status == 400


def test_the_older_version_takes_a_temperature(fake: Fake):
    assert fake.ask(body=ASKED | {"temperature": 1}).status == 200


def test_the_journal_keeps_what_was_sent_and_the_name_of_the_model(fake: Fake):
    entry = fake.ask().entry

    assert entry.provider == "vertex"
    assert entry.body == {"model": "claude-haiku-4-5-20251001", **ASKED}


def test_a_step_may_ask_for_the_model(fake: Fake):
    fake.script(reply("For Haiku.", when={"model": "claude-haiku-4-5-20251001"}), reply("For others."))

    assert fake.ask().json["content"][0]["text"] == "For Haiku."


def test_tokens_are_counted_by_the_models_name_in_the_body(fake: Fake):
    body = {name: value for name, value in ASKED.items() if name != "max_tokens"}

    answered = fake.ask(f"{MODELS}/count-tokens:rawPredict", body | {"model": "claude-haiku-4-5@20251001"})

    assert answered.json == {"input_tokens": fake.ask().json["usage"]["input_tokens"]}


def test_a_count_can_fail_by_script(fake: Fake):
    fake.script(fail("rate_limited", on="count_tokens"))
    body = {"model": "claude-haiku-4-5", "messages": ASKED["messages"], "anthropic_version": "2026-10-21"}

    assert fake.ask(f"{MODELS}/count-tokens:rawPredict", body).error[0] == "RESOURCE_EXHAUSTED"


def test_a_body_of_more_than_30_mb_is_too_large(fake: Fake):
    plan, _ = fake.core.answer_too_large(Call("POST", f"{HAIKU}:rawPredict"))

    assert fake.core.max_body_bytes(HAIKU) == MAX_BODY_BYTES == 31457280
    assert json.loads(plan.body)["error"]["message"] == "Request payload size exceeds the limit: 31457280 bytes."


def test_what_is_no_http_gets_a_page(fake: Fake):
    plan, _ = fake.core.answer_garbage(Call("", ""), "no")

    assert plan.status == 400 and b"<html" in plan.body


def test_a_step_that_does_not_fit_is_told_in_the_answer(fake: Fake):
    fake.script(reply("Hi.", faults=[fault("error_event")]))

    answered = fake.ask()

    assert answered.status == 400 and "error_event" in answered.error[1]
    assert answered.head.header("x-should-retry") == "false"


def test_a_bug_of_the_fake_is_told_in_the_answer(fake: Fake):
    def fall(*_: Any) -> Any:
        raise RuntimeError("oh")

    fake.core.provider._messages.answer = fall  # type: ignore[attr-defined]

    answered = fake.ask()

    assert answered.status == 500 and "windtunnel itself failed" in answered.error[1]


def test_the_cache_is_the_projects(fake: Fake):
    body = ASKED | {"system": [{"type": "text", "text": "word " * 5000, "cache_control": {"type": "ephemeral"}}]}
    first = fake.ask(body=body, token="one")
    first.plan.notes["on_begin"](0.0)  # type: ignore[operator]

    mine = fake.ask(body=body, token="two").json["usage"]
    theirs = fake.ask(f"{HAIKU}:rawPredict".replace("my-project", "another"), body).json["usage"]

    assert mine["cache_read_input_tokens"] > 4000
    assert theirs["cache_read_input_tokens"] == 0
