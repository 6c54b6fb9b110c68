from __future__ import annotations

import math
from random import Random

import pytest

from windtunnel_server.faults.stall import MOST_PINGS, stall
from windtunnel_server.plan import Plan, Wait
from windtunnel_server.script import ScriptError


def test_the_stream_waits_between_events_and_loses_nothing(streamed: Plan, rng: Random) -> None:
    rough = stall(streamed, rng=rng, after_events=2, for_s=30.0)

    assert rough.steps == (*streamed.steps[:3], Wait(30.0), *streamed.steps[3:])


def test_by_default_it_lasts_until_the_client_hangs_up(streamed: Plan, rng: Random) -> None:
    assert stall(streamed, rng=rng).waits == [math.inf]


def test_pings_fill_the_silence_and_its_length_stays(streamed: Plan, rng: Random) -> None:
    rough = stall(streamed, rng=rng, after_events=2, for_s=30.0, ping_every_s=10.0)

    assert rough.waits == [10.0, 10.0, 10.0]
    assert rough.events[2:4] == ["ping", "ping"]
    assert len(rough.events) == len(streamed.events) + 2


def test_what_is_left_behind_the_last_ping_is_silence(streamed: Plan, rng: Random) -> None:
    assert stall(streamed, rng=rng, for_s=25.0, ping_every_s=10.0).waits == [10.0, 10.0, 5.0]


def test_a_stall_shorter_than_the_pause_has_no_ping(streamed: Plan, rng: Random) -> None:
    assert stall(streamed, rng=rng, for_s=5.0, ping_every_s=10.0).waits == [5.0]


def test_no_pause_between_pings_means_no_pings(streamed: Plan, rng: Random) -> None:
    assert stall(streamed, rng=rng, for_s=5.0, ping_every_s=0).waits == [5.0]


def test_an_endless_stall_has_a_finite_number_of_pings(streamed: Plan, rng: Random) -> None:
    rough = stall(streamed, rng=rng, ping_every_s=10.0)

    assert rough.waits == [*[10.0] * MOST_PINGS, math.inf]


def test_a_json_body_falls_silent_in_its_middle(unstreamed: Plan, rng: Random) -> None:
    rough = stall(unstreamed, rng=rng, for_s=9.0)

    assert rough.body == unstreamed.body
    assert rough.steps[2] == Wait(9.0)


def test_a_json_body_has_no_room_for_pings(unstreamed: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match="leave out ping_every_s"):
        stall(unstreamed, rng=rng, for_s=9.0, ping_every_s=1.0)


def test_frames_have_no_pings_between_them(aws_stream: Plan, rng: Random) -> None:
    rough = stall(aws_stream, rng=rng, for_s=9.0, ping_every_s=1.0)

    assert rough.waits == [9.0]
    assert rough.body == aws_stream.body
