"""The official SDK's clients for Google's clouds against their doors: calls, streams, tools, errors, faults."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import anthropic
import pytest

from windtunnel import Windtunnel, fail, fault, reply
from windtunnel.policies import find
from windtunnel.verdicts import backoff
from windtunnel.verdicts.sent import asks_for_message, read
from windtunnel_server.faults import FAULTS
from windtunnel_server.identity.google import Google
from windtunnel_server.settings import RateLimits, Settings
from windtunnel_server.wire.errors import KINDS

pytest.importorskip("google.auth", reason="google-auth is not installed")
if not hasattr(anthropic, "AnthropicGoogleCloud"):
    pytest.skip("this generation of the SDK has no client for Claude on Google Cloud", allow_module_level=True)
httpx2 = pytest.importorskip("httpx2")

ASKED: dict[str, Any] = {
    "model": "claude-haiku-4-5@20251001",
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Hello, tunnel."}],
}
TOOL = {"name": "look", "description": "Look.", "input_schema": {"type": "object", "properties": {}}}


@dataclass
class Subject:
    """A client behind one door, called in one way whether it is async or not."""

    tunnel: Windtunnel
    google: Google
    client: Any
    runner: asyncio.Runner | None
    kept: list[Any] = field(default_factory=list)

    def run(self, ask: Callable[[Any], Any]) -> Any:
        if self.runner is None:
            return ask(self.client)

        async def whole() -> Any:
            given = ask(self.client)
            return await given if inspect.isawaitable(given) else given

        return self.runner.run(whole())

    def create(self, **changes: Any) -> Any:
        return self.run(lambda client: client.messages.create(**{**self.asked, **changes}))

    @property
    def asked(self) -> dict[str, Any]:
        here = "Vertex" in type(self.client).__name__
        return ASKED if here else ASKED | {"model": "claude-haiku-4-5-20251001"}

    def stream(self, **changes: Any) -> tuple[list[str], Any]:
        asked = {**self.asked, **changes}
        return self.run(lambda client: _read(client, asked) if self.runner is None else _read_async(client, asked))

    @property
    def statuses(self) -> list[int | None]:
        return [entry.status for entry in self.tunnel.journal.calls]


def _read(client: Any, asked: dict[str, Any]) -> tuple[list[str], Any]:
    with client.messages.stream(**asked) as stream:
        return [event.type for event in stream], stream.get_final_message()


async def _read_async(client: Any, asked: dict[str, Any]) -> tuple[list[str], Any]:
    async with client.messages.stream(**asked) as stream:
        return [event.type async for event in stream], await stream.get_final_message()


@pytest.fixture
def open_tunnel() -> Iterator[Callable[..., tuple[Windtunnel, Google]]]:
    tunnels: list[Windtunnel] = []

    def opened(settings: Settings | None = None) -> tuple[Windtunnel, Google]:
        tunnels.append(Windtunnel(settings=settings))
        return tunnels[-1].start(), tunnels[-1].fake.google

    yield opened
    for tunnel in tunnels:
        tunnel.stop()


@pytest.fixture
def connect(open_tunnel: Callable[..., Any]) -> Iterator[Callable[..., Subject]]:
    subjects: list[Subject] = []

    def made(way: str, settings: Settings | None = None, **options: Any) -> Subject:
        tunnel, google = open_tunnel(settings)
        kind, door, medium = way.split("-")
        options["http_client"] = _http_client(tunnel, kind, medium)
        make = {"vertex": _vertex, "cloud": _google_cloud}[door]
        runner = asyncio.Runner() if kind == "async" else None
        subject = Subject(tunnel, google, None, runner)
        subject.client = subject.run(lambda _: make(tunnel, google, kind, **options))
        subjects.append(subject)
        return subject

    yield made
    for subject in subjects:
        subject.run(lambda client: client.close())
        if subject.runner is not None:
            subject.runner.close()


def _http_client(tunnel: Windtunnel, kind: str, medium: str) -> Any:
    if medium == "socket":
        sync = kind == "sync"
        return (anthropic.DefaultHttpxClient if sync else anthropic.DefaultAsyncHttpxClient)(verify=False)
    if kind == "sync":
        return httpx2.Client(transport=tunnel.transport())
    return httpx2.AsyncClient(transport=tunnel.async_transport())


def _vertex(tunnel: Windtunnel, google: Google, kind: str, **options: Any) -> Any:
    make = anthropic.AnthropicVertex if kind == "sync" else anthropic.AsyncAnthropicVertex
    here = {
        "base_url": f"{tunnel.url}/vertex/v1",
        "region": "global",
        "project_id": google.project_id,
        "access_token": google.issue().access_token,
    }
    return make(**here | options)


def _google_cloud(tunnel: Windtunnel, google: Google, kind: str, **options: Any) -> Any:
    make = anthropic.AnthropicGoogleCloud if kind == "sync" else anthropic.AsyncAnthropicGoogleCloud
    place = f"projects/{google.project_id}/locations/global/workspaces/{google.workspace_id}"
    token = google.issue().access_token
    here = {"base_url": f"{tunnel.url}/google-cloud/v1/{place}/invoke", "token_provider": lambda: token}
    return make(**here | options)


EVERY_WAY = [f"{kind}-{door}-socket" for kind in ("sync", "async") for door in ("vertex", "cloud")]
EVERY_WAY += ["sync-vertex-memory", "async-vertex-memory"]


@pytest.fixture(params=EVERY_WAY)
def subject(request: pytest.FixtureRequest, connect: Callable[..., Subject]) -> Subject:
    return connect(request.param)


@pytest.fixture
def vertex(connect: Callable[..., Subject]) -> Subject:
    """One client of Vertex, with its retries turned off."""
    return connect("sync-vertex-socket", max_retries=0)


def test_a_message_is_created(subject: Subject):
    subject.tunnel.script(reply("Hello there."))

    message = subject.create()

    assert message.content[0].text == "Hello there."
    assert message.model == "claude-haiku-4-5-20251001"
    assert subject.tunnel.core.failures == []


def test_a_message_is_streamed_and_what_was_handed_on_is_what_was_sent(subject: Subject):
    subject.tunnel.script(reply("Hello there, and a few words more."))

    names, message = subject.stream()

    assert names[-1] == "message_stop"
    subject.tunnel.claim(message)
    subject.tunnel.verdict.stream().check()
    subject.tunnel.verdict.tokens().check()


def test_a_tool_is_called(subject: Subject):
    subject.tunnel.script(reply(tool_use={"name": "look", "input": {"at": "the sky"}}))

    _, message = subject.stream(tools=[TOOL])

    assert message.stop_reason == "tool_use"
    assert message.content[-1].input == {"at": "the sky"}


def test_tokens_are_counted(subject: Subject):
    asked = {name: value for name, value in subject.asked.items() if name != "max_tokens"}

    counted = subject.run(lambda client: client.messages.count_tokens(**asked))

    assert counted.input_tokens == subject.create().usage.input_tokens
    assert [asks_for_message(entry) for entry in subject.tunnel.journal.calls] == [False, True]


def test_too_many_requests_then_an_answer(subject: Subject):
    subject.tunnel.script(fail("rate_limited", times=2))

    subject.create()

    assert subject.statuses == [429, 429, 200]
    found = backoff.judge(subject.tunnel.journal.calls, find("anthropic_python"))
    assert found.value == "pass", found


def test_a_token_that_has_ended_is_refused(subject: Subject):
    subject.google.expire_all()

    with pytest.raises(anthropic.AuthenticationError, match="invalid authentication credentials"):
        subject.create()

    assert subject.statuses == [401]
    assert subject.tunnel.journal[0].error_type == "UNAUTHENTICATED"


def test_an_overflow_is_refused_in_words_that_clients_look_for(subject: Subject):
    subject.tunnel.script(fail("prompt_too_long"))

    with pytest.raises(anthropic.BadRequestError, match=r"prompt is too long: \d+ tokens > 200000 maximum") as met:
        subject.create()

    assert met.value.type == "invalid_request_error"


def test_an_error_in_mid_stream_ends_the_stream(subject: Subject):
    subject.tunnel.script(reply("Hello there.", faults=[fault("error_event", after_events=3)]))

    with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
        subject.stream()

    assert subject.statuses == [200]


@pytest.mark.parametrize("base", ["/vertex", "/vertex/v1", "/vertex/v1beta1"])
def test_the_base_address_ends_in_a_version_or_not(connect: Callable[..., Subject], base: str):
    subject = connect("sync-vertex-memory", base_url=f"http://fake.test{base}")

    assert subject.create().type == "message"


def test_the_ids_say_where_they_are_from(vertex: Subject):
    vertex.tunnel.script(reply(tool_use={"name": "look", "input": {}}))

    message = vertex.create(tools=[TOOL])

    assert message.id.startswith("msg_vrtx_01")
    assert message.content[-1].id.startswith("toolu_vrtx_01")
    assert message._request_id.startswith("req_vrtx_01")


def test_a_stream_pings_second_and_counts_its_output_alone_at_the_end(vertex: Subject):
    with vertex.client.messages.create(stream=True, **ASKED) as stream:
        events = list(stream)

    entry = vertex.tunnel.journal[0]
    assert entry.events_sent[:3] == ["message_start", "ping", "content_block_start"]
    assert events[-2].usage.to_dict() == {"output_tokens": events[-2].usage.output_tokens}


def test_an_error_of_the_platform_has_googles_shape_and_a_list_around_it_on_streams(vertex: Subject):
    vertex.tunnel.script(fail("rate_limited"), fail("rate_limited"))

    with pytest.raises(anthropic.RateLimitError) as whole:
        vertex.create()
    with pytest.raises(anthropic.RateLimitError) as streamed:
        vertex.stream()

    assert whole.value.body["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert streamed.value.body[0]["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert whole.value.type is None and streamed.value.type is None
    for entry in vertex.tunnel.journal.calls:
        error = read(entry).error
        assert error is not None and error.type == "RESOURCE_EXHAUSTED"
        assert error.message is not None and error.message.startswith("Quota exceeded")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_of_error_is_an_error_to_the_sdk(vertex: Subject, kind: str):
    vertex.tunnel.script(fail(kind))

    with pytest.raises(anthropic.APIStatusError) as met:
        vertex.create()

    entry = vertex.tunnel.journal[0]
    assert met.value.status_code == entry.status
    assert vertex.tunnel.core.failures == []


#: Behind the point where the ping has come on either door.
OPTIONS: dict[str, dict[str, Any]] = {
    "close_mid_stream": {"after_events": 6},
    "end_mid_stream": {"after_events": 6},
    "error_event": {"after_events": 6},
    "missing_event": {"name": "content_block_delta"},
    "reset_mid_body": {"after_events": 6},
    "slow_drip": {"bytes": 100, "every_s": 2.0},
    "stall": {"after_events": 6},
    "unknown_event": {"after_events": 6},
}


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_a_fault_in_a_stream_is_met_as_on_the_direct_door(connect: Callable[..., Subject], name: str):
    subject = connect("sync-vertex-socket", max_retries=0)
    step = reply("Hello there, my friend.", stream={"text_piece": 4}, faults=[fault(name, **OPTIONS.get(name, {}))])
    http_client = anthropic.DefaultHttpxClient(verify=False)
    with anthropic.Anthropic(
        base_url=subject.tunnel.url, api_key="k", max_retries=0, http_client=http_client
    ) as direct:
        met = []
        for client, model in ((subject.client, ASKED["model"]), (direct, "claude-haiku-4-5")):
            subject.tunnel.script(step)
            met.append(_raw(client, ASKED | {"model": model}))
            entry = subject.tunnel.journal.calls[-1]
            met[-1] += (entry.ended, entry.status, entry.faults)

    assert met[0] == met[1]
    assert subject.tunnel.core.failures == []


def _raw(client: Any, asked: dict[str, Any]) -> tuple[Any, ...]:
    seen: list[str] = []
    try:
        with client.messages.create(stream=True, **asked) as stream:
            seen += [event.type for event in stream]
    except Exception as error:
        return type(error).__name__, seen
    return None, seen


def test_a_quota_is_refused_without_a_word_of_when_to_come_again(connect: Callable[..., Subject]):
    settings = Settings(rate_limit=RateLimits(requests_per_minute=1))
    subject = connect("sync-vertex-socket", settings, max_retries=0)
    subject.create()

    with pytest.raises(anthropic.RateLimitError, match="global_online_prediction_requests_per_base_model") as met:
        subject.create()

    assert "anthropic-claude-haiku-4-5." in str(met.value)
    assert "retry-after" not in met.value.response.headers


def test_the_cache_outlives_a_token(vertex: Subject):
    long = [{"type": "text", "text": "word " * 5000, "cache_control": {"type": "ephemeral"}}]
    vertex.create(system=long)
    vertex.client.access_token = vertex.google.issue().access_token

    again = vertex.create(system=long)

    assert again.usage.cache_read_input_tokens > 4000


def test_a_model_that_is_not_there_is_named(vertex: Subject):
    with pytest.raises(anthropic.NotFoundError, match=r"models/claude-haiku-4-5-20251001` was not found"):
        vertex.create(model="claude-haiku-4-5-20251001")


def test_a_region_that_has_not_got_the_model_says_so(connect: Callable[..., Subject]):
    subject = connect("sync-vertex-socket", region="us-east5")

    with pytest.raises(anthropic.BadRequestError, match="is not servable in region us-east5"):
        subject.create(model="claude-opus-5")

    assert subject.create(model="claude-sonnet-4-6").type == "message"
