from __future__ import annotations

from random import Random

from windtunnel_server import faults
from windtunnel_server.faults.connection_refused import connection_refused
from windtunnel_server.plan import Plan, Reset


def test_an_open_connection_is_reset_as_nothing_can_be_refused_on_it(streamed: Plan, rng: Random) -> None:
    rough = connection_refused(streamed, rng=rng, for_s=5)

    assert rough.steps == (Reset(),)


def test_it_acts_at_the_door() -> None:
    assert faults.is_door("connection_refused")
