from __future__ import annotations

import base64
import json
from random import Random

import pytest

from windtunnel_server.faults.malformed_json import malformed_json
from windtunnel_server.plan import Plan
from windtunnel_server.script import ScriptError
from windtunnel_server.wire import eventstream


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


def test_of_a_frame_the_event_inside_breaks_off_and_the_checksums_are_true(aws_stream: Plan, rng: Random) -> None:
    rough = eventstream.decode(malformed_json(aws_stream, rng=rng, at_event=2).body)

    inside = [base64.b64decode(json.loads(frame.payload)["bytes"]) for frame in rough]
    assert [_is_json(said) for said in inside] == [True, True, False, True, True, True, True]


def _is_json(said: bytes) -> bool:
    try:
        json.loads(said)
    except ValueError:
        return False
    return True


def test_of_a_frame_of_converse_the_payload_breaks_off(converse_stream: Plan, rng: Random) -> None:
    rough = eventstream.decode(malformed_json(converse_stream, rng=rng, at_event=2).body)

    assert [_is_json(frame.payload) for frame in rough] == [True, True, False, True, True]
