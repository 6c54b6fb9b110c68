from __future__ import annotations

import math
from random import Random

from windtunnel_server.faults.slow_drip import slow_drip
from windtunnel_server.plan import Plan, Send


def test_the_body_comes_in_drops_with_a_wait_between_any_two(unstreamed: Plan, rng: Random) -> None:
    rough = slow_drip(unstreamed, rng=rng, every_s=0.5, bytes=10)

    drops = math.ceil(len(unstreamed.body) / 10)
    assert [len(step.data) for step in rough if isinstance(step, Send)][:-1] == [10] * (drops - 1)
    assert rough.waits == [0.5] * (drops - 1)


def test_no_byte_and_no_event_is_lost(streamed: Plan, rng: Random) -> None:
    rough = slow_drip(streamed, rng=rng)

    assert rough.body == streamed.body
    assert rough.events == streamed.events
