from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from windtunnel_server.faults.cut_utf8 import cut_utf8
from windtunnel_server.plan import Close, End, Plan, Reset, Step
from windtunnel_server.script import ScriptError
from windtunnel_server.wire import eventstream


def assert_cut_inside_a_character(body: bytes) -> None:
    with pytest.raises(UnicodeDecodeError, match="unexpected end of data"):
        body.decode()


def test_the_body_stops_inside_the_first_such_character(stream_of: Callable[..., Plan], rng: Random) -> None:
    calm = stream_of("Gr", "ün", "weiß")

    rough = cut_utf8(calm, rng=rng)

    assert_cut_inside_a_character(rough.body)
    assert rough.body == calm.body[: calm.body.index("ü".encode()) + 1]
    assert rough.events == calm.events[:4]


def test_characters_before_the_asked_event_are_passed_over(stream_of: Callable[..., Plan], rng: Random) -> None:
    calm = stream_of("Gr", "ün", "weiß")

    rough = cut_utf8(calm, rng=rng, after_events=5)

    assert rough.body == calm.body[: calm.body.index("ß".encode()) + 1]


def test_a_body_of_ascii_gets_a_character_at_the_start_of_a_text(streamed: Plan, rng: Random) -> None:
    rough = cut_utf8(streamed, rng=rng)

    assert_cut_inside_a_character(rough.body)
    assert rough.body.endswith(b'"text_delta","text":"\xc3')


def test_a_json_body_is_cut_as_well(unstreamed: Plan, rng: Random) -> None:
    rough = cut_utf8(unstreamed, rng=rng)

    assert_cut_inside_a_character(rough.body)
    assert rough.body.endswith(b'"text":"\xc3')


@pytest.mark.parametrize(("end", "last"), [("close", Close()), ("reset", Reset()), ("end", End())])
def test_how_it_stops_can_be_chosen(streamed: Plan, rng: Random, end: str, last: Step) -> None:
    assert cut_utf8(streamed, rng=rng, end=end).steps[-1] == last  # type: ignore[arg-type]


def test_an_end_that_http_takes_for_whole_has_a_true_length(unstreamed: Plan, rng: Random) -> None:
    rough = cut_utf8(unstreamed, rng=rng, end="end")

    assert rough.head is not None
    assert rough.head.header("content-length") == str(len(rough.body))


def test_nothing_to_cut_is_an_error(streamed: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match="smaller after_events"):
        cut_utf8(streamed, rng=rng, after_events=6)


def test_of_a_stream_of_frames_the_first_with_a_text_is_left_half(aws_stream: Plan, rng: Random) -> None:
    rough = cut_utf8(aws_stream, rng=rng)

    whole = eventstream.decode(rough.body)
    assert whole == eventstream.decode(aws_stream.body)[:2]
    assert aws_stream.body.startswith(rough.body)
    assert len(rough.body) > len(aws_stream.split(2)[0].body)
    assert rough.steps[-1] == Close()


def test_frames_without_a_text_are_nothing_to_cut(aws_stream: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match="smaller after_events"):
        cut_utf8(aws_stream, rng=rng, after_events=5)
