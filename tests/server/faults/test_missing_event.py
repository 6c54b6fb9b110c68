from __future__ import annotations

from random import Random

import pytest

from windtunnel_server.faults.missing_event import missing_event
from windtunnel_server.plan import Plan
from windtunnel_server.script import ScriptError


def test_one_event_is_left_out_and_the_others_come(streamed: Plan, rng: Random) -> None:
    rough = missing_event(streamed, rng=rng)

    assert rough.steps == tuple(step for step in streamed if getattr(step, "event", "") != "content_block_stop")


def test_the_second_of_a_name_can_be_meant(streamed: Plan, rng: Random) -> None:
    rough = missing_event(streamed, rng=rng, name="content_block_delta", nth=1)

    assert rough.steps == (*streamed.steps[:5], *streamed.steps[6:])


def test_frames_of_aws_can_be_left_out_too(aws_stream: Plan, rng: Random) -> None:
    assert missing_event(aws_stream, rng=rng, name="message_stop").events == aws_stream.events[:-1]


def test_an_event_that_never_comes_is_an_error_that_says_which_do(streamed: Plan, rng: Random) -> None:
    with pytest.raises(
        ScriptError, match=r"has 0 content_stop events, and none numbered 0; choose one it has \(message_start"
    ):
        missing_event(streamed, rng=rng, name="content_stop")
    with pytest.raises(ScriptError, match="has 2 content_block_delta events, and none numbered 2"):
        missing_event(streamed, rng=rng, name="content_block_delta", nth=2)


def test_an_event_of_converse_goes_by_either_name(converse_stream: Plan, rng: Random) -> None:
    either = [
        missing_event(converse_stream, rng=rng, name=n).events for n in ("content_block_start", "contentBlockStart")
    ]

    assert either == [["messageStart", "contentBlockDelta", "contentBlockStop", "messageStop"]] * 2
