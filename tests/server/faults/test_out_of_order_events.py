from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from windtunnel_server.faults.out_of_order_events import out_of_order_events
from windtunnel_server.plan import Plan
from windtunnel_server.script import ScriptError


def test_two_neighbours_change_places(streamed: Plan, rng: Random) -> None:
    rough = out_of_order_events(streamed, rng=rng, at_event=3)

    steps = streamed.steps
    assert rough.steps == (*steps[:4], steps[5], steps[4], *steps[6:])


def test_the_pace_stays_what_it_was(stream_of: Callable[..., Plan], rng: Random) -> None:
    calm = stream_of("one", "two", pace_s=0.5)

    rough = out_of_order_events(calm, rng=rng, at_event=3)

    assert [type(step) for step in rough] == [type(step) for step in calm]
    assert rough.body != calm.body


def test_the_last_event_has_no_neighbour_behind_it(streamed: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match="no event 8"):
        out_of_order_events(streamed, rng=rng, at_event=7)
