"""The official SDK at Amazon's other two doors: Bedrock's Messages endpoint, and Claude Platform on AWS."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import anthropic
import pytest

from windtunnel import Windtunnel, fail, fault, reply
from windtunnel_server.script import Step
from windtunnel_server.settings import Settings

if not hasattr(anthropic, "AnthropicAWS"):
    pytest.skip("this generation of the SDK has not all of Amazon's clients", allow_module_level=True)
pytest.importorskip("boto3", reason="boto3 is not installed")
httpx2: Any = importlib.import_module("httpx2")

CLIENTS = {"bedrock-mantle": "AnthropicBedrockMantle", "aws": "AnthropicAWS"}
BASES = {"bedrock-mantle": "ANTHROPIC_BEDROCK_MANTLE_BASE_URL", "aws": "ANTHROPIC_AWS_BASE_URL"}
MODELS = {"bedrock-mantle": "anthropic.claude-sonnet-4-6", "aws": "claude-sonnet-4-6"}
TOOL = {
    "name": "look",
    "description": "Look.",
    "input_schema": {"type": "object", "properties": {"at": {"type": "string"}}},
}


@dataclass
class Door:
    """A client of one door that signs, over a socket or in memory, asked in one way whichever it is."""

    tunnel: Windtunnel
    client: Any
    provider: str
    runner: asyncio.Runner | None

    def create(self, **changes: Any) -> Any:
        given = self._asked(changes)
        if self.runner is None:
            return self.client.messages.create(**given)
        return self.runner.run(self._awaited(lambda: self.client.messages.create(**given)))

    def count(self) -> int:
        asked = {"model": MODELS[self.provider], "messages": [{"role": "user", "content": "Hello"}]}
        if self.runner is None:
            return self.client.messages.count_tokens(**asked).input_tokens
        return self.runner.run(self._awaited(lambda: self.client.messages.count_tokens(**asked))).input_tokens

    def streamed(self, **changes: Any) -> Any:
        """The final message of a stream."""
        if self.runner is not None:
            return self.runner.run(self._streamed(self._asked(changes)))
        with self.client.messages.stream(**self._asked(changes)) as stream:
            return stream.get_final_message()

    async def _streamed(self, asked: dict[str, Any]) -> Any:
        async with self.client.messages.stream(**asked) as stream:
            return await stream.get_final_message()

    async def _awaited(self, make: Callable[[], Any]) -> Any:
        return await make()

    def _asked(self, changes: dict[str, Any]) -> dict[str, Any]:
        asked = {"model": MODELS[self.provider], "max_tokens": 200, "messages": [{"role": "user", "content": "Hello"}]}
        return asked | changes

    @property
    def statuses(self) -> list[int | None]:
        return [entry.status for entry in self.tunnel.journal.calls]


@pytest.fixture(params=["sync-socket", "async-socket", "sync-memory", "async-memory"])
def way(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(params=CLIENTS)
def provider(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def door(provider: str, way: str) -> Iterator[Callable[..., Door]]:
    """`door(*steps, settings=None, **options of the client)`: a tunnel with that script, and a client of it."""
    ends: list[Callable[[], Any]] = []

    def open_(*steps: Step, settings: Settings | None = None, **options: Any) -> Door:
        tunnel = Windtunnel(*steps, provider=provider, settings=settings)
        tunnel.start()
        ends.append(tunnel.stop)
        keys, sync = tunnel.fake.aws.keys, way.startswith("sync")
        key = keys.session()
        own = {"workspace_id": tunnel.env["ANTHROPIC_AWS_WORKSPACE_ID"]} if provider == "aws" else {}
        made = getattr(anthropic, ("" if sync else "Async") + CLIENTS[provider])(
            base_url=tunnel.env[BASES[provider]],
            aws_region=keys.region,
            aws_access_key=key.id,
            aws_secret_key=key.secret,
            aws_session_token=key.token,
            http_client=_http(tunnel, way),
            **own,
            **options,
        )
        runner = None if sync else asyncio.Runner()
        if runner is None:
            ends.append(made.close)
        else:
            ends.append(runner.close)
            ends.append(lambda: runner.run(made.close()))
        return Door(tunnel, made, provider, runner)

    yield open_
    for end in reversed(ends):
        end()


def _http(tunnel: Windtunnel, way: str) -> Any:
    return {
        "sync-socket": lambda: anthropic.DefaultHttpxClient(verify=False),
        "async-socket": lambda: anthropic.DefaultAsyncHttpxClient(verify=False),
        "sync-memory": lambda: httpx2.Client(transport=tunnel.transport()),
        "async-memory": lambda: httpx2.AsyncClient(transport=tunnel.async_transport()),
    }[way]()


def test_a_call_is_answered(door: Callable[..., Door], provider: str):
    run = door(reply("Hello there"))

    message = run.create()

    assert message.content[0].text == "Hello there"
    assert message._request_id.startswith("req_")
    entry = run.tunnel.journal.calls[0]
    assert entry.provider == provider
    assert entry.usage is not None and entry.usage["input_tokens"] == message.usage.input_tokens
    assert entry.response_header("x-amzn-requestid")


def test_a_stream_is_read_to_its_end(door: Callable[..., Door]):
    run = door(reply("Hello there"))

    message = run.streamed()

    assert message.content[0].text == "Hello there" and message.stop_reason == "end_turn"


def test_what_was_read_is_judged_by_what_was_sent(door: Callable[..., Door]):
    run = door(reply("Hello there"))

    run.tunnel.claim(run.streamed())

    assert run.tunnel.verdict.stream().passed
    assert run.tunnel.verdict.tokens().passed


def test_a_tool_is_used(door: Callable[..., Door]):
    run = door(reply(tool_use={"name": "look", "input": {"at": "the sea"}}))

    message = run.streamed(tools=[TOOL])

    assert message.stop_reason == "tool_use"
    assert message.content[0].input == {"at": "the sea"}


def test_tokens_are_counted_as_they_are_used(door: Callable[..., Door]):
    run = door()

    assert run.count() == run.create().usage.input_tokens


def test_a_limited_client_comes_back_when_it_is_told(door: Callable[..., Door]):
    run = door(fail("rate_limited", retry_after=7), reply("Hello"))

    run.create()

    first, second = run.tunnel.journal.calls
    assert run.statuses == [429, 200]
    assert second.arrived_at - first.arrived_at == pytest.approx(7.0, abs=0.1)
    # Each attempt is signed anew, with the time it has by then.
    assert first.header("x-amz-date") != second.header("x-amz-date")


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("overloaded", anthropic.OverloadedError),
        ("internal_error", anthropic.InternalServerError),
        ("prompt_too_long", anthropic.BadRequestError),
        ("permission_denied", anthropic.PermissionDeniedError),
        ("request_too_large", anthropic.APIStatusError),
    ],
)
def test_an_error_is_the_sdks_own_exception(door: Callable[..., Door], kind: str, error: type[Exception]):
    run = door(fail(kind), max_retries=0)

    with pytest.raises(error):
        run.create()


def test_a_prompt_that_overflows_is_told_by_how_much(door: Callable[..., Door]):
    run = door(settings=Settings(context_window=1000))

    with pytest.raises(anthropic.BadRequestError, match=r"prompt is too long: \d+ tokens > 1000 maximum"):
        run.create(messages=[{"role": "user", "content": "The quick brown fox. " * 500}])


def test_an_error_in_mid_stream_ends_it(door: Callable[..., Door]):
    run = door(fail("error_event", after_events=3))

    with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
        run.streamed()


@pytest.mark.parametrize("what", ["reset_before_headers", "empty_answer", "connection_dropped"])
def test_a_broken_connection_is_tried_again(door: Callable[..., Door], what: str, way: str):
    run = door(fail(what), reply("Hello"))

    assert run.create().content[0].text == "Hello"
    assert len(run.tunnel.journal) == 2


def test_a_cut_stream_is_no_whole_message(door: Callable[..., Door]):
    run = door(fail("close_mid_stream", after_events=3))

    with pytest.raises((anthropic.APIError, httpx2.RemoteProtocolError)):
        run.streamed()


def test_a_slow_answer_is_waited_for(door: Callable[..., Door]):
    run = door(reply("Hello", faults=[fault("slow_first_byte", for_s=30)]))

    assert run.create().content[0].text == "Hello"
    assert run.tunnel.clock.now() == pytest.approx(30.0, abs=0.1)


def test_after_a_refusal_the_next_call_is_let_in(door: Callable[..., Door], provider: str):
    run = door(fail("expired_token"), reply("Hello"))
    error = anthropic.AuthenticationError if provider == "bedrock-mantle" else anthropic.PermissionDeniedError

    with pytest.raises(error, match="expired"):
        run.create()

    assert run.create().content[0].text == "Hello"
