"""Every fault through every door: what the official SDK makes of it (wire.md 4.5), and what the journal says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import anthropic
import pytest

from windtunnel import fail, fault, reply
from windtunnel_server.faults import FAULTS
from windtunnel_server.script import Fault

NEWER = int(anthropic.__version__.partition(".")[0]) >= 1
DOORS = ("sync-socket", "async-socket", "sync-memory", "async-memory")

SAID = "Hello there, how is the weather today?"
#: message_start, content_block_start, five deltas, content_block_stop, message_delta, message_stop; pings are dropped.
WHOLE = 10
PIECE = 8
#: A fault that acts on events, laid over a reply without any (or the other way round): the step is refused, not passed by.
MISUSED = "BadRequestError"


@dataclass(frozen=True, kw_only=True)
class Met:
    """What a client meets: how a raw stream, the helper and a whole answer end, and how each looks in the journal."""

    #: Class of the exception; None where nothing is raised.
    raw: str | None = None
    events: int = WHOLE
    helped: str | None = "as raw"
    #: The text of the helper's message; None where there is no message.
    text: str | None = SAID
    whole: str | None = None
    ended: str = "complete"
    #: How the call without a stream ended, where that is another way.
    whole_ended: str | None = None
    #: Seconds on the clock until the stream was over; None where that hangs on its padding.
    for_s: float | None = 0.0
    options: Mapping[str, Any] = field(default_factory=dict)


def gone(error: str, **more: Any) -> Met:
    """Nothing of an answer comes."""
    return Met(raw=error, events=0, text=None, whole=error, **more)


def cut(error: str, events: int, **more: Any) -> Met:
    """The stream breaks after so many events; a whole answer is read inside the attempt and counts as no connection."""
    usual: dict[str, Any] = {"raw": error, "events": events, "text": None, "whole": "APIConnectionError"}
    return Met(**usual | more)


EXPECTED: Mapping[str, Met] = {
    "connection_refused": gone("APIConnectionError", ended="refused"),
    "connection_dropped": gone("APIConnectionError", ended="closed"),
    "reset_before_headers": gone("APIConnectionError", ended="reset"),
    "empty_answer": gone("APIConnectionError", ended="closed"),
    "stall_before_headers": gone("APITimeoutError", ended="hung up", for_s=600.0),
    "slow_first_byte": Met(for_s=30.0),
    "reset_mid_body": cut("ReadError", 5, ended="reset", options={"after_events": 6}),
    "close_mid_stream": cut("RemoteProtocolError", 5, ended="closed", options={"after_events": 6}),
    "end_mid_stream": Met(events=5, text=SAID[: 3 * PIECE], whole=MISUSED, options={"after_events": 6}),
    # The one is for calls of tools, the other for Amazon's frames.
    "cut_tool_input": Met(raw=MISUSED, events=0, text=None, whole=MISUSED),
    "wrong_checksum": Met(raw=MISUSED, events=0, text=None, whole=MISUSED),
    "cut_utf8": cut("RemoteProtocolError", 2, ended="closed"),
    "stall": cut("ReadTimeout", 2, whole="APITimeoutError", ended="hung up", for_s=600.0),
    "slow_drip": Met(options={"bytes": 100, "every_s": 2.0}, for_s=None),
    "error_event": Met(
        raw="APIStatusError", events=4, text=None, whole=MISUSED, options={"after_events": 5, "kind": "overloaded"}
    ),
    "malformed_json": Met(raw="JSONDecodeError", events=3, text=None, whole=MISUSED, options={"at_event": 4}),
    "missing_event": Met(
        events=WHOLE - 1, text=SAID[PIECE:], whole=MISUSED, options={"name": "content_block_delta", "nth": 0}
    ),
    "missing_message_start": Met(
        events=WHOLE - 1, helped="AssertionError" if NEWER else "RuntimeError", text=None, whole=MISUSED
    ),
    "missing_message_stop": Met(events=WHOLE - 1, whole=MISUSED),
    "duplicate_event": Met(events=WHOLE + 1, text=SAID[:PIECE] + SAID, whole=MISUSED, options={"at_event": 3}),
    "out_of_order_events": Met(
        text=SAID[PIECE : 2 * PIECE] + SAID[:PIECE] + SAID[2 * PIECE :], whole=MISUSED, options={"at_event": 3}
    ),
    # Older SDKs know their events by name and drop the rest.
    "unknown_event": Met(events=WHOLE + 1 if NEWER else WHOLE, whole=MISUSED),
    "no_event_names": Met(events=0, helped="AssertionError", text=None, whole=MISUSED),
    "regroup": Met(),
    "gzip": Met(),
    "wrong_content_length": cut("RemoteProtocolError", WHOLE, ended="closed"),
    "broken_chunk": cut("RemoteProtocolError", 5, ended="closed", options={"after_events": 6}),
    "wrong_content_type": Met(),
    "empty_body": Met(events=0, helped="AssertionError", text=None, whole="JSONDecodeError"),
    "truncated_json": Met(raw=MISUSED, events=0, text=None, whole="JSONDecodeError"),
    "json_instead_of_stream": Met(events=0, helped="AssertionError", text=None, whole=MISUSED),
    "trailing_garbage": Met(whole="JSONDecodeError"),
}
#: Options that only make sense for a stream.
STREAM_ONLY = ("after_events",)


def test_every_fault_is_in_the_table() -> None:
    assert sorted(EXPECTED) == sorted(FAULTS)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_raw_stream_meets_a_fault(windtunnel: Any, connect: Any, settled: Any, name: str) -> None:
    expected, met = EXPECTED[name], {}

    for door in DOORS:
        windtunnel.script(_reply(name, expected.options))
        since = windtunnel.clock.now()
        read = connect(door, max_retries=0).raw()
        call = settled()[-1]
        took_s = None if expected.for_s is None else round(windtunnel.clock.now() - since, 6)
        met[door] = _name(read.error), len(read.events), call.ended, took_s
        assert call.faults == (() if call.answered_by == "refused" else (name,))

    assert met == dict.fromkeys(DOORS, (expected.raw, expected.events, expected.ended, expected.for_s))


@pytest.mark.parametrize("name", EXPECTED)
def test_the_helper_meets_a_fault(windtunnel: Any, connect: Any, settled: Any, name: str) -> None:
    expected, met = EXPECTED[name], {}

    for door in DOORS:
        windtunnel.script(_reply(name, expected.options))
        read = connect(door, max_retries=0).helped()
        text = None if read.message is None else "".join(block.text for block in read.message.content)
        met[door] = _name(read.error), text, settled()[-1].ended

    error = expected.raw if expected.helped == "as raw" else expected.helped
    assert met == dict.fromkeys(DOORS, (error, expected.text, expected.ended))


@pytest.mark.parametrize("name", EXPECTED)
def test_a_call_without_a_stream_meets_a_fault(windtunnel: Any, connect: Any, settled: Any, name: str) -> None:
    expected, met = EXPECTED[name], {}
    options = {
        key: value for key, value in expected.options.items() if expected.whole == MISUSED or key not in STREAM_ONLY
    }

    for door in DOORS:
        windtunnel.script(_reply(name, options))
        error: BaseException | None = None
        try:
            connect(door, max_retries=0).create()
        except Exception as raised:
            error = raised
        met[door] = _name(error), settled()[-1].ended

    assert met == dict.fromkeys(DOORS, (expected.whole, expected.whole_ended or expected.ended))


@pytest.mark.parametrize("make", [fail, fault])
def test_the_event_that_is_missing_can_be_named(make: Any) -> None:
    made = make("missing_event", name="content_block_delta")

    laid = made if make is fault else made.faults[0]
    assert laid.options == {"name": "content_block_delta"}


def test_both_media_bring_the_same_events(windtunnel: Any, connect: Any) -> None:
    for name in (
        "slow_drip",
        "regroup",
        "gzip",
        "duplicate_event",
        "out_of_order_events",
        "missing_event",
        "end_mid_stream",
    ):
        windtunnel.script(*[_reply(name, EXPECTED[name].options)] * len(DOORS))

        told = [[_told(event) for event in connect(door).raw().events] for door in DOORS]

        assert told[0]
        assert told == [told[0]] * len(DOORS)


def test_an_error_event_is_a_status_error_of_status_200(windtunnel: Any, once: Any) -> None:
    windtunnel.script(
        fail("error_event", after_events=5, kind="overloaded"), fail("error_event", kind="internal_error")
    )

    late, early = once.raw(), once.helped()

    for read, kind, call in ((late, "overloaded_error", 0), (early, "api_error", 1)):
        assert type(read.error) is anthropic.APIStatusError
        assert (read.error.status_code, read.error.type) == (200, kind)
        assert read.error.request_id == windtunnel.journal[call].request_id
        assert (windtunnel.journal[call].status, windtunnel.journal[call].error_type) == (200, kind)


def test_a_stream_that_has_begun_is_never_retried(windtunnel: Any, subject: Any, settled: Any) -> None:
    windtunnel.script(*(fail(name) for name in ("reset_mid_body", "close_mid_stream", "error_event", "stall")))

    errors = [subject.raw().error for _ in range(4)]

    assert None not in errors
    assert len(settled()) == 4


def test_the_usage_of_a_cut_stream_is_what_could_be_read_by_then(windtunnel: Any, once: Any, settled: Any) -> None:
    windtunnel.script(
        fail("close_mid_stream", after_events=5, text=SAID, usage={"input_tokens": 11, "output_tokens": 99}),
        fail("reset_before_headers"),
        reply(SAID, usage={"input_tokens": 11, "output_tokens": 99}),
    )

    for _ in range(3):
        once.raw()

    cut_off, nothing, whole = (call.usage for call in settled())
    assert (cut_off["input_tokens"], cut_off["output_tokens"] < 99) == (11, True)
    assert nothing is None
    assert whole["output_tokens"] == 99


def _reply(name: str, options: Mapping[str, Any]) -> Any:
    return reply(SAID, faults=[Fault(name, options)], stream={"text_piece": PIECE})


def _name(error: BaseException | None) -> str | None:
    return None if error is None else type(error).__name__


def _told(event: Any) -> Any:
    if event.type == "message_start":
        return "message_start"
    return event.model_dump()
