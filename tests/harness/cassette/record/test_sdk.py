"""The official SDK and boto3, hooked in this process: streams stay streams, and play again from what was taken down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from windtunnel.cassette.interaction import Interaction, Request, Response
from windtunnel.cassette.record.inprocess import playing, recording
from windtunnel.fake import pointed_at

anthropic = pytest.importorskip("anthropic")

ASKED = {"model": "claude-sonnet-4-6", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}
MODEL = "us.anthropic.claude-sonnet-4-5-20250929-v1:0"


def created(client: object) -> str:
    return str(client.messages.create(**ASKED).content[0].text)  # type: ignore[attr-defined]


def sync(url: str) -> str:
    with anthropic.Anthropic(base_url=url, api_key="k", max_retries=0) as client:
        return created(client)


def sync_stream(url: str) -> str:
    with (
        anthropic.Anthropic(base_url=url, api_key="k", max_retries=0) as client,
        client.messages.stream(**ASKED) as stream,
    ):
        return "".join(stream.text_stream)


def aio(url: str) -> str:
    async def ask() -> str:
        async with anthropic.AsyncAnthropic(base_url=url, api_key="k", max_retries=0) as client:
            return str((await client.messages.create(**ASKED)).content[0].text)

    return asyncio.run(ask())


def aio_stream(url: str) -> str:
    async def ask() -> str:
        client = anthropic.AsyncAnthropic(base_url=url, api_key="k", max_retries=0)
        async with client, client.messages.stream(**ASKED) as stream:
            return "".join([text async for text in stream.text_stream])

    return asyncio.run(ask())


def once(interactions: list[Interaction]) -> Callable[[Request], Response]:
    responses = iter([interaction.response for interaction in interactions])
    return lambda request: next(responses)


@pytest.mark.parametrize("ask", [sync, sync_stream, aio, aio_stream])
def test_what_the_sdk_was_told_it_is_told_again_without_a_network(ask, served, kept):
    fake, url = served

    with recording(kept):
        live = ask(url)
    calls = len(fake.core.journal.calls)
    with playing(once(kept)):
        again = ask(url)

    assert live == again != ""
    assert len(fake.core.journal.calls) == calls == 1
    assert (kept[0].response.ended, kept[0].provider) == ("complete", "anthropic")


def test_the_sdk_sees_its_first_event_before_the_last_has_left(canned, gated, kept):
    gate = gated()
    start = b'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant",'
    start += b'"model":"m","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":1,"output_tokens":1}}}\n\n'
    stop = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
    head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-length: %d\r\n\r\n" % len(start + stop)
    upstream = canned([head + start, gate, stop])
    types = []

    with recording(kept), anthropic.Anthropic(base_url=upstream.url, api_key="k", max_retries=0) as client:
        for event in client.messages.create(stream=True, **ASKED):
            types.append(event.type)
            gate.open()

    assert types == ["message_start", "message_stop"]
    assert kept[0].response.body == start + stop


def test_boto3_streams_a_conversation_while_it_is_taken_down_and_again_from_it(served, kept):
    boto3 = pytest.importorskip("boto3")
    fake, url = served

    def ask() -> str:
        client = boto3.client("bedrock-runtime")
        answer = client.converse_stream(modelId=MODEL, messages=[{"role": "user", "content": [{"text": "Hello"}]}])
        said = [
            event["contentBlockDelta"]["delta"]["text"] for event in answer["stream"] if "contentBlockDelta" in event
        ]
        client.close()
        return "".join(said)

    with pointed_at(fake.env(url, "bedrock")):
        with recording(kept):
            live = ask()
        calls = len(fake.core.journal.calls)
        with playing(once(kept)):
            again = ask()

    assert live == again != ""
    assert len(fake.core.journal.calls) == calls
    assert len(kept) == 1 and kept[0].provider == "bedrock"


def test_twelve_threads_are_taken_down_as_twelve_exchanges(served, kept):
    from concurrent.futures import ThreadPoolExecutor

    _, url = served
    with recording(kept), ThreadPoolExecutor(12) as pool:
        texts = list(pool.map(lambda number: sync_stream(url), range(12)))

    assert len(kept) == 12 and len(set(texts)) == 1
    assert {one.response.ended for one in kept} == {"complete"}
