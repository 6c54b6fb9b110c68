from __future__ import annotations

from random import Random

import pytest

from windtunnel_server.faults.trailing_garbage import GARBAGE, trailing_garbage
from windtunnel_server.plan import End, Plan, Send


def test_bytes_follow_the_last_event_inside_the_body(streamed: Plan, rng: Random) -> None:
    assert trailing_garbage(streamed, rng=rng).steps == (*streamed.steps[:-1], Send(GARBAGE), End())


def test_a_json_body_is_no_json_any_more_and_its_length_is_true(unstreamed: Plan, rng: Random) -> None:
    import json

    rough = trailing_garbage(unstreamed, rng=rng)

    assert rough.head is not None
    assert rough.head.header("content-length") == str(len(rough.body))
    with pytest.raises(json.JSONDecodeError, match="Extra data"):
        json.loads(rough.body)
