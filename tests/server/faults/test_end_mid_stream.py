from __future__ import annotations

from random import Random

import pytest

from windtunnel_server.faults.end_mid_stream import end_mid_stream
from windtunnel_server.plan import End, Plan
from windtunnel_server.script import ScriptError


def test_the_body_ends_as_if_all_had_been_said(streamed: Plan, rng: Random) -> None:
    rough = end_mid_stream(streamed, rng=rng, after_events=4)

    assert rough.steps == (*streamed.steps[:5], End())


def test_by_default_half_of_the_events_come(streamed: Plan, rng: Random) -> None:
    assert end_mid_stream(streamed, rng=rng).events == streamed.events[:4]


def test_a_content_length_counts_what_is_left(streamed: Plan, rng: Random) -> None:
    sized = streamed.map_head(
        lambda head: head.without_header("transfer-encoding").with_header("content-length", str(len(streamed.body)))
    )

    rough = end_mid_stream(sized, rng=rng)

    assert rough.head is not None
    assert rough.head.header("content-length") == str(len(rough.body))


def test_a_json_body_is_sent_elsewhere(unstreamed: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match="use truncated_json"):
        end_mid_stream(unstreamed, rng=rng)


def test_no_usage_is_told_by_a_body_without_events(streamed: Plan, rng: Random) -> None:
    assert end_mid_stream(streamed, rng=rng, after_events=0).notes["usage"] is None
    assert streamed.notes["usage"] is not None
