"""Bedrock's runtime under the official SDK and under boto3: calls, streams, tools, errors, retries, every fault."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any

import anthropic
import pytest

from windtunnel import Windtunnel, fail, fault, reply
from windtunnel.fake import pointed_at
from windtunnel.policies import find
from windtunnel.verdicts import backoff
from windtunnel.verdicts.sent import read
from windtunnel_server.clock import REAL
from windtunnel_server.faults import FAULTS
from windtunnel_server.journal import Entry
from windtunnel_server.settings import Settings
from windtunnel_server.wire import aws_errors
from windtunnel_server.wire.errors import KINDS

boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
if not hasattr(anthropic, "AnthropicAWS"):
    pytest.skip("this generation of the SDK is not on httpx2", allow_module_level=True)
httpx2 = pytest.importorskip("httpx2")

MODEL = "us.anthropic.claude-opus-4-8"
ARN = f"arn:aws:bedrock:us-east-1:111122223333:inference-profile/{MODEL}"
ASKED: dict[str, Any] = {
    "model": MODEL,
    "max_tokens": 200,
    "messages": [{"role": "user", "content": "Hello, tunnel."}],
}
BODY = json.dumps({"anthropic_version": "bedrock-2023-05-31", **{k: ASKED[k] for k in ("max_tokens", "messages")}})
TURNS = [{"role": "user", "content": [{"text": "Hello, tunnel."}]}]
TOOL = {"name": "look", "description": "Look.", "input_schema": {"type": "object", "properties": {}}}

SAID = "Hello there, how is the weather today?"
PIECE = 8


@pytest.fixture
def open_tunnel() -> Iterator[Callable[..., Windtunnel]]:
    """Open tunnels whose clients find Bedrock by the environment."""
    with ExitStack() as stack:

        def opened(settings: Settings | None = None) -> Windtunnel:
            tunnel = stack.enter_context(Windtunnel(provider="bedrock", settings=settings))
            stack.enter_context(pointed_at(tunnel.provider("bedrock").env))
            return tunnel

        yield opened


@pytest.fixture
def tunnel(open_tunnel: Callable[..., Windtunnel]) -> Windtunnel:
    return open_tunnel()


@dataclass
class Met:
    """What a client met: what was raised, and what came before."""

    error: BaseException | None = None
    events: list[Any] = field(default_factory=list)

    @property
    def name(self) -> str | None:
        return None if self.error is None else type(self.error).__name__


# --- the official SDK ------------------------------------------------------------------------------------------------


class Sdk:
    """AnthropicBedrock or its async twin, called in one way."""

    def __init__(self, tunnel: Windtunnel, way: str, **options: Any) -> None:
        self.runner = asyncio.Runner() if way == "async" else None
        options |= {"http_client": httpx2.Client(transport=tunnel.transport())} if way == "memory" else {}
        kind = anthropic.AsyncAnthropicBedrock if self.runner else anthropic.AnthropicBedrock
        self.client = self.run(lambda: kind(**options))

    def run(self, ask: Callable[[], Any]) -> Any:
        if self.runner is None:
            return ask()

        async def whole() -> Any:
            given = ask()
            return await given if inspect.isawaitable(given) else given

        return self.runner.run(whole())

    def create(self, **changes: Any) -> Any:
        return self.run(lambda: self.client.messages.create(**ASKED | changes))

    def stream(self, **changes: Any) -> Any:
        """Read the helper's stream to its end; its message."""
        if self.runner is None:
            with self.client.messages.stream(**ASKED | changes) as stream:
                return stream.get_final_message()

        async def helped() -> Any:
            async with self.client.messages.stream(**ASKED | changes) as stream:
                return await stream.get_final_message()

        return self.run(helped)

    def raw(self, **changes: Any) -> Met:
        met = Met()
        try:
            self.run(lambda: self._raw(met, changes) if self.runner is None else self._raw_async(met, changes))
        except Exception as error:
            met.error = error
        return met

    def _raw(self, met: Met, changes: dict[str, Any]) -> None:
        with self.client.messages.create(**ASKED | {"stream": True} | changes) as stream:
            for event in stream:
                met.events.append(event)

    async def _raw_async(self, met: Met, changes: dict[str, Any]) -> None:
        async with await self.client.messages.create(**ASKED | {"stream": True} | changes) as stream:
            async for event in stream:
                met.events.append(event)

    def close(self) -> None:
        self.run(lambda: self.client.close())
        if self.runner is not None:
            self.runner.close()


@pytest.fixture
def connect(tunnel: Windtunnel) -> Iterator[Callable[..., Sdk]]:
    made: list[Sdk] = []

    def connected(way: str, **options: Any) -> Sdk:
        made.append(Sdk(tunnel, way, **options))
        return made[-1]

    yield connected
    for sdk in made:
        sdk.close()


@pytest.fixture(params=["sync", "async", "memory"])
def sdk(request: pytest.FixtureRequest, connect: Callable[..., Sdk]) -> Sdk:
    return connect(request.param)


@pytest.fixture
def once(connect: Callable[..., Sdk]) -> Sdk:
    return connect("sync", max_retries=0)


def test_a_message_comes_whole_and_in_a_stream(tunnel: Windtunnel, sdk: Sdk) -> None:
    tunnel.script(reply(SAID), reply(SAID))

    whole, streamed = sdk.create(), sdk.stream()

    assert whole.content[0].text == streamed.content[0].text == SAID
    assert whole.id.startswith("msg_bdrk_")
    assert whole.usage.input_tokens == streamed.usage.input_tokens
    assert [entry.path.rpartition("/")[2] for entry in tunnel.journal] == ["invoke", "invoke-with-response-stream"]


@pytest.mark.parametrize("model", [MODEL, ARN, "global.anthropic.claude-sonnet-4-5-20250929-v1:0"])
def test_profiles_and_arns_are_signed_and_found(tunnel: Windtunnel, once: Sdk, model: str) -> None:
    assert once.create(model=model).type == "message"


def test_a_tool_is_called_and_its_result_is_taken(tunnel: Windtunnel, sdk: Sdk) -> None:
    tunnel.script(reply(tool_use={"name": "look", "input": {"at": "the sky"}}), reply("Blue."))

    called = sdk.stream(tools=[TOOL])
    (use,) = called.content
    turns = [
        *ASKED["messages"],
        {"role": "assistant", "content": [use.model_dump(exclude_none=True)]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": use.id, "content": "blue"}]},
    ]
    answer = sdk.create(tools=[TOOL], messages=turns)

    assert use.id.startswith("toolu_bdrk_01")
    assert (use.input, called.stop_reason) == ({"at": "the sky"}, "tool_use")
    assert answer.content[0].text == "Blue."


def test_throttling_is_retried_by_the_client_s_own_policy(tunnel: Windtunnel, sdk: Sdk) -> None:
    tunnel.script(fail("rate_limited", times=2), reply("ok"), fail("overloaded"), reply("ok"))

    for _ in range(2):
        assert sdk.create().content[0].text == "ok"

    assert [entry.status for entry in tunnel.journal] == [429, 429, 200, 503, 200]
    assert backoff.judge(tunnel.journal, find("anthropic_python")).value == "pass"


def test_a_hint_that_is_scripted_is_kept(tunnel: Windtunnel, sdk: Sdk) -> None:
    tunnel.script(fail("rate_limited", retry_after=7), reply("ok"))

    sdk.create()

    assert tunnel.clock.now() == pytest.approx(7.0)


def test_every_kind_of_error_raises_the_class_of_its_status(tunnel: Windtunnel, once: Sdk) -> None:
    tunnel.script(*(fail(name) for name in KINDS))

    wrong = {}
    for name, kind in KINDS.items():
        code, status = aws_errors.code_of(kind)
        with pytest.raises(anthropic.APIStatusError) as raised:
            once.create()
        said = raised.value.response.headers.get("x-amzn-errortype", "").partition(":")[0]
        if (raised.value.status_code, said) != (status, code):
            wrong[name] = (raised.value.status_code, said)

    assert wrong == {}


def test_an_exception_in_a_stream_is_raised_with_amazon_s_name(tunnel: Windtunnel, sdk: Sdk) -> None:
    tunnel.script(reply(SAID, faults=[fault("error_event", kind="rate_limited", after_events=3)]))

    met = sdk.raw()

    assert isinstance(met.error, anthropic.APIStatusError)
    assert (met.error.status_code, met.error.type) == (200, "throttlingException")
    assert len(met.events) == 3
    assert tunnel.journal[0].error_type == "throttlingException"


def test_an_overflow_is_told_in_bedrock_s_words(open_tunnel: Callable[..., Windtunnel]) -> None:
    sdk = Sdk(open_tunnel(Settings(context_window=5)), "sync")

    for ask in (sdk.create, sdk.stream):
        with pytest.raises(anthropic.BadRequestError, match="prompt is too long: .* > 5 maximum"):
            ask()

    sdk.close()


# --- boto3 -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def runtime(tunnel: Windtunnel) -> Iterator[Any]:
    """A client of boto3 with botocore's own retries."""
    client = boto3.client("bedrock-runtime")
    yield client
    client.close()


@pytest.fixture
def single(tunnel: Windtunnel) -> Iterator[Any]:
    """A client of boto3 that tries once."""
    from botocore.config import Config

    client = boto3.client("bedrock-runtime", config=Config(retries={"total_max_attempts": 1}))
    yield client
    client.close()


def test_boto3_invokes(tunnel: Windtunnel, single: Any) -> None:
    tunnel.script(reply(SAID))

    answer = single.invoke_model(modelId=ARN, body=BODY)

    assert json.loads(answer["body"].read())["content"][0]["text"] == SAID
    assert answer["contentType"] == "application/json"
    assert len(answer["ResponseMetadata"]["RequestId"]) == 36


def test_boto3_reads_the_stream_of_invoke(tunnel: Windtunnel, single: Any) -> None:
    events = single.invoke_model_with_response_stream(modelId=MODEL, body=BODY)["body"]

    said = [json.loads(event["chunk"]["bytes"]) for event in events]
    assert said[0]["type"] == "message_start"
    assert said[-1]["amazon-bedrock-invocationMetrics"]["outputTokenCount"] > 0


def test_boto3_converses(tunnel: Windtunnel, single: Any) -> None:
    tunnel.script(reply(SAID, thinking="Hm."))

    answer = single.converse(modelId=MODEL, messages=TURNS, system=[{"text": "Be brief."}])

    thought, said = answer["output"]["message"]["content"]
    assert thought["reasoningContent"]["reasoningText"]["text"] == "Hm."
    assert said == {"text": SAID}
    assert answer["usage"]["totalTokens"] == answer["usage"]["inputTokens"] + answer["usage"]["outputTokens"]


def test_boto3_reads_the_stream_of_converse(tunnel: Windtunnel, single: Any) -> None:
    spec = {"name": "look", "inputSchema": {"json": TOOL["input_schema"]}}
    tunnel.script(reply("Let me look.", tool_use={"name": "look", "input": {"at": "the sky"}}))

    events = list(
        single.converse_stream(modelId=MODEL, messages=TURNS, toolConfig={"tools": [{"toolSpec": spec}]})["stream"]
    )

    deltas = [event["contentBlockDelta"]["delta"] for event in events if "contentBlockDelta" in event]
    starts = [event["contentBlockStart"]["start"]["toolUse"] for event in events if "contentBlockStart" in event]
    assert "".join(delta.get("text", "") for delta in deltas) == "Let me look."
    assert json.loads("".join(delta["toolUse"]["input"] for delta in deltas if "toolUse" in delta)) == {"at": "the sky"}
    assert starts[0]["toolUseId"].startswith("tooluse_")
    assert events[-2] == {"messageStop": {"stopReason": "tool_use"}}
    assert events[-1]["metadata"]["usage"]["inputTokens"] > 0
    assert tunnel.journal[0].usage is not None


def test_boto3_counts_tokens(tunnel: Windtunnel, single: Any) -> None:
    plain = MODEL.removeprefix("us.")

    wrapped = single.count_tokens(modelId=plain, input={"invokeModel": {"body": BODY}})
    conversed = single.count_tokens(modelId=plain, input={"converse": {"messages": TURNS}})

    assert wrapped["inputTokens"] == conversed["inputTokens"] > 0
    with pytest.raises(single.exceptions.ValidationException, match="doesn't support counting tokens"):
        single.count_tokens(modelId=MODEL, input={"converse": {"messages": TURNS}})


def test_boto3_lists_profiles_and_models(tunnel: Windtunnel) -> None:
    client = boto3.client("bedrock", endpoint_url=tunnel.provider("bedrock").url)

    listed = client.list_inference_profiles()["inferenceProfileSummaries"]
    found = client.get_inference_profile(inferenceProfileIdentifier=MODEL)
    every = client.list_foundation_models(byProvider="Anthropic")["modelSummaries"]
    one = client.get_foundation_model(modelIdentifier=MODEL.removeprefix("us."))["modelDetails"]

    assert found["inferenceProfileArn"] in [profile["inferenceProfileArn"] for profile in listed]
    assert found["createdAt"].year == 2025
    assert one["modelId"] in [model["modelId"] for model in every]
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_inference_profile(inferenceProfileIdentifier="us.nonsense")
    client.close()


def test_every_kind_of_error_is_a_client_error_of_its_name(tunnel: Windtunnel, single: Any) -> None:
    from botocore.exceptions import ClientError

    tunnel.script(*(fail(name) for name in KINDS))

    wrong = {}
    for name, kind in KINDS.items():
        code, status = aws_errors.code_of(kind)
        with pytest.raises(ClientError) as raised:
            single.converse(modelId=MODEL, messages=TURNS)
        said = raised.value.response
        if (said["Error"]["Code"], said["ResponseMetadata"]["HTTPStatusCode"]) != (code or str(status), status):
            wrong[name] = said["Error"]

    assert wrong == {}


@pytest.mark.parametrize("name", ["rate_limited", "overloaded", "internal_error", "bad_gateway"])
def test_botocore_s_retries_are_judged_right(tunnel: Windtunnel, runtime: Any, name: str) -> None:
    from botocore.exceptions import ClientError

    policy = find("botocore_standard")
    tunnel.script(fail(name, times=2), reply("ok"), fail(name, times=3))

    runtime.converse(modelId=MODEL, messages=TURNS)
    with pytest.raises(ClientError):
        runtime.invoke_model(modelId=MODEL, body=BODY)

    judged = backoff.judge(tunnel.journal, policy)
    assert judged.value == "pass", judged
    assert [chain.chain.numbers for chain in judged.report.chains] == [(1, 2, 3), (4, 5, 6)]
    assert {chain.chain.certain for chain in judged.report.chains} == {True}


def test_what_botocore_does_not_retry_is_judged_right_too(tunnel: Windtunnel, runtime: Any) -> None:
    tunnel.script(fail("request_timeout"), fail("invalid_request"), fail("expired_token"))

    for error in ("ModelTimeoutException", "ValidationException", "ClientError"):
        with pytest.raises(Exception, match=".") as raised:
            runtime.invoke_model(modelId=MODEL, body=BODY)
        assert type(raised.value).__name__ in (error, "ExpiredTokenException")

    assert len(tunnel.journal) == 3
    assert backoff.judge(tunnel.journal, find("botocore_standard")).value == "pass"


# --- every fault -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Expected:
    """What the three kinds of readers meet: the SDK, boto3 on InvokeModel's stream, boto3 on ConverseStream's.

    The exception, and how many events came before it.
    """

    sdk: tuple[str | None, int]
    invoke: tuple[str | None, int]
    converse: tuple[str | None, int]
    options: Mapping[str, Any] = field(default_factory=dict)
    #: How the call ended.
    ended: str = "complete"


#: message_start, content_block_start, five deltas, content_block_stop, message_delta, message_stop.
WHOLE = 10
#: Without content_block_start, and the metadata in the place of message_stop.
CONVERSED = 9


def same(error: str | None, events: int, botocore: str | None, **more: Any) -> Expected:
    return Expected(sdk=(error, events), invoke=(botocore, events), converse=(botocore, events), **more)


def calm(changed: int = 0, **more: Any) -> Expected:
    """Nothing is raised, and so many events more come than usual."""
    return Expected(
        sdk=(None, WHOLE + changed), invoke=(None, WHOLE + changed), converse=(None, CONVERSED + changed), **more
    )


AFTER = {"after_events": 5}
#: The step is refused: the fault has nothing to act on.
REFUSED = same("BadRequestError", 0, "ValidationException")

EXPECTED: Mapping[str, Expected] = {
    "connection_refused": same("APIConnectionError", 0, "EndpointConnectionError", ended="refused"),
    "connection_dropped": same("APIConnectionError", 0, "ConnectionClosedError", ended="closed"),
    "reset_before_headers": same("APIConnectionError", 0, "ConnectionClosedError", ended="reset"),
    "empty_answer": same("APIConnectionError", 0, "ConnectionClosedError", ended="closed"),
    "stall_before_headers": same("APITimeoutError", 0, "ReadTimeoutError", ended="hung up"),
    "slow_first_byte": calm(),
    "reset_mid_body": same("ReadError", 5, "ProtocolError", ended="reset", options=AFTER),
    "close_mid_stream": same("RemoteProtocolError", 5, "ProtocolError", ended="closed", options=AFTER),
    # A stream that ends early ends in silence for both (wire.md 5).
    "end_mid_stream": same(None, 5, None, options=AFTER),
    "cut_utf8": Expected(
        sdk=("RemoteProtocolError", 2), invoke=("ProtocolError", 2), converse=("ProtocolError", 1), ended="closed"
    ),
    "stall": same("ReadTimeout", 2, "ReadTimeoutError", ended="hung up"),
    "slow_drip": calm(options={"bytes": 100}),
    "error_event": same("APIStatusError", 4, "EventStreamError", options={"after_events": 4}),
    # boto3 hands on what is inside a chunk, whatever it is.
    "malformed_json": Expected(sdk=("JSONDecodeError", 3), invoke=(None, WHOLE), converse=(None, CONVERSED)),
    "cut_tool_input": REFUSED,
    "missing_event": calm(-1, options={"name": "content_block_delta"}),
    "missing_message_start": calm(-1),
    "missing_message_stop": calm(-1),
    "duplicate_event": calm(1),
    "out_of_order_events": calm(),
    # A new event of the API is handed on, a new frame of Converse is not.
    "unknown_event": Expected(sdk=(None, WHOLE + 1), invoke=(None, WHOLE + 1), converse=(None, CONVERSED)),
    "no_event_names": same(None, 0, None),
    "wrong_checksum": same("ChecksumMismatch", 3, "ChecksumMismatch"),
    "regroup": calm(),
    # botocore reads the bytes of a stream as they come.
    "gzip": Expected(sdk=(None, WHOLE), invoke=("ChecksumMismatch", 0), converse=("ChecksumMismatch", 0)),
    "wrong_content_length": Expected(
        sdk=("RemoteProtocolError", WHOLE), invoke=(None, WHOLE), converse=(None, CONVERSED), ended="closed"
    ),
    "broken_chunk": same("RemoteProtocolError", 5, "ProtocolError", ended="closed", options=AFTER),
    "wrong_content_type": calm(),
    "empty_body": same(None, 0, None),
    "truncated_json": REFUSED,
    "json_instead_of_stream": Expected(
        sdk=("ChecksumMismatch", 0), invoke=("ChecksumMismatch", 0), converse=("ValidationException", 0)
    ),
    "trailing_garbage": Expected(
        sdk=("ChecksumMismatch", WHOLE), invoke=("ChecksumMismatch", WHOLE), converse=("ChecksumMismatch", CONVERSED)
    ),
}


def test_every_fault_is_in_the_table() -> None:
    assert sorted(EXPECTED) == sorted(FAULTS)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_stream_meets_a_fault(tunnel: Windtunnel, connect: Callable[..., Sdk], single: Any, name: str) -> None:
    expected, met = EXPECTED[name], {}
    readers = {
        "sdk": connect("sync", max_retries=0).raw,
        "sdk, async": connect("async", max_retries=0).raw,
        "sdk, in memory": connect("memory", max_retries=0).raw,
        "invoke": lambda: _events(lambda: single.invoke_model_with_response_stream(modelId=MODEL, body=BODY)["body"]),
        "converse": lambda: _events(lambda: single.converse_stream(modelId=MODEL, messages=TURNS)["stream"]),
    }

    for reader, ask in readers.items():
        tunnel.script(reply(SAID, faults=[fault(name, **expected.options)], stream={"text_piece": PIECE}))
        seen = ask()
        met[reader] = seen.name, len(seen.events)
        assert _ended(tunnel).ended == expected.ended
        _check_reading(_ended(tunnel), seen)

    assert met == {
        **dict.fromkeys(("sdk", "sdk, async", "sdk, in memory"), expected.sdk),
        "invoke": expected.invoke,
        "converse": expected.converse,
    }
    assert tunnel.core.failures == []


def _check_reading(entry: Entry, seen: Met) -> None:
    """The journal has what left; a client that raises need not have got so far."""
    sent = read(entry)
    assert sent.unknown == ""
    if sent.whole and not sent.doubts:
        assert seen.error is None
    if all(hasattr(event, "type") for event in seen.events):
        heard = "".join(getattr(getattr(event, "delta", None), "text", "") for event in seen.events)
        assert heard == sent.text or (seen.error is not None and sent.text.startswith(heard)) or sent.doubts


def _events(ask: Callable[[], Any]) -> Met:
    met = Met()
    try:
        for event in ask():
            met.events.append(event)
    except Exception as error:
        met.error = error
    return met


def _ended(tunnel: Windtunnel) -> Entry:
    """The last call, once it has ended: a client's goodbye is on its way for a while."""
    give_up_at = REAL.monotonic() + 5.0
    while tunnel.journal[-1].ended is None and REAL.monotonic() < give_up_at:
        REAL.sleep(0.001)
    return tunnel.journal[-1]
