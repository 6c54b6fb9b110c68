from __future__ import annotations

import json
from random import Random

import pytest

from windtunnel_server.faults.error_event import error_event
from windtunnel_server.faults.regroup import regroup
from windtunnel_server.plan import End, Plan
from windtunnel_server.script import ScriptError
from windtunnel_server.wire import eventstream


def last_event(plan: Plan) -> dict[str, object]:
    value: dict[str, object] = json.loads(plan.body.rpartition(b"data: ")[2])
    return value


def test_the_error_is_the_first_and_only_event_by_default(streamed: Plan, rng: Random) -> None:
    rough = error_event(streamed, rng=rng)

    assert rough.events == ["error"]
    assert rough.status == 200
    assert rough.steps[-1] == End()


def test_it_says_what_the_kind_says_under_the_request_id_of_the_head(streamed: Plan, rng: Random) -> None:
    said = last_event(error_event(streamed, rng=rng))

    assert said["type"] == "error"
    assert isinstance(said["error"], dict)
    assert (said["error"]["type"], said["error"]["message"]) == ("overloaded_error", "Overloaded")
    assert said["request_id"] == "req_011CabcdefghijkmnopqrstuV"


def test_half_way_it_takes_the_place_of_the_rest(streamed: Plan, rng: Random) -> None:
    rough = error_event(streamed, rng=rng, after_events=4)

    assert rough.events == [*streamed.events[:4], "error"]
    assert rough.body.startswith(streamed.split(4)[0].body)


def test_kind_and_message_can_be_chosen(streamed: Plan, rng: Random) -> None:
    said = last_event(error_event(streamed, rng=rng, kind="rate_limited", message="Slow down"))

    assert isinstance(said["error"], dict)
    assert (said["error"]["type"], said["error"]["message"]) == ("rate_limit_error", "Slow down")


def test_the_journal_is_told_and_the_calm_plan_is_not(streamed: Plan, rng: Random) -> None:
    rough = error_event(streamed, rng=rng)

    assert rough.notes["error_type"] == "overloaded_error"
    assert "error_type" not in streamed.notes


def test_a_json_body_is_sent_elsewhere(unstreamed: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match=r"use fail\('overloaded'\)"):
        error_event(unstreamed, rng=rng)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("overloaded", ("serviceUnavailableException", "Model is getting throttled. Try your request again.")),
        ("rate_limited", ("throttlingException", "Too many tokens, please wait before trying again.")),
        ("internal_error", ("internalServerException", None)),
        ("request_timeout", ("modelTimeoutException", None)),
        ("permission_denied", ("AccessDeniedException", None)),
    ],
)
def test_a_stream_of_frames_ends_in_amazon_s_exception(
    aws_stream: Plan, rng: Random, kind: str, said: tuple[str, str | None]
) -> None:
    rough = error_event(aws_stream, rng=rng, kind=kind, after_events=2)

    *calm, last = eventstream.decode(rough.body)
    assert calm == eventstream.decode(aws_stream.body)[:2]
    assert last.exception is not None
    assert (last.exception[0], said[1] and last.exception[1]) == said
    assert rough.events[-1] == "error"
    assert rough.notes["error_type"] == said[0]


def test_a_frame_that_is_half_there_is_no_place_for_an_exception(aws_stream: Plan, rng: Random) -> None:
    into_the_second = len(aws_stream.split(1)[0].body) + 3

    with pytest.raises(ScriptError, match="left half of another there; lay error_event before it"):
        error_event(regroup(aws_stream, rng=rng, at=[into_the_second]), rng=rng, after_events=1)


def test_a_head_without_request_id_has_none_in_the_event(streamed: Plan, rng: Random) -> None:
    calm = streamed.map_head(lambda head: head.without_header("request-id"))

    assert "request_id" not in last_event(error_event(calm, rng=rng))


def test_a_message_with_placeholders_is_filled(streamed: Plan, rng: Random) -> None:
    assert b"{tokens}" not in error_event(streamed, rng=rng, kind="prompt_too_long").body


def test_half_of_another_event_is_no_place_for_it(streamed: Plan, rng: Random) -> None:
    into_the_second = len(streamed.split(1)[0].body) + 3

    with pytest.raises(ScriptError, match="left half of another there; lay error_event before it"):
        error_event(regroup(streamed, rng=rng, at=[into_the_second]), rng=rng, after_events=1)
