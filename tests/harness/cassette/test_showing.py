from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.cassette.interaction import Interaction, Request, Response
from windtunnel.cassette.showing import describe


def test_a_stream_is_told(streamed: Interaction) -> None:
    lines = describe(streamed, longest=None)

    assert (
        lines[0] == "2026-11-30 · claude-sonnet-4-5 · stream · 1 message · POST https://api.anthropic.com/v1/messages"
    )
    assert lines[1].startswith("user: What is the capital of France?")
    assert lines[1].endswith("Say why.")
    assert lines[2:] == ["assistant: Paris, “la Ville”.", "200 · end_turn · tokens: 12 in, 5 out · 1.5 s"]


def test_tool_calls_are_told(answered: Interaction) -> None:
    assert describe(answered)[2:] == [
        'calls get_weather: {"city": "Paris"}',
        "200 · tool_use · tokens: 20 in, 9 out, 300 read from the cache",
    ]


def test_amazons_frames_are_told_and_how_they_broke_off(framed: Interaction) -> None:
    assert describe(framed, longest=None) == [
        "anthropic.claude-sonnet-5 · stream · 1 message · POST "
        "https://bedrock-runtime.eu-west-1.amazonaws.com/model/anthropic.claude-sonnet-5/converse-stream",
        "user: Hello?",
        "assistant: HéHé",
        "200 · reset by the server",
    ]


def test_a_refusal_is_told(answered: Interaction) -> None:
    body = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'

    lines = describe(replace(answered, response=replace(answered.response, status=529, body=body)))

    assert lines[-2:] == ["error: overloaded_error · Overloaded", "529"]


def test_nobody_at_the_door_is_told(answered: Interaction) -> None:
    assert describe(replace(answered, response=Response(status=0, ended="refused")))[-1] == (
        "no status · nobody answered the door"
    )


@pytest.mark.parametrize("pack", [gzip.compress, bytes])
def test_a_packed_answer_is_read_and_one_that_was_unpacked_as_well(answered: Interaction, pack: Any) -> None:
    headers = (*answered.response.headers, ("content-encoding", "gzip"))
    packed = replace(answered.response, body=pack(answered.response.body), headers=headers)

    assert describe(replace(answered, response=packed)) == describe(answered)


def test_results_of_tools_pictures_and_the_rest_of_a_turn_are_told(answered: Interaction) -> None:
    content = [
        {"type": "tool_result", "content": [{"type": "text", "text": "15 °C\nand rain"}]},
        {"type": "image", "source": {}},
        {"toolResult": {"content": [{"text": "dry"}]}},
        {"text": "And?"},
    ]
    body = json.dumps({"messages": [{"role": "user", "content": content}]}).encode()

    lines = describe(replace(answered, request=replace(answered.request, body=body)))

    assert lines[1:5] == ["user: [tool_result] 15 °C and rain", "user: [image]", "user: [toolResult] dry", "user: And?"]


def test_what_is_not_the_api_is_told_by_its_size() -> None:
    interaction = Interaction(
        request=Request(method="GET", uri="http://[half"),
        response=Response(status=200, headers=(("Content-Type", "text/html; charset=x"),), body=b"<html>"),
    )

    assert describe(interaction) == ["GET http://[half", "answer: 6 bytes of text/html", "200"]


def test_long_lines_are_cut(streamed: Interaction) -> None:
    assert {len(line) <= 20 for line in describe(streamed, longest=20)} == {True}
    assert describe(streamed, longest=20)[1] == "user: What is the c…"


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                "messages content type text role tools model error message usage delta index stop_reason "
                "content_block input toolUse toolResult output".split()
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(
    asked=_JSON, said=_JSON, event=st.sampled_from(["message_start", "content_block_delta", "error", "message_delta"])
)
def test_whatever_stands_in_the_bodies_something_is_told(asked: Any, said: Any, event: str) -> None:
    request = Request(method="POST", uri="https://a.test/v1/messages", body=json.dumps(asked).encode())
    for body in (json.dumps(said), f"event: {event}\ndata: {json.dumps(said)}\n\n"):
        for provider in ("anthropic", "bedrock", ""):
            response = Response(status=200, headers=(("content-type", "text/event-stream"),), body=body.encode())

            lines = describe(Interaction(request=request, response=response, provider=provider))

            assert lines[0].endswith("POST https://a.test/v1/messages")
            assert not any("\n" in line for line in lines)
