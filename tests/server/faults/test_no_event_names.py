from __future__ import annotations

from random import Random

from windtunnel_server.faults.no_event_names import no_event_names
from windtunnel_server.plan import Plan
from windtunnel_server.wire import eventstream


def test_only_the_event_lines_are_gone(streamed: Plan, rng: Random) -> None:
    rough = no_event_names(streamed, rng=rng)

    lines = streamed.body.split(b"\n")
    assert rough.body == b"\n".join(line for line in lines if not line.startswith(b"event: "))


def test_the_journal_goes_on_naming_the_events(streamed: Plan, rng: Random) -> None:
    assert no_event_names(streamed, rng=rng).events == streamed.events


def test_frames_lose_their_type_and_keep_all_else(aws_stream: Plan, rng: Random) -> None:
    rough = eventstream.decode(no_event_names(aws_stream, rng=rng).body)

    assert [frame.event_type for frame in rough] == [None] * 7
    assert [frame.payload for frame in rough] == [frame.payload for frame in eventstream.decode(aws_stream.body)]
