"""Cassettes before real clients: they get what is recorded, and not one byte of theirs gets to the service."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import anthropic
import pytest

from windtunnel import Player, Windtunnel, fail
from windtunnel.cassette.interaction import Arrival, Interaction, Request, Response
from windtunnel.fake import pointed_at
from windtunnel_server.wire import sse

ASKED: dict[str, Any] = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 1000,
    "messages": [{"role": "user", "content": "Hello, tunnel."}],
}
MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-6",
    "content": [{"type": "text", "text": "recorded"}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 5, "output_tokens": 9},
}
EVENTS = (
    sse.encode("message_start", {"type": "message_start", "message": MESSAGE | {"content": [], "stop_reason": None}}),
    sse.encode(
        "content_block_start",
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        pad=3,
    ),
    sse.encode(
        "content_block_delta",
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "recorded"}},
    ),
    sse.encode("content_block_stop", {"type": "content_block_stop", "index": 0}),
    sse.encode(
        "message_delta",
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}},
    ),
    sse.encode("message_stop", {"type": "message_stop"}),
)
JSON = (("content-type", "application/json"),)
STREAM = (("content-type", "text/event-stream; charset=utf-8"), ("transfer-encoding", "chunked"))
CONVERSE = {
    "output": {"message": {"role": "assistant", "content": [{"text": "recorded"}]}},
    "stopReason": "end_turn",
    "usage": {"inputTokens": 5, "outputTokens": 9, "totalTokens": 14},
    "metrics": {"latencyMs": 1},
}
CONVERSED: dict[str, Any] = {"messages": [{"role": "user", "content": [{"text": "Hello, tunnel."}]}]}


def taken(uri: str, asked: Any, answer: Response) -> Interaction:
    request = Request(method="POST", uri=uri, headers=JSON, body=json.dumps(asked).encode())
    return Interaction(request=request, response=answer)


def direct(asked: Any = ASKED) -> Interaction:
    answer = Response(status=200, headers=JSON, body=json.dumps(MESSAGE).encode())
    return taken("https://api.anthropic.com/v1/messages", asked, answer)


def streamed(**changes: Any) -> Interaction:
    given: dict[str, Any] = {"status": 200, "headers": STREAM, "body": b"".join(EVENTS)}
    answer = Response(**given | changes)
    return taken("https://api.anthropic.com/v1/messages", ASKED | {"stream": True}, answer)


def converse(asked: Any = CONVERSED) -> Interaction:
    uri = "https://bedrock-runtime.us-east-1.amazonaws.com/model/us.anthropic.claude-sonnet-4-6/converse"
    return taken(uri, asked, Response(status=200, headers=JSON, body=json.dumps(CONVERSE).encode()))


class Canary:
    """Stands where the environment says that the service is, and counts who comes."""

    def __init__(self) -> None:
        self.server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.server.getsockname()[1]}"
        self.visits = 0
        self.thread = threading.Thread(target=self._count, daemon=True)
        self.thread.start()

    def _count(self) -> None:
        while True:
            try:
                visitor, _ = self.server.accept()
            except OSError:
                return
            self.visits += 1
            visitor.close()

    def stop(self) -> None:
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()
        self.thread.join()


@pytest.fixture
def canary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Canary]:
    canary = Canary()
    for name in ("ANTHROPIC_BASE_URL", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_BEDROCK_RUNTIME", "HTTP_PROXY"):
        monkeypatch.setenv(name, canary.url)
    yield canary
    canary.stop()


@pytest.fixture
def play(canary: Canary) -> Iterator[Callable[..., Windtunnel]]:
    """Open a tunnel over interactions, and point this process at it: `play(*interactions, steps=(), **options)`."""
    from contextlib import ExitStack

    with ExitStack() as stack:

        def start(
            *interactions: Interaction, steps: Sequence[Any] = (), pace: Any = "none", **options: Any
        ) -> Windtunnel:
            player = Player([("c", interactions)], pace=pace)
            tunnel = stack.enter_context(Windtunnel(*steps, cassette=player, **options))
            stack.enter_context(pointed_at(tunnel.env))
            return tunnel

        yield start


Play = Callable[..., Windtunnel]


def text_of(message: Any) -> str:
    return "".join(block.text for block in message.content)


def test_a_message_and_a_stream_are_read_as_they_were(play: Play, canary: Canary) -> None:
    tunnel = play(direct(), streamed())

    with anthropic.Anthropic() as client:
        whole = client.messages.create(**ASKED)
        with client.messages.stream(**ASKED) as stream:
            in_pieces = stream.get_final_message()

    assert (text_of(whole), text_of(in_pieces)) == ("recorded", "recorded")
    tunnel.claim(whole, in_pieces)
    tunnel.verdict.tokens().check()
    tunnel.verdict.stream().check()
    assert tunnel.cassette is not None
    assert (tunnel.cassette.unplayed, canary.visits) == ([], 0)


def test_a_recorded_pace_is_kept_to_the_microsecond(play: Play) -> None:
    arrivals = tuple(Arrival(0.5 + 1.25 * place, len(event)) for place, event in enumerate(EVENTS))
    tunnel = play(streamed(arrivals=arrivals), pace="recorded")
    at_s = []

    with anthropic.Anthropic() as client:
        for _ in client.messages.create(**ASKED, stream=True):
            at_s.append(tunnel.clock.now())

    assert [round(at - at_s[0], 6) for at in at_s] == [1.25 * place for place in range(len(EVENTS))]


def test_a_recording_overloaded_after_the_third_event_is_asked_for_again(play: Play, canary: Canary) -> None:
    tunnel = play(streamed(), steps=[fail("error_event", kind="overloaded", after_events=3)])

    with anthropic.Anthropic() as client:
        with pytest.raises(anthropic.APIStatusError, match="Overloaded"):
            list(client.messages.create(**ASKED, stream=True))
        events = list(client.messages.create(**ASKED, stream=True))

    assert [event.type for event in events][-1] == "message_stop"
    assert tunnel.cassette is not None
    assert (tunnel.cassette.misses, canary.visits) == ([], 0)


def test_a_scripted_overload_is_backed_off_from_and_the_recording_answers(play: Play) -> None:
    tunnel = play(direct(), steps=[fail("overloaded", times=2)])

    with anthropic.Anthropic() as client:
        assert text_of(client.messages.create(**ASKED)) == "recorded"

    tunnel.verdict.backoff("anthropic_python").check()


def test_what_is_not_recorded_is_refused_once_and_reaches_nobody(play: Play, canary: Canary) -> None:
    tunnel = play(direct(ASKED | {"max_tokens": 1}))

    with (
        anthropic.Anthropic(max_retries=3) as client,
        pytest.raises(anthropic.BadRequestError, match="No recording answers") as refused,
    ):
        client.messages.create(**ASKED)

    assert "differs: max_tokens  1  !=  1000" in str(refused.value)
    assert (len(tunnel.journal.calls), canary.visits) == (1, 0)


@pytest.mark.parametrize("is_recorded", [True, False])
def test_boto3_gets_what_is_recorded_and_reaches_nobody(play: Play, canary: Canary, is_recorded: bool) -> None:
    boto3 = pytest.importorskip("boto3", reason="boto3 is not installed")
    from botocore.exceptions import ClientError

    play(converse(CONVERSED if is_recorded else {"messages": []}), provider="bedrock")
    client = boto3.client("bedrock-runtime")

    def ask() -> Any:
        return client.converse(modelId="us.anthropic.claude-sonnet-4-6", **CONVERSED)

    if is_recorded:
        assert ask()["output"] == CONVERSE["output"]
    else:
        with pytest.raises(ClientError, match="No recording answers"):
            ask()
    client.close()
    assert canary.visits == 0


def test_the_canary_counts(canary: Canary) -> None:
    with pytest.raises(anthropic.APIConnectionError), anthropic.Anthropic(api_key="k", max_retries=0) as client:
        client.messages.create(**ASKED)

    assert canary.visits == 1
