"""The TypeScript SDK and its packages for the clouds, each with what the fake hands out and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from windtunnel import Step, fail, reply
from windtunnel.execution.serving import Serving, serving_for
from windtunnel_server.settings import Settings

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
WEATHER = {"name": "weather", "description": "The weather", "input_schema": {"type": "object", "properties": {}}}
#: Kinds that the packages can be given, beside the usual one of each.
KINDS = [
    ("anthropic", "api_key"),
    ("anthropic", "auth_token"),
    ("bedrock", "environment"),
    ("bedrock", "session"),
    ("bedrock", "bearer"),
    ("vertex", "metadata"),
    ("foundry", "api_key"),
]
#: google-auth-library asks the host of a service account's file for nothing: it has Google's own written in.
USUAL = {"anthropic": "api_key", "bedrock": "environment", "vertex": "metadata", "foundry": "api_key"}

Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture(params=USUAL)
def provider(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def ask(packages: str) -> Ask:
    """Serve steps, have the package of a provider do what it is ordered, and return what came of it."""

    def asked(
        provider: str, *steps: Step, orders: list[Mapping[str, Any]], kind: str | None = None, **changed: str
    ) -> list[dict[str, Any]]:
        settings = Settings(credential=kind or USUAL[provider])
        with serving_for(*steps, settings=settings, provider=provider) as serving:
            return _run(packages, provider, serving, orders, changed)

    return asked


def _run(
    node: str, provider: str, serving: Serving, orders: list[Mapping[str, Any]], changed: Mapping[str, str]
) -> list[dict[str, Any]]:
    told = "".join(f"{json.dumps(order)}\n" for order in orders)
    env = serving.env(os.environ) | changed
    done = subprocess.run(
        [node, str(HERE / "clouds.mjs"), provider], input=told, env=env, capture_output=True, text=True, timeout=50
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.mark.parametrize(("provider", "kind"), KINDS)
def test_every_kind_of_credential_gets_in(ask: Ask, provider: str, kind: str):
    (outcome,) = ask(provider, reply("Hello"), orders=[{"action": "create"}], kind=kind)

    assert outcome["error"] is None
    assert outcome["result"]["content"][0]["text"] == "Hello"


def test_a_stream_and_a_tool_arrive_as_they_were_scripted(ask: Ask, provider: str):
    streamed, called = ask(
        provider,
        reply("Hello there", stream={"text_piece": 6}),
        reply(tool_use={"name": "weather", "input": {"city": "Tromsø"}}),
        orders=[{"action": "stream"}, {"action": "create", "request": {"tools": [WEATHER]}}],
    )

    deltas = [event["delta"] for event in streamed["result"]["events"] if event["type"] == "content_block_delta"]
    assert [delta["text"] for delta in deltas] == ["Hello ", "there"]
    assert streamed["result"]["error"] is None
    (block,) = called["result"]["content"]
    assert (block["name"], block["input"]) == ("weather", {"city": "Tromsø"})


def test_a_429_is_retried_and_then_answered(ask: Ask, provider: str):
    (outcome,) = ask(provider, fail("rate_limited"), reply("Hello"), orders=[{"action": "create"}])

    assert outcome["result"]["content"][0]["text"] == "Hello"


def test_an_error_in_mid_stream_is_raised(ask: Ask, provider: str):
    (outcome,) = ask(
        provider, fail("error_event", kind="overloaded", after_events=3, text="Hello"), orders=[{"action": "stream"}]
    )

    assert outcome["result"]["error"] is not None
    assert outcome["result"]["events"]


def test_an_overflow_is_refused_in_words_the_caller_sees(ask: Ask, provider: str):
    (outcome,) = ask(provider, fail("prompt_too_long"), orders=[{"action": "create"}])

    assert outcome["error"]["status"] == 400
    assert "too long" in outcome["error"]["message"]


@pytest.mark.parametrize(
    ("provider", "kind", "changed", "status", "words"),
    [
        (
            "anthropic",
            "auth_token",
            {"ANTHROPIC_AUTH_TOKEN": "sk-ant-oat01-nobody-knows-this-one"},
            401,
            "bearer token",
        ),
        ("bedrock", "environment", {"AWS_SECRET_ACCESS_KEY": "another-secret"}, 403, "signature"),
    ],
)
def test_a_wrong_credential_is_refused_in_the_providers_words(
    ask: Ask, provider: str, kind: str, changed: dict[str, str], status: int, words: str
):
    orders = [{"action": "create", "options": {"maxRetries": 0}}]

    (outcome,) = ask(provider, orders=orders, kind=kind, **changed)

    assert outcome["error"]["status"] == status
    assert words in outcome["error"]["message"]
