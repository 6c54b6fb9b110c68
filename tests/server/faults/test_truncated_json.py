from __future__ import annotations

from random import Random

import pytest

from windtunnel_server.faults.truncated_json import truncated_json
from windtunnel_server.plan import End, Plan
from windtunnel_server.script import ScriptError


def test_half_of_the_body_is_all_that_is_promised(unstreamed: Plan, rng: Random) -> None:
    rough = truncated_json(unstreamed, rng=rng)

    half = len(unstreamed.body) // 2
    assert rough.body == unstreamed.body[:half]
    assert rough.head is not None
    assert rough.head.header("content-length") == str(half)
    assert rough.steps[-1] == End()


def test_a_stream_is_sent_elsewhere(streamed: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match="use end_mid_stream"):
        truncated_json(streamed, rng=rng)
