from __future__ import annotations

from random import Random

import pytest

from windtunnel_server.faults.duplicate_event import duplicate_event
from windtunnel_server.faults.regroup import regroup
from windtunnel_server.plan import Plan
from windtunnel_server.script import ScriptError


def test_the_event_comes_twice_in_a_row(streamed: Plan, rng: Random) -> None:
    rough = duplicate_event(streamed, rng=rng, at_event=3)

    assert rough.steps == (*streamed.steps[:5], *streamed.steps[4:])


def test_an_event_in_pieces_is_repeated_whole(streamed: Plan, rng: Random) -> None:
    rough = duplicate_event(regroup(streamed, rng=rng, bytes=1), rng=rng, at_event=3)

    assert rough.body == duplicate_event(streamed, rng=rng, at_event=3).body


@pytest.mark.parametrize("at", [[], [3, 300]])
def test_events_that_share_a_piece_are_not_taken_for_one(streamed: Plan, rng: Random, at: list[int]) -> None:
    with pytest.raises(ScriptError, match="lay duplicate_event before it"):
        duplicate_event(regroup(streamed, rng=rng, at=at), rng=rng, at_event=0)
