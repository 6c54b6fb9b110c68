from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

import pytest

from windtunnel_server.faults.json_instead_of_stream import json_instead_of_stream
from windtunnel_server.faults.malformed_json import malformed_json
from windtunnel_server.faults.missing_message_start import missing_message_start
from windtunnel_server.plan import End, Head, Plan, Send
from windtunnel_server.script import ScriptError
from windtunnel_server.wire import events
from windtunnel_server.wire.message import Reply, Usage


def test_the_message_is_the_one_the_stream_would_have_said(rng: Random) -> None:
    said = Reply(
        content=(
            {"type": "thinking", "thinking": "Let me see", "signature": "c2ln"},
            {"type": "text", "text": "Grüße"},
            {"type": "tool_use", "id": "toolu_01", "name": "look", "input": {"at": ["a", {"b": 1}]}},
            {"type": "tool_use", "id": "toolu_02", "name": "rest", "input": {}},
        ),
        stop_reason="tool_use",
        usage=Usage(input_tokens=10, output_tokens=20),
    )
    stream = events.encode_stream(events.stream(said, model="claude-sonnet-4-5", message_id="msg_01", rng=rng), rng)
    calm = Plan((Head(200), *(Send(data, name) for name, data in stream), End()))

    rough = json_instead_of_stream(calm, rng=rng)

    assert json.loads(rough.body) == events.message(said, model="claude-sonnet-4-5", message_id="msg_01")


def test_the_head_says_json_and_there_are_no_events(streamed: Plan, rng: Random) -> None:
    rough = json_instead_of_stream(streamed, rng=rng)

    assert rough.head is not None
    assert rough.head.header("content-type") == "application/json"
    assert rough.events == []
    assert json.loads(rough.body)["content"] == [{"type": "text", "text": "Hello"}]


def test_it_comes_when_the_last_event_would_have_come(stream_of: Callable[..., Plan], rng: Random) -> None:
    calm = stream_of("one", "two", pace_s=0.5)

    assert json_instead_of_stream(calm, rng=rng).waits == [0.5, 0.5]


@pytest.mark.parametrize("earlier", [malformed_json, missing_message_start])
def test_a_broken_stream_holds_no_message(streamed: Plan, rng: Random, earlier: Callable[..., Plan]) -> None:
    with pytest.raises(ScriptError, match="lay json_instead_of_stream before it"):
        json_instead_of_stream(
            earlier(streamed, rng=rng, **{"at_event": 3} if earlier is malformed_json else {}), rng=rng
        )


def test_the_message_in_frames_comes_in_one_piece_too(streamed: Plan, aws_stream: Plan, rng: Random) -> None:
    rough = json_instead_of_stream(aws_stream, rng=rng)

    assert rough.body == json_instead_of_stream(streamed, rng=rng).body
    assert rough.head is not None
    assert rough.head.header("content-type") == "application/json"
    assert rough.head.header("x-amzn-bedrock-content-type") is None


def test_the_frames_of_converse_are_no_message_of_the_messages_api(converse_stream: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match="leave it out"):
        json_instead_of_stream(converse_stream, rng=rng)
