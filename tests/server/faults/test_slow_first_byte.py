from __future__ import annotations

from random import Random

from windtunnel_server.faults.slow_first_byte import slow_first_byte
from windtunnel_server.plan import Plan, Wait


def test_the_whole_reply_comes_behind_the_silence(streamed: Plan, rng: Random) -> None:
    rough = slow_first_byte(streamed, rng=rng, for_s=2.5)

    assert rough.steps == (Wait(2.5), *streamed.steps)
    assert rough.notes == streamed.notes


def test_how_long_it_lasts_by_default(streamed: Plan, rng: Random) -> None:
    assert slow_first_byte(streamed, rng=rng).waits == [30.0]
