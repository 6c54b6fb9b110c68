"""A cassette in the place of the model: through the core, in memory, in virtual time."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from windtunnel import Windtunnel, fail, fault, reply
from windtunnel.cassette.files import save
from windtunnel.cassette.interaction import Arrival, Interaction, Request, Response
from windtunnel.cassette.player import Player
from windtunnel_server.wire import eventstream, sse

httpx2 = pytest.importorskip("httpx2")

#: One that the fake does not know.
MODEL = "claude-3-opus-20240229"
HEADERS = {"x-api-key": "sk-ant-key", "anthropic-version": "2023-06-01", "content-type": "application/json"}
START = {"type": "message_start", "message": {"id": "msg_1", "usage": {"input_tokens": 5, "output_tokens": 1}}}
EVENTS = (
    sse.encode("message_start", START),
    sse.encode(
        "content_block_start",
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    ),
    sse.encode(
        "content_block_delta",
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "Hi"}},
    ),
    sse.encode("content_block_stop", {"type": "content_block_stop", "index": 0}),
    sse.encode(
        "message_delta", {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}
    ),
    sse.encode("message_stop", {"type": "message_stop"}),
)
BODY = b"".join(EVENTS)


def request(text: str = "Hi", **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "max_tokens": 10, "messages": [{"role": "user", "content": text}]} | more


def taken(
    text: str = "Hi", said: str = "", *, uri: str = "https://api.anthropic.com/v1/messages", **response: Any
) -> Interaction:
    answer = {"id": "m", "content": [], "usage": {"input_tokens": 5, "output_tokens": 9}, "said": said}
    given = {"status": 200, "headers": (("content-type", "application/json"),), "body": json.dumps(answer).encode()}
    body = json.dumps(request(text)).encode()
    asked = Request(method="POST", uri=uri, headers=tuple(HEADERS.items()), body=body)
    return Interaction(request=asked, response=Response(**given | response), provider="anthropic")


STREAM: dict[str, Any] = {
    "headers": (("content-type", "text/event-stream"), ("transfer-encoding", "chunked")),
    "body": BODY,
    "head_at_s": 1.0,
    "arrivals": tuple(Arrival(2.0 + at, len(event)) for at, event in enumerate(EVENTS)),
}

Ask = Callable[..., Any]


class Opened:
    """A tunnel over some interactions, and a client in memory."""

    def __init__(self, *interactions: Interaction, steps: Any = (), **options: Any) -> None:
        self.player = Player([("tests/hello.yaml", interactions)], **options)
        self.tunnel = Windtunnel(*steps, cassette=self.player)

    def ask(self, text: str = "Hi", *, path: str = "/v1/messages", body: Any = None, **options: Any) -> Any:
        data = body if isinstance(body, bytes) else json.dumps(request(text) if body is None else body).encode()
        with httpx2.Client(transport=self.tunnel.transport()) as client:
            return client.post(f"http://windtunnel.invalid{path}", content=data, headers=HEADERS, **options)


@pytest.fixture
def play() -> Iterator[Callable[..., Opened]]:
    opened: list[Opened] = []

    def start(*interactions: Interaction, **options: Any) -> Opened:
        opened.append(Opened(*interactions, **options))
        opened[-1].tunnel.start()
        return opened[-1]

    yield start
    for one in opened:
        one.tunnel.stop()


Play = Callable[..., Opened]


# --- answers -----------------------------------------------------------------------------------------------------


def test_a_call_gets_the_recorded_bytes_whatever_the_fake_would_say_of_it(play: Play) -> None:
    opened = play(taken(body=BODY, headers=STREAM["headers"]))

    answer = opened.ask()  # which asks for no stream

    assert (answer.status_code, answer.content) == (200, BODY)


def test_a_request_that_no_api_would_take_is_answered_as_it_was(play: Play) -> None:
    refused = Response(status=400, headers=(("content-type", "application/json"),), body=b'{"error":{"type":"x"}}')
    asked = Request(method="POST", uri="https://api.anthropic.com/v1/messages", body=b"no json")
    opened = play(Interaction(request=asked, response=refused))

    assert opened.ask(body=b"no json").content == refused.body


def test_journal_and_ledger_tell_of_it_as_of_any_call(play: Play) -> None:
    opened = play(taken())

    opened.ask()

    (entry,) = opened.tunnel.journal.calls
    assert (entry.answered_by, entry.status, entry.ended) == ("interaction 1 of tests/hello.yaml", 200, "complete")
    assert entry.body == request()
    assert entry.usage == {"input_tokens": 5, "output_tokens": 9}
    assert opened.tunnel.ledger.total.output_tokens == 9


def test_a_recorded_failure_and_its_retry_are_judged(play: Play) -> None:
    anthropic = pytest.importorskip("anthropic")
    told = {"type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": "end_turn"}
    body = json.dumps({"id": "m", **told, "usage": {"input_tokens": 5, "output_tokens": 9}}).encode()
    opened = play(taken(status=529, body=b'{"error":{"type":"overloaded_error"}}'), taken(body=body))
    client = anthropic.Anthropic(
        api_key="k", base_url="http://x.invalid", http_client=httpx2.Client(transport=opened.tunnel.transport())
    )

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of the model
        opened.tunnel.claim(client.messages.create(**request()))

    opened.tunnel.verdict.backoff("anthropic_python").check()
    opened.tunnel.verdict.tokens().check()
    assert opened.player.unplayed == []


def test_a_cloud_is_answered_through_its_own_door(play: Play) -> None:
    frames = eventstream.chunk(START, pad="a").encode()
    uri = "https://bedrock-runtime.us-east-1.amazonaws.com/model/anthropic.claude-v1%3A0/invoke-with-response-stream"
    opened = play(taken(uri=uri, body=frames, headers=(("content-type", eventstream.CONTENT_TYPE),)))

    answer = opened.ask(path="/bedrock/model/anthropic.claude-v1:0/invoke-with-response-stream")

    assert answer.content == frames
    (entry,) = opened.tunnel.journal.calls
    used = {"input_tokens": 5, "output_tokens": 1}
    assert (entry.provider, entry.body["stream"], entry.usage) == ("bedrock", True, used)


# --- time --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pace", "took_s"), [("none", 0.0), ("recorded", 7.0), (2, 3.5)])
def test_a_recording_takes_as_long_as_its_pace_says_in_virtual_time(play: Play, pace: Any, took_s: float) -> None:
    opened = play(taken(**STREAM), pace=pace)

    opened.ask(timeout=None)

    assert opened.tunnel.clock.now() == pytest.approx(took_s)


@pytest.mark.parametrize(
    ("ended", "error"), [("reset", "ReadError"), ("cut", "RemoteProtocolError"), ("timeout", "ReadTimeout")]
)
def test_a_recorded_breakage_breaks_again(play: Play, ended: str, error: str) -> None:
    opened = play(taken(**STREAM | {"body": EVENTS[0], "arrivals": (), "ended": ended}))

    with pytest.raises(getattr(httpx2, error)):
        opened.ask(timeout=5.0)


# --- a script over it --------------------------------------------------------------------------------------------


def test_a_failure_of_the_script_answers_in_place_of_a_recording_and_spends_none(play: Play) -> None:
    opened = play(taken(), steps=[fail("overloaded", retry_after=2)])

    assert [opened.ask().status_code for _ in range(2)] == [529, 200]
    assert opened.player.unplayed == []


def test_a_fault_is_laid_over_the_recorded_answer_and_the_retry_gets_it_whole(play: Play) -> None:
    opened = play(taken(**STREAM), steps=[fail("error_event", kind="overloaded", after_events=3)])

    first, second = opened.ask(), opened.ask()

    assert first.content.startswith(b"".join(EVENTS[:3]))
    assert b"overloaded_error" in first.content
    assert second.content == BODY
    assert opened.player.misses == []
    told = [entry.answered_by for entry in opened.tunnel.journal.calls]
    assert told == ["interaction 1 of tests/hello.yaml + error_event", "interaction 1 of tests/hello.yaml"]
    assert opened.tunnel.journal.calls[0].error_type == "overloaded_error"


def test_a_fault_that_lets_every_byte_through_spends_the_recording(play: Play) -> None:
    opened = play(taken(said="one"), taken(said="two"), steps=[fail("slow_first_byte", for_s=3.0)])

    assert [opened.ask().json()["said"] for _ in range(2)] == ["one", "two"]


def test_a_client_that_waited_no_longer_finds_the_recording_again(play: Play) -> None:
    opened = play(taken(said="one"), taken(said="two"), steps=[fail("slow_first_byte", for_s=30.0)])

    with pytest.raises(httpx2.ReadTimeout):
        opened.ask(timeout=1.0)

    assert opened.ask().json()["said"] == "one"


def test_a_reply_of_the_script_answers_where_it_applies(play: Play) -> None:
    step = reply("Scripted", when={"text": "other"}, times="forever")
    opened = play(taken(said="one"), steps=[step])
    other = request("other") | {"model": "claude-sonnet-4-6"}

    told = [opened.ask(), opened.ask(body=other)]

    assert told[0].json()["said"] == "one"
    assert told[1].json()["content"][0]["text"] == "Scripted"


def test_a_window_of_time_holds_over_a_recording(play: Play) -> None:
    opened = play(taken(said="one"), steps=[fail("overloaded", during=(0, 10))])

    assert opened.ask().status_code == 529
    opened.tunnel.clock.sleep(20)
    assert opened.ask().status_code == 200


def test_faults_can_act_on_a_compressed_recording(play: Play) -> None:
    import gzip

    packed = STREAM | {"body": gzip.compress(BODY), "arrivals": ()}
    packed["headers"] = (*STREAM["headers"], ("content-encoding", "gzip"))
    opened = play(taken(**packed), steps=[fail("close_mid_stream", after_events=2)])

    with pytest.raises(httpx2.RemoteProtocolError):
        opened.ask()

    assert opened.ask().content == BODY


def test_a_reply_with_faults_is_the_scripts_own(play: Play) -> None:
    opened = play(taken(), steps=[reply("Mine", faults=[fault("slow_first_byte", for_s=1.0)])])

    assert opened.ask(body=request() | {"model": "claude-sonnet-4-6"}).json()["content"][0]["text"] == "Mine"
    assert len(opened.player.unplayed) == 1


# --- a miss ------------------------------------------------------------------------------------------------------


def test_a_miss_is_a_400_that_is_not_retried_and_says_what_is_nearest(play: Play) -> None:
    opened = play(taken("What is 2+2?"))

    answer = opened.ask("What is 2 + 2?")

    assert (answer.status_code, answer.headers["x-should-retry"]) == (400, "false")
    assert "nearest: interaction 1 of tests/hello.yaml" in answer.json()["error"]["message"]
    assert opened.tunnel.journal.calls[0].answered_by == "miss"
    (miss,) = opened.player.misses
    assert str(miss).splitlines() == [
        "No recording answers POST /v1/messages (request 1).",
        "  nearest: interaction 1 of tests/hello.yaml",
        '  differs: messages[0].content[0].text  "What is 2+2?"  !=  "What is 2 + 2?"',
        "  what to do: record it again, or let the client ask what is recorded",
    ]


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("/bedrock/model/m/invoke", lambda told: told["message"]),
        (
            "/vertex/v1/projects/p/locations/l/publishers/anthropic/models/m:rawPredict",
            lambda told: told["error"]["message"],
        ),
        ("/foundry/anthropic/v1/messages", lambda told: told["error"]["message"]),
    ],
)
def test_a_miss_is_told_in_the_envelope_of_the_door(play: Play, path: str, shape: Callable[[Any], str]) -> None:
    answer = play(taken()).ask("other", path=path)

    assert (answer.status_code, answer.headers["x-should-retry"]) == (400, "false")
    assert shape(answer.json()).startswith("No recording answers")


def test_an_identical_request_too_many_says_that_all_is_played(play: Play) -> None:
    opened = play(taken())
    opened.ask()

    assert "it has been played already; allow_repeats" in opened.ask().json()["error"]["message"]


def test_with_repeats_it_goes_on(play: Play) -> None:
    opened = play(taken(said="one"), taken(said="two"), allow_repeats=True)

    assert [opened.ask().json()["said"] for _ in range(3)] == ["one", "two", "two"]


def test_a_token_endpoint_answers_for_itself_where_nothing_is_recorded(play: Play) -> None:
    opened = play(taken())

    answer = opened.ask(path="/v1/oauth/token", body={"grant_type": "refresh_token", "refresh_token": "x"})

    assert answer.json()["error"] == "invalid_request"  # it names no client
    assert opened.player.misses == []


def test_a_recorded_token_is_played(play: Play) -> None:
    body = {"grant_type": "refresh_token", "refresh_token": "x"}
    asked = Request(method="POST", uri="https://api.anthropic.com/v1/oauth/token", body=json.dumps(body).encode())
    answer = Response(status=200, headers=(("content-type", "application/json"),), body=b'{"access_token":"recorded"}')
    opened = play(Interaction(request=asked, response=answer))

    assert opened.ask(path="/v1/oauth/token", body=body).content == answer.body


# --- files, several, again ---------------------------------------------------------------------------------------


def test_files_are_played_one_behind_the_other(tmp_path: Path) -> None:
    for name, text in (("a.yaml", "one"), ("b.yaml", "two")):
        save(tmp_path / name, [taken(said=text)], expected=None)

    player = Player.load(tmp_path / "a.yaml", tmp_path / "b.yaml")

    assert [str(place) for place in player.unplayed] == [
        f"interaction 1 of {tmp_path / 'a.yaml'}",
        f"interaction 1 of {tmp_path / 'b.yaml'}",
    ]


def test_a_tunnel_takes_a_file(tmp_path: Path) -> None:
    save(tmp_path / "a.yaml", [taken(said="one")], expected=None)

    with Windtunnel(cassette=tmp_path / "a.yaml") as tunnel, httpx2.Client(transport=tunnel.transport()) as client:
        answer = client.post("http://x.invalid/v1/messages", json=request(), headers=HEADERS)

        assert answer.json()["said"] == "one"
        assert tunnel.cassette is not None
        assert tunnel.cassette.unplayed == []


def test_a_key_in_a_prompt_meets_its_placeholder_and_is_shown_in_no_miss(tmp_path: Path) -> None:
    from windtunnel.cassette.redact import Redactor

    secret = "sk-ant-api03-" + "Z9x8Y7w6" * 11 + "AA"
    written = Redactor(environ={}).interaction(taken(f"my key is {secret}", said="one"))
    save(tmp_path / "a.yaml", [written], expected=None)

    with Windtunnel(cassette=tmp_path / "a.yaml") as tunnel, httpx2.Client(transport=tunnel.transport()) as client:

        def ask(text: str) -> Any:
            return client.post("http://x.invalid/v1/messages", json=request(text), headers=HEADERS).json()

        assert ask(f"my key is {secret}").get("said") == "one"
        assert secret[:24] not in json.dumps(ask(f"a key {secret}, another text"))


def test_a_reset_begins_the_cassette_anew(play: Play) -> None:
    opened = play(taken(said="one"))
    opened.ask()

    opened.tunnel.reset()

    assert opened.ask().json()["said"] == "one"


# --- nobody there ------------------------------------------------------------------------------------------------


def test_a_client_in_memory_cannot_connect_where_nobody_listened(play: Play) -> None:
    opened = play(taken(status=0, body=b"", headers=(), ended="refused"), taken(said="again"))

    with pytest.raises(httpx2.ConnectError, match="Connection refused"):
        opened.ask()

    assert opened.ask().json()["said"] == "again"
    assert [entry.ended for entry in opened.tunnel.journal.calls] == ["refused", "complete"]


def test_a_client_on_a_socket_sees_a_reset_where_nobody_listened(play: Play) -> None:
    opened = play(taken(status=0, body=b"", headers=(), ended="refused"))
    url = opened.tunnel.env["ANTHROPIC_BASE_URL"]

    with httpx2.Client() as client, pytest.raises(httpx2.ReadError):
        client.post(f"{url}/v1/messages", json=request(), headers=HEADERS)
