from __future__ import annotations

import math
from random import Random

from windtunnel_server.faults.stall_before_headers import stall_before_headers
from windtunnel_server.plan import Plan, Wait


def test_the_whole_reply_comes_behind_the_silence(streamed: Plan, rng: Random) -> None:
    rough = stall_before_headers(streamed, rng=rng, for_s=2.5)

    assert rough.steps == (Wait(2.5), *streamed.steps)
    assert rough.notes == streamed.notes


def test_how_long_it_lasts_by_default(streamed: Plan, rng: Random) -> None:
    assert stall_before_headers(streamed, rng=rng).waits == [math.inf]
