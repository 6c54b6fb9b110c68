from __future__ import annotations

from random import Random

from windtunnel_server.faults.reset_before_headers import reset_before_headers
from windtunnel_server.plan import Plan, Reset, Wait


def test_no_byte_of_an_answer_is_left(streamed: Plan, rng: Random) -> None:
    rough = reset_before_headers(streamed, rng=rng)

    assert rough.steps == (Reset(),)


def test_it_can_take_its_time(streamed: Plan, rng: Random) -> None:
    rough = reset_before_headers(streamed, rng=rng, after_s=3.0)

    assert rough.steps == (Wait(3.0), Reset())
