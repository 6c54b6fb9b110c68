"""Interactions for the tests of cassettes: one of every kind, and any."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import strategies as st

from windtunnel.cassette.interaction import ENDINGS, Arrival, Interaction, Request, Response
from windtunnel_server.wire import eventstream, sse

MESSAGE = {
    "type": "message",
    "id": "msg_1",
    "role": "assistant",
    "model": "claude-sonnet-4-5",
    "content": [],
    "usage": {"input_tokens": 12, "output_tokens": 1},
}
EVENTS = (
    sse.encode("message_start", {"type": "message_start", "message": MESSAGE}),
    sse.encode(
        "content_block_start",
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        pad=7,
    ),
    sse.PING,
    sse.encode(
        "content_block_delta",
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Paris, “la Ville”."}},
        pad=3,
    ),
    sse.encode("content_block_stop", {"type": "content_block_stop", "index": 0}, pad=15),
    sse.encode(
        "message_delta",
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
    ),
    sse.encode("message_stop", {"type": "message_stop"}, pad=1),
)
ASKED = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "What is the capital of France? " * 6 + "Say why."}],
}
REQUEST = Request(
    method="POST",
    uri="https://api.anthropic.com/v1/messages",
    headers=(("content-type", "application/json"), ("x-api-key", "***"), ("accept", "application/json")),
    body=json.dumps({**ASKED, "stream": True}, separators=(",", ":")).encode(),
)


@pytest.fixture(scope="session")
def streamed() -> Interaction:
    """A stream with its padding, and the instants of its events."""
    return Interaction(
        request=REQUEST,
        response=Response(
            status=200,
            reason="OK",
            headers=(("Content-Type", "text/event-stream; charset=utf-8"), ("Set-Cookie", "a"), ("set-cookie", "b")),
            body=b"".join(EVENTS),
            arrivals=tuple(Arrival(0.25 + number / 8, len(event)) for number, event in enumerate(EVENTS)),
            head_at_s=0.2,
            ended_at_s=1.5,
        ),
        provider="anthropic",
        recorded_at=dt.datetime(2026, 11, 30, 12, 30, 0, 125, tzinfo=dt.UTC),
        expires=dt.date(2027, 5, 1),
    )


@pytest.fixture(scope="session")
def answered() -> Interaction:
    """An answer in one piece that calls a tool."""
    use = {"type": "tool_use", "id": "toolu_1", "name": "get_weather", "input": {"city": "Paris"}}
    usage = {"input_tokens": 20, "output_tokens": 9, "cache_read_input_tokens": 300}
    message = {**MESSAGE, "content": [use], "stop_reason": "tool_use", "usage": usage}
    return Interaction(
        request=Request(method="POST", uri=REQUEST.uri, headers=REQUEST.headers, body=json.dumps(ASKED).encode()),
        response=Response(
            status=200, headers=(("content-type", "application/json"),), body=json.dumps(message).encode()
        ),
        provider="anthropic",
    )


@pytest.fixture(scope="session")
def framed() -> Interaction:
    """A stream of Amazon's frames, which is not UTF-8."""
    frames = [eventstream.event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": "Hé"}}) for _ in "ab"]
    return Interaction(
        request=Request(
            method="POST",
            uri="https://bedrock-runtime.eu-west-1.amazonaws.com/model/anthropic.claude-sonnet-5/converse-stream",
            body=b'{"messages":[{"role":"user","content":[{"text":"Hello?"}]}]}',
        ),
        response=Response(
            status=200,
            headers=(("Content-Type", eventstream.CONTENT_TYPE),),
            body=b"".join(frame.encode() for frame in frames),
            ended="reset",
        ),
        provider="bedrock",
    )


@pytest.fixture(scope="session")
def three(streamed: Interaction, answered: Interaction, framed: Interaction) -> list[Interaction]:
    return [streamed, answered, framed]


#: Texts that block scalars, quotes and line ends stumble over.
_AWKWARD = st.sampled_from(
    [
        *"\n\r\t \\\"'#\x85\u2028\ufeff\x00\x7f\ufffeé😀\xa0a",
        "\r\n",
        "  ",
        " #",
        ": ",
        "- ",
        "---",
        "...",
        "{}",
        "}   }",
    ]
)
#: Lines too long for the page, without blanks and with them.
_LONG = st.sampled_from(["data: x\n\n", "word word ", "x" * 130, "a b " * 60])
_TEXTS = st.lists(st.one_of(_AWKWARD, _LONG, st.text(max_size=4)), max_size=8).map("".join)
_BODIES = st.one_of(_TEXTS.map(lambda text: text.encode("utf-8", "replace")), st.binary(max_size=80))
_LINES = st.text(st.characters(codec="utf-8"), max_size=8)
_NAMES = st.one_of(st.sampled_from(["a", "A", "no", "x-y", "1"]), st.text("aB1-!#$%&'*+.^_`|~", min_size=1, max_size=8))
_VALUES = st.text(st.characters(max_codepoint=0xFF, exclude_characters="\0\r\n"), max_size=8)
_HEADERS = st.lists(st.tuples(_NAMES, _VALUES), max_size=3)
_ASKED_HEADERS = st.lists(st.tuples(_NAMES, _LINES), max_size=3)
_SECONDS = st.floats(0, 1e6, allow_subnormal=False)
_INSTANTS = st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2999, 1, 1))


@st.composite
def _arrivals(draw: st.DrawFn, length: int) -> tuple[Arrival, ...]:
    ends = sorted(draw(st.sets(st.integers(0, length), max_size=6)) | {length})
    sizes = [end - begin for begin, end in zip([0, *ends], ends, strict=False)]
    return tuple(Arrival(draw(_SECONDS), size) for size in sizes)


@st.composite
def _interactions(draw: st.DrawFn) -> Interaction:
    body, ended = draw(_BODIES), draw(st.sampled_from(ENDINGS))
    statuses = st.integers(200, 599)
    return Interaction(
        request=Request(
            method=draw(st.one_of(st.sampled_from(["POST", "GET", "NO"]), _LINES)),
            uri=draw(st.one_of(st.sampled_from(["https://a.test/x?y=[1]#z", "http://a:"]), _LINES)),
            headers=tuple(draw(_ASKED_HEADERS)),
            body=draw(_BODIES),
        ),
        response=Response(
            status=draw(statuses if ended == "complete" else statuses | st.just(0)),
            reason=draw(_LINES),
            headers=tuple(draw(_HEADERS)),
            body=body,
            arrivals=draw(st.one_of(st.just(()), _arrivals(len(body)))),
            head_at_s=draw(st.none() | _SECONDS),
            ended=ended,
            ended_at_s=draw(st.none() | _SECONDS),
        ),
        provider=draw(st.sampled_from(["", "anthropic", "bedrock-mantle", "no"])),
        recorded_at=draw(st.none() | _INSTANTS | _INSTANTS.map(lambda instant: instant.replace(tzinfo=dt.UTC))),
        expires=draw(st.none() | st.dates(dt.date(1971, 1, 1), dt.date(2999, 1, 1))),
    )


@pytest.fixture(scope="session")
def any_interactions() -> st.SearchStrategy[list[Interaction]]:
    """Interactions as they come, and as they do not."""
    return st.lists(_interactions(), max_size=2)


@pytest.fixture(scope="session")
def any_bodies() -> st.SearchStrategy[bytes]:
    """Bodies: texts that YAML stumbles over, and bytes."""
    return _BODIES
