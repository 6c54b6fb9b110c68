from __future__ import annotations

from random import Random

from windtunnel_server.faults.close_mid_stream import close_mid_stream
from windtunnel_server.plan import Close, Plan


def test_the_body_is_left_unfinished(streamed: Plan, rng: Random) -> None:
    rough = close_mid_stream(streamed, rng=rng, after_events=3)

    assert rough.steps == (*streamed.steps[:4], Close())


def test_a_json_body_stops_half_way_by_default(unstreamed: Plan, rng: Random) -> None:
    rough = close_mid_stream(unstreamed, rng=rng)

    assert rough.body == unstreamed.body[: len(unstreamed.body) // 2]
    assert rough.steps[-1] == Close()


def test_a_count_of_bytes_may_fall_inside_an_event(streamed: Plan, rng: Random) -> None:
    assert close_mid_stream(streamed, rng=rng, after_bytes=7).body == streamed.body[:7]
