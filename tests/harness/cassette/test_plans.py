"""A recorded answer as a plan: the same head, the same bytes, the same silences, the same end."""

from __future__ import annotations

import gzip
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.cassette.interaction import Arrival, Response
from windtunnel.cassette.plans import pace_of, plan_of
from windtunnel_server.plan import Close, End, Head, Plan, Reset, Send, Wait
from windtunnel_server.whole import Whole
from windtunnel_server.wire import eventstream, sse

CHUNKED = (("Content-Type", "text/event-stream; charset=utf-8"), ("Transfer-Encoding", "chunked"))
START = {"type": "message_start", "message": {"id": "m", "usage": {"input_tokens": 5, "output_tokens": 1}}}
DELTA = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}}
EVENTS = (
    sse.encode("message_start", START, pad=7),
    sse.PING,
    sse.encode("message_delta", DELTA),
    sse.encode("message_stop", {"type": "message_stop"}, pad=15),
)
NAMES = ["message_start", "ping", "message_delta", "message_stop"]
USED = {"input_tokens": 5, "output_tokens": 9}


def streamed(**changes: Any) -> Response:
    return Response(**{"status": 200, "headers": CHUNKED, "body": b"".join(EVENTS)} | changes)


def whole(body: Any, *headers: tuple[str, str], status: int = 200, **changes: Any) -> Response:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status=status, headers=(("Content-Type", "application/json"), *headers), body=data, **changes)


def headers(plan: Plan) -> dict[str, str]:
    assert plan.head is not None
    return {name.lower(): value for name, value in plan.head.headers}


# --- the body ----------------------------------------------------------------------------------------------------


def test_a_stream_comes_event_by_event_with_its_padding() -> None:
    plan = plan_of(streamed())

    assert (plan.body, plan.events) == (b"".join(EVENTS), NAMES)
    assert [step.data for step in plan if isinstance(step, Send)] == list(EVENTS)
    assert plan.steps[-1] == End()


def test_lines_that_end_in_crlf_are_events_too() -> None:
    body = b"event: completion\r\ndata: {}\r\n\r\nevent: ping\r\ndata: {}\r\n\r\n"

    assert plan_of(streamed(body=body)).events == ["completion", "ping"]


def test_what_completes_no_event_is_kept_and_named_nothing() -> None:
    plan = plan_of(streamed(body=b"".join(EVENTS[:1]) + b"event: mess", ended="cut"))

    assert plan.events == ["message_start"]
    assert plan.body.endswith(b"event: mess")


@given(st.binary(), st.sampled_from(["text/event-stream", eventstream.CONTENT_TYPE, "application/json", "x/y"]))
def test_any_bytes_come_out_as_they_went_in(body: bytes, kind: str) -> None:
    plan = plan_of(Response(status=200, headers=(("content-type", kind),), body=body))

    assert plan.body == body


@given(st.binary(max_size=60), st.lists(st.integers(1, 9), max_size=8), st.sampled_from(["none", "recorded", 2.0]))
def test_bytes_are_the_same_at_any_pace_and_in_whatever_pieces(body: bytes, sizes: list[int], pace: Any) -> None:
    arrivals = tuple(Arrival(float(number), size) for number, size in enumerate(sizes))

    assert plan_of(streamed(body=body + EVENTS[0], arrivals=arrivals), pace=pace).body == body + EVENTS[0]


@given(
    st.binary(max_size=40),
    st.sampled_from(["text/event-stream", eventstream.CONTENT_TYPE, "application/json"]),
    st.lists(
        st.sampled_from(
            [
                ("Content-Length", "7"),
                ("Transfer-Encoding", "chunked"),
                ("Connection", "close"),
                ("Keep-Alive", "timeout=5"),
                ("Content-Encoding", "gzip"),
                ("X-Other", "1"),
            ]
        ),
        unique=True,
    ),
    st.sampled_from([200, 204, 500]),
)
def test_the_bytes_that_are_known_at_once_are_those_of_the_steps(
    body: bytes, kind: str, headers: list[tuple[str, str]], status: int
) -> None:
    plan = plan_of(Response(status=status, headers=(("Content-Type", kind), *headers), body=body))

    assert isinstance(plan, Whole)
    assert plan.data == b"".join(step.data for step in plan.steps if isinstance(step, Send))
    assert plan.head == next(step for step in plan.steps if isinstance(step, Head))


def test_frames_are_events_named_by_what_is_inside() -> None:
    frames = [eventstream.chunk(START, pad="abc"), eventstream.event("contentBlockDelta", {"p": "a"})]
    body = b"".join(frame.encode() for frame in frames)

    plan = plan_of(Response(status=200, headers=(("Content-Type", eventstream.CONTENT_TYPE),), body=body))

    assert plan.events == ["message_start", "contentBlockDelta"]
    assert plan.body == body


# --- the head ----------------------------------------------------------------------------------------------------


def test_headers_keep_their_order_and_spelling() -> None:
    recorded = (("Date", "x"), ("X-B", "2"), ("request-ID", "req_1"), ("X-B", "1"), *CHUNKED)

    plan = plan_of(streamed(headers=recorded))

    assert plan.head is not None
    assert plan.head.headers == recorded


def test_what_belongs_to_the_connection_of_the_recording_is_left_out() -> None:
    plan = plan_of(streamed(headers=(("Connection", "close"), ("Keep-Alive", "timeout=5"), *CHUNKED)))

    assert set(headers(plan)) == {"content-type", "transfer-encoding"}


@pytest.mark.parametrize(
    ("response", "framing"),
    [
        pytest.param(whole({}, ("Content-Length", "999")), {"content-length": "2"}, id="a length that is not true"),
        pytest.param(whole({}), {"content-length": "2"}, id="no framing, as of HTTP/2"),
        pytest.param(streamed(headers=CHUNKED[:1]), {"transfer-encoding": "chunked"}, id="a stream without framing"),
        pytest.param(
            whole({}, ("Transfer-Encoding", "chunked"), ("Content-Length", "9")),
            {"transfer-encoding": "chunked"},
            id="both",
        ),
        pytest.param(
            whole(b'{"a', ("Content-Length", "50"), ended="cut"), {"content-length": "50"}, id="a body that was cut"
        ),
        pytest.param(Response(status=204), {}, id="a status without a body"),
    ],
)
def test_a_body_is_delimited_so_that_it_is_true_here(response: Response, framing: dict[str, str]) -> None:
    found = headers(plan_of(response))

    assert {name: found[name] for name in ("content-length", "transfer-encoding") if name in found} == framing


def test_the_answer_to_a_head_request_keeps_its_length() -> None:
    assert headers(plan_of(whole(b"", ("Content-Length", "50")), method="HEAD"))["content-length"] == "50"


# --- codings -----------------------------------------------------------------------------------------------------


def test_a_compressed_body_comes_as_it_was_recorded_and_its_usage_is_known() -> None:
    packed = gzip.compress(json.dumps({"usage": USED}).encode())
    recorded = whole(packed, ("Content-Encoding", "gzip"), ("Content-Length", str(len(packed))))

    plan = plan_of(recorded)

    assert plan.body == packed
    assert headers(plan)["content-encoding"] == "gzip"
    assert plan.notes["usage"] == USED


def test_a_body_that_a_fault_is_to_act_on_is_unpacked() -> None:
    packed = gzip.compress(b"".join(EVENTS))
    recorded = streamed(headers=(*CHUNKED, ("Content-Encoding", "gzip")), body=packed, arrivals=(Arrival(1.0, 3),))

    plan = plan_of(recorded, editable=True)

    assert (plan.body, plan.events) == (b"".join(EVENTS), NAMES)
    assert "content-encoding" not in headers(plan)


def test_a_body_that_another_recorder_has_unpacked_loses_the_header_that_says_otherwise() -> None:
    assert "content-encoding" not in headers(plan_of(whole({}, ("Content-Encoding", "gzip"))))


def test_a_coding_that_cannot_be_read_is_passed_on() -> None:
    plan = plan_of(whole(b"\x8b\x00", ("Content-Encoding", "br")), editable=True)

    assert (plan.body, headers(plan)["content-encoding"]) == (b"\x8b\x00", "br")


# --- pace and end ------------------------------------------------------------------------------------------------

IN_TIME = {
    "head_at_s": 0.5,
    "arrivals": (
        Arrival(1.0, len(EVENTS[0] + EVENTS[1])),
        Arrival(3.0, 4),
        Arrival(4.0, len(EVENTS[2] + EVENTS[3]) - 4),
    ),
    "ended_at_s": 4.25,
}


@pytest.mark.parametrize(
    ("pace", "waits"),
    [("none", []), ("recorded", [0.5, 0.5, 2.0, 1.0, 0.25]), (2, [0.25, 0.25, 1.0, 0.5, 0.125])],
)
def test_silences_are_as_long_as_the_pace_says(pace: Any, waits: list[float]) -> None:
    plan = plan_of(streamed(**IN_TIME), pace=pace)

    assert plan.waits == waits
    assert plan.body == b"".join(EVENTS)


def test_an_event_that_came_in_two_pieces_is_over_with_the_second() -> None:
    plan = plan_of(streamed(**IN_TIME))

    sends = [(len(step.data), step.event) for step in plan if isinstance(step, Send)]
    assert sends[2:4] == [(4, None), (len(EVENTS[2]) - 4, "message_delta")]


@pytest.mark.parametrize("pace", ["slow", 0, -1, math.inf, math.nan, True])
def test_what_is_no_pace_is_refused(pace: Any) -> None:
    with pytest.raises(ValueError, match="pace: "):
        pace_of(pace)


@pytest.mark.parametrize(
    ("response", "end"),
    [
        (streamed(ended="reset"), (Reset(),)),
        (streamed(ended="cut"), (Close(),)),
        (streamed(ended="timeout"), (Wait(math.inf), Close())),
        (Response(status=0, ended="refused"), (Reset(refused=True),)),
    ],
)
def test_a_recorded_failure_happens_again(response: Response, end: tuple[object, ...]) -> None:
    assert plan_of(response).steps[-len(end) :] == end


def test_a_connection_that_ended_before_a_status_has_no_head() -> None:
    plan = plan_of(Response(status=0, ended="reset", ended_at_s=2.0), pace="recorded")

    assert plan.steps == (Wait(2.0), Reset())


# --- notes -------------------------------------------------------------------------------------------------------


def test_a_streams_usage_is_what_it_says_in_the_end_and_what_it_said_at_first() -> None:
    notes = plan_of(streamed()).notes

    assert (notes["usage"], notes["billed"], notes["usage_at_start"]) == (USED, USED, START["message"]["usage"])  # type: ignore[index]


def test_bedrocks_frames_report_usage_as_the_api_does() -> None:
    body = eventstream.chunk(START, pad="a").encode() + eventstream.chunk(DELTA, pad="a").encode()

    assert (
        plan_of(Response(status=200, headers=(("content-type", eventstream.CONTENT_TYPE),), body=body)).notes["usage"]
        == USED
    )


def test_converses_counts_get_the_apis_names() -> None:
    said = {"usage": {"inputTokens": 5, "outputTokens": 9, "totalTokens": 14}}
    frame = eventstream.event("metadata", said).encode()

    framed = plan_of(Response(status=200, headers=(("content-type", eventstream.CONTENT_TYPE),), body=frame)).notes

    assert (framed["usage"], framed["usage_event"]) == (USED, "metadata")
    assert plan_of(whole(said)).notes["usage"] == USED


@pytest.mark.parametrize(
    ("response", "kind"),
    [
        (whole({"error": {"type": "overloaded_error"}}, status=529), "overloaded_error"),
        (
            whole({"message": "m"}, ("x-amzn-ErrorType", "ThrottlingException:http://x"), status=429),
            "ThrottlingException",
        ),
        (whole([{"error": {"status": "RESOURCE_EXHAUSTED"}}], status=429), "RESOURCE_EXHAUSTED"),
        (whole(b"<html>", status=502), None),
        (streamed(body=sse.encode("error", {"error": {"type": "api_error"}})), "api_error"),
    ],
)
def test_an_errors_type_is_known_in_every_envelope(response: Response, kind: str | None) -> None:
    assert plan_of(response).notes.get("error_type") == kind


def test_a_count_of_tokens_is_no_usage() -> None:
    assert "usage" not in plan_of(whole({"input_tokens": 5})).notes


@pytest.mark.parametrize("name", ["request-id", "x-amzn-RequestId"])
def test_the_request_id_is_known(name: str) -> None:
    assert plan_of(whole({}, (name, "id-1"))).notes["request_id"] == "id-1"
