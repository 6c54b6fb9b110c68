from __future__ import annotations

from random import Random

from windtunnel_server import faults
from windtunnel_server.faults.connection_dropped import connection_dropped
from windtunnel_server.plan import Close, Plan


def test_nothing_is_left_but_the_close(streamed: Plan, rng: Random) -> None:
    rough = connection_dropped(streamed, rng=rng)

    assert rough.steps == (Close(),)


def test_it_acts_at_the_door() -> None:
    assert faults.is_door("connection_dropped")
