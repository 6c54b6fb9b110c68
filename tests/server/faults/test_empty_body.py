from __future__ import annotations

from random import Random

from windtunnel_server.faults.empty_body import empty_body
from windtunnel_server.plan import End, Plan


def test_the_head_of_a_stream_stays_alone(streamed: Plan, rng: Random) -> None:
    assert empty_body(streamed, rng=rng).steps == (streamed.steps[0], End())


def test_a_content_length_becomes_nothing(unstreamed: Plan, rng: Random) -> None:
    rough = empty_body(unstreamed, rng=rng)

    assert rough.head is not None
    assert rough.head.header("content-length") == "0"
    assert rough.body == b""


def test_no_usage_is_told_by_a_body_without_events(streamed: Plan, rng: Random) -> None:
    assert empty_body(streamed, rng=rng).notes["usage"] is None
    assert streamed.notes["usage"] is not None
