from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from windtunnel_server.faults.cut_tool_input import cut_tool_input
from windtunnel_server.plan import End, Head, Plan, Send
from windtunnel_server.script import ScriptError


def delta(partial: str) -> Send:
    value: dict[str, Any] = {"type": "content_block_delta", "index": 0}
    value |= {"delta": {"type": "input_json_delta", "partial_json": partial}}
    return Send(b"event: content_block_delta\ndata: " + json.dumps(value).encode() + b"\n\n", "content_block_delta")


STOP = Send(b'event: message_stop\ndata: {"type":"message_stop"}\n\n', "message_stop")


def test_the_last_piece_of_input_is_left_out_and_all_else_comes() -> None:
    calm = Plan((Head(200), delta('{"a"'), delta(": 1}"), STOP, End()))

    rough = cut_tool_input(calm, rng=Random(0))

    assert rough.steps == (Head(200), delta('{"a"'), STOP, End())


def test_a_reply_without_a_tool_call_is_an_error_that_says_so(streamed: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match="needs a reply that calls a tool"):
        cut_tool_input(streamed, rng=rng)


def test_a_frame_of_converse_brings_input_too(converse_stream: Plan, rng: Random) -> None:
    assert cut_tool_input(converse_stream, rng=rng).events == [
        "messageStart",
        "contentBlockStart",
        "contentBlockStop",
        "messageStop",
    ]
