"""Plans written by hand, for the faults to change."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import TypeAlias

import pytest

from windtunnel_server.plan import Close, End, Head, Plan, Reset, Send, Wait
from windtunnel_server.wire import eventstream

Streamed: TypeAlias = Callable[..., Plan]

HEADERS = (
    ("Date", "Sun, 22 Nov 2026 12:00:00 GMT"),
    ("Content-Type", "text/event-stream; charset=utf-8"),
    ("Transfer-Encoding", "chunked"),
    ("request-id", "req_011CabcdefghijkmnopqrstuV"),
    ("vary", "Accept-Encoding"),
    ("cf-cache-status", "DYNAMIC"),
)


def _event(name: str, **payload: object) -> Send:
    text = json.dumps({"type": name, **payload}, separators=(",", ":"), ensure_ascii=False)
    return Send(f"event: {name}\ndata: {text}\n\n".encode(), name)


def _delta(text: str) -> Send:
    return _event("content_block_delta", index=0, delta={"type": "text_delta", "text": text})


def _streamed(*texts: str, pace_s: float = 0.0) -> Plan:
    deltas: list[Send | Wait] = []
    for text in texts or ("Hel", "lo"):
        deltas += [*([Wait(pace_s)] if pace_s else []), _delta(text)]
    return Plan(
        (
            Head(200, HEADERS),
            _event("message_start", message={"id": "msg_01", "content": [], "usage": {"output_tokens": 1}}),
            _event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
            Send(b'event: ping\ndata: {"type": "ping"}\n\n', "ping"),
            *deltas,
            _event("content_block_stop", index=0),
            _event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 4}),
            _event("message_stop"),
            End(),
        ),
        {"usage": {"output_tokens": 4}},
    )


@pytest.fixture
def rng() -> Random:
    return Random(7)


@pytest.fixture
def stream_of() -> Streamed:
    """Build a stream of the given texts: seven events around them, `pace_s` seconds before each delta."""
    return _streamed


@pytest.fixture
def streamed() -> Plan:
    """Eight events: message_start, content_block_start, ping, two deltas, content_block_stop, message_delta, _stop."""
    return _streamed()


@pytest.fixture
def unstreamed() -> Plan:
    """A JSON answer with a content-length."""
    body = b'{"id":"msg_01","type":"message","content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn"}'
    headers = (("Content-Type", "application/json"), ("Content-Length", str(len(body))), ("request-id", "req_011C"))
    return Plan((Head(200, headers), Send(body), End()))


_FRAMED = (
    ("Content-Type", "application/vnd.amazon.eventstream"),
    ("Transfer-Encoding", "chunked"),
    ("X-Amzn-Bedrock-Content-Type", "application/json"),
)


@pytest.fixture
def aws_stream(streamed: Plan) -> Plan:
    """The same stream as InvokeModel frames it: no ping, so seven events."""
    steps: list[Head | Send | Wait | End] = [Head(200, _FRAMED)]
    for step in streamed.steps:
        if isinstance(step, Send) and step.event != "ping":
            said = json.loads(step.data.partition(b"data: ")[2])
            steps.append(Send(eventstream.chunk(said, pad="abc").encode(), step.event))
    return Plan((*steps, End()), dict(streamed.notes))


@pytest.fixture
def converse_stream() -> Plan:
    """A tool call in five frames of ConverseStream."""
    said: list[tuple[str, dict[str, object]]] = [
        ("messageStart", {"role": "assistant"}),
        (
            "contentBlockStart",
            {"contentBlockIndex": 0, "start": {"toolUse": {"name": "look", "toolUseId": "tooluse_1"}}},
        ),
        ("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"toolUse": {"input": "{}"}}}),
        ("contentBlockStop", {"contentBlockIndex": 0}),
        ("messageStop", {"stopReason": "tool_use"}),
    ]
    frames = (Send(eventstream.event(name, payload).encode(), name) for name, payload in said)
    return Plan((Head(200, _FRAMED[:2]), *frames, End()))


@pytest.fixture
def is_well_formed() -> Callable[[Plan], bool]:
    """Say whether a driver can perform a plan: at most one head, in front of the body, and one end, at the end."""

    def check(plan: Plan) -> bool:
        heads = [index for index, step in enumerate(plan) if isinstance(step, Head)]
        bodies = [index for index, step in enumerate(plan) if isinstance(step, Send)]
        ends = [index for index, step in enumerate(plan) if isinstance(step, (End, Close, Reset))]
        in_order = not bodies or (len(heads) == 1 and heads[0] < bodies[0])
        return (
            len(heads) <= 1
            and in_order
            and ends == [len(plan) - 1]
            and all(s.data for s in plan if isinstance(s, Send))
        )

    return check
