from __future__ import annotations

from random import Random

from windtunnel_server.faults.empty_answer import empty_answer
from windtunnel_server.plan import Close, Plan, Wait


def test_no_byte_of_an_answer_is_left(streamed: Plan, rng: Random) -> None:
    rough = empty_answer(streamed, rng=rng)

    assert rough.steps == (Close(),)


def test_it_can_take_its_time(streamed: Plan, rng: Random) -> None:
    rough = empty_answer(streamed, rng=rng, after_s=3.0)

    assert rough.steps == (Wait(3.0), Close())
