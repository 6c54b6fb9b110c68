"""Replies as plans, framed and paced."""

from __future__ import annotations

import math
from random import Random
from typing import Any

import pytest

from windtunnel_server.plan import End, Head, Plan, Send, Wait
from windtunnel_server.providers import framing
from windtunnel_server.script import Stream
from windtunnel_server.wire import events, sse
from windtunnel_server.wire.message import Reply, Usage

HEADERS = (("Transfer-Encoding", "chunked"),)
MODEL = "claude-sonnet-4-6"


def said(text: str = "Hello there, you") -> list[Any]:
    reply = Reply(content=({"type": "text", "text": text},), usage=Usage(input_tokens=3, output_tokens=6))
    return list(events.stream(reply, model=MODEL, message_id="msg_1", rng=Random(1)))


def streamed(pacing: Stream | None = None) -> Plan:
    return framing.streamed(HEADERS, said(), pacing, Random(2))


def test_a_body_in_one_piece_is_a_head_a_send_and_an_end() -> None:
    assert framing.whole(404, HEADERS, b"ab").steps == (Head(404, HEADERS), Send(b"ab"), End())


def test_an_empty_body_sends_nothing() -> None:
    assert framing.whole(200, HEADERS, b"").steps == (Head(200, HEADERS), End())


def test_a_stream_is_its_events_each_in_a_send_of_its_own() -> None:
    plan = streamed()

    assert plan.events == [event.name for event in said()]
    assert [name for name, _ in sse.decode(plan.body)] == plan.events
    assert plan.steps[-1] == End()


def test_a_stream_without_a_pace_waits_for_nothing() -> None:
    assert streamed().waits == streamed(Stream()).waits == []


def test_the_first_byte_is_waited_for_before_the_head() -> None:
    plan = streamed(Stream(first_byte=2.5))

    assert plan.steps[0] == Wait(2.5)
    assert plan.waits == [2.5]


def test_each_delta_takes_the_time_of_its_tokens() -> None:
    plan = streamed(Stream(tokens_per_second=4))

    tokens = [event.tokens for event in said() if event.tokens]
    assert plan.waits == [count / 4 for count in tokens]
    for place, step in enumerate(plan.steps):
        if isinstance(step, Wait):
            behind = plan.steps[place + 1]
            assert isinstance(behind, Send) and behind.event == "content_block_delta"


def test_pace_changes_no_byte() -> None:
    assert streamed(Stream(first_byte=1, tokens_per_second=3)).body == streamed().body


@pytest.mark.parametrize(("every_s", "pings"), [(1.0, 2), (0.75, 3), (3.0, 0), (5.0, 0)])
def test_a_long_silence_is_broken_by_pings(every_s: float, pings: int) -> None:
    event = next(event for event in said() if event.tokens)
    pace = event.tokens / 3.0

    plan = framing.streamed(HEADERS, [event], Stream(tokens_per_second=pace, ping_every=every_s), Random(0))

    assert plan.events == ["ping"] * pings + ["content_block_delta"]
    assert math.isclose(sum(plan.waits), 3.0)
    assert all(wait <= every_s for wait in plan.waits)


def test_a_body_in_one_piece_comes_when_all_of_it_is_made() -> None:
    plan = framing.delayed(framing.whole(200, HEADERS, b"ab"), Stream(first_byte=1, tokens_per_second=10), 25)

    assert plan.steps == (Wait(3.5), Head(200, HEADERS), Send(b"ab"), End())


@pytest.mark.parametrize("pacing", [None, Stream(), Stream(tokens_per_second=0, ping_every=1)])
def test_a_body_in_one_piece_without_a_pace_comes_at_once(pacing: Stream | None) -> None:
    plan = Plan(framing.whole(200, HEADERS, b"ab").steps, {"a": 1})

    assert framing.delayed(plan, pacing, 25) == plan
    assert framing.delayed(plan, pacing, 25).notes == {"a": 1}
