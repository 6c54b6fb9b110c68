from __future__ import annotations

from random import Random

import pytest

from windtunnel_server.faults.reset_mid_body import reset_mid_body
from windtunnel_server.plan import Plan, Reset, Send
from windtunnel_server.script import ScriptError


def test_a_stream_is_reset_behind_half_of_its_events(streamed: Plan, rng: Random) -> None:
    rough = reset_mid_body(streamed, rng=rng)

    assert rough.events == streamed.events[:4]
    assert rough.steps[-1] == Reset()


def test_a_json_body_is_reset_behind_half_of_its_bytes(unstreamed: Plan, rng: Random) -> None:
    rough = reset_mid_body(unstreamed, rng=rng)

    assert rough.body == unstreamed.body[: len(unstreamed.body) // 2]
    assert rough.head == unstreamed.head


def test_a_count_of_bytes_may_fall_inside_an_event(streamed: Plan, rng: Random) -> None:
    rough = reset_mid_body(streamed, rng=rng, after_bytes=10)

    assert rough.steps[1:] == (Send(b"event: mes"), Reset())


def test_a_count_of_bytes_at_the_end_of_an_event_sends_it_whole(streamed: Plan, rng: Random) -> None:
    first = streamed.steps[1]
    assert isinstance(first, Send)

    rough = reset_mid_body(streamed, rng=rng, after_bytes=len(first.data))

    assert rough.steps[1:] == (first, Reset())


def test_no_bytes_leaves_the_head_alone(streamed: Plan, rng: Random) -> None:
    assert reset_mid_body(streamed, rng=rng, after_bytes=0).steps == (streamed.steps[0], Reset())


def test_more_than_there_is_cuts_before_the_end(streamed: Plan, rng: Random) -> None:
    assert reset_mid_body(streamed, rng=rng, after_bytes=10**6).steps == (*streamed.steps[:-1], Reset())
    assert reset_mid_body(streamed, rng=rng, after_events=99).steps == (*streamed.steps[:-1], Reset())


def test_two_places_are_one_too_many(streamed: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match="give one of them"):
        reset_mid_body(streamed, rng=rng, after_events=1, after_bytes=1)


def test_a_json_body_has_no_events_to_count(unstreamed: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match="use after_bytes"):
        reset_mid_body(unstreamed, rng=rng, after_events=1)
