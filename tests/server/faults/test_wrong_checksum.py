from __future__ import annotations

from random import Random

import pytest

from windtunnel_server.faults.wrong_checksum import wrong_checksum
from windtunnel_server.plan import Plan
from windtunnel_server.script import ScriptError
from windtunnel_server.wire import eventstream


def test_frames_up_to_the_wrong_one_can_be_read(aws_stream: Plan, rng: Random) -> None:
    rough = wrong_checksum(aws_stream, rng=rng, at_event=2)

    assert len(rough.body) == len(aws_stream.body)
    assert len(eventstream.decode(rough.split(2)[0].body)) == 2
    with pytest.raises(eventstream.FrameError, match="the checksum of a frame is wrong"):
        eventstream.decode(rough.body)


def test_server_sent_events_have_none(streamed: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match="use malformed_json"):
        wrong_checksum(streamed, rng=rng)


def test_a_body_that_is_not_streamed_has_none(unstreamed: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match="leave it out"):
        wrong_checksum(unstreamed, rng=rng)
