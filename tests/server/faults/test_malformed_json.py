from __future__ import annotations

import json
from random import Random

import pytest

from windtunnel_server.faults.malformed_json import malformed_json
from windtunnel_server.plan import Plan
from windtunnel_server.script import ScriptError


def datas(plan: Plan) -> list[str]:
    return [line[6:] for line in plan.body.decode().split("\n") if line.startswith("data: ")]


@pytest.mark.parametrize("at_event", range(8))
def test_the_data_of_that_event_and_of_no_other_is_no_json(streamed: Plan, rng: Random, at_event: int) -> None:
    rough = malformed_json(streamed, rng=rng, at_event=at_event)

    broken = datas(rough).pop(at_event)
    with pytest.raises(json.JSONDecodeError):
        json.loads(broken)
    assert rough.events == streamed.events
    assert [d for d in datas(rough) if d != broken] == [d for i, d in enumerate(datas(streamed)) if i != at_event]


def test_an_event_that_is_not_there_is_named(streamed: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match=r"no event 8, the reply has 8 \(0 to 7\)"):
        malformed_json(streamed, rng=rng, at_event=8)


def test_a_json_body_is_sent_elsewhere(unstreamed: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match="use truncated_json"):
        malformed_json(unstreamed, rng=rng)
