from __future__ import annotations

from windtunnel_server.plan import End, Head, Wait
from windtunnel_server.providers.bedrock.framing import Piece, streamed, taken_s
from windtunnel_server.script import Stream
from windtunnel_server.wire import eventstream

PIECES = [Piece(name, eventstream.event(name, {}), tokens) for name, tokens in (("a", 0), ("b", 10), ("c", 5))]


def test_frames_leave_one_after_the_other() -> None:
    plan = streamed((("a", "b"),), PIECES, None)

    assert plan.steps[0] == Head(200, (("a", "b"),))
    assert plan.events == ["a", "b", "c"]
    assert plan.steps[-1] == End()
    assert plan.waits == []


def test_silences_are_those_of_the_pacing_and_never_broken_by_pings() -> None:
    plan = streamed((), PIECES, Stream(first_byte=0.5, tokens_per_second=5.0, ping_every=0.1))

    assert plan.waits == [0.5, 2.0, 1.0]
    assert plan.steps[0] == Wait(0.5)
    assert "ping" not in plan.events


def test_an_answer_takes_as_long_as_its_pacing_says() -> None:
    assert taken_s(100, None) == 0.0
    assert taken_s(100, Stream(first_byte=0.5)) == 0.5
    assert taken_s(100, Stream(first_byte=0.5, tokens_per_second=50.0)) == 2.5
