"""Two recordings of the same calls: what differs, and what that means to a client."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from windtunnel.cassette.drift import Drift, compare
from windtunnel.cassette.interaction import Interaction


@pytest.fixture
def said(answered: Interaction) -> Callable[..., Interaction]:
    """The same call, answered with other fields; None takes a field away."""

    def change(**changes: Any) -> Interaction:
        body = json.loads(answered.response.body) | changes
        written = json.dumps({key: value for key, value in body.items() if value is not None}).encode()
        return replace(answered, response=replace(answered.response, body=written))

    return change


def tiers(old: Interaction, new: Interaction) -> set[tuple[str, str]]:
    return {(drift.tier, drift.where) for drift in compare([old], [new])}


def test_a_recording_does_not_differ_from_itself(three: list[Interaction]) -> None:
    assert compare(three, three) == []


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"id": "msg_2"}, ("cosmetic", "values")),
        ({"container": "c"}, ("additive", "container")),
        ({"stop_reason": None}, ("breaking", "stop_reason")),
        ({"id": 5}, ("breaking", "id")),
        ({"content": [{"type": "text", "text": "No."}]}, ("additive", "content[text]")),
        ({"content": []}, ("cosmetic", "content[tool_use]")),
        ({"stop_reason": "pause_turn"}, ("breaking", "stop_reason")),
        ({"role": "user"}, ("breaking", "role")),
        ({"model": "claude-other"}, ("cosmetic", "values")),
    ],
)
def test_a_change_of_the_answer_has_its_tier(
    changes: dict[str, Any], expected: tuple[str, str], answered: Interaction, said: Callable[..., Interaction]
) -> None:
    assert expected in tiers(answered, said(**changes))
    assert all(tier == expected[0] or tier == "cosmetic" for tier, _ in tiers(answered, said(**changes)))


def test_key_order_and_padding_are_cosmetic(answered: Interaction) -> None:
    body = json.loads(answered.response.body)
    turned = json.dumps(dict(reversed(body.items())), indent=3).encode()

    found = tiers(answered, replace(answered, response=replace(answered.response, body=turned)))

    assert found == {("cosmetic", "body")}


def test_another_pace_is_cosmetic(streamed: Interaction) -> None:
    assert tiers(streamed, replace(streamed, response=replace(streamed.response, arrivals=()))) == {
        ("cosmetic", "pace")
    }


def test_another_order_of_events_is_breaking(streamed: Interaction) -> None:
    events = streamed.response.body.split(b"\n\n")
    turned = b"\n\n".join([events[1], events[0], *events[2:]])

    assert ("breaking", "events") in tiers(
        streamed, replace(streamed, response=replace(streamed.response, body=turned))
    )


def test_another_status_is_breaking_and_nothing_else_is_compared(answered: Interaction) -> None:
    failed = replace(answered, response=replace(answered.response, status=500, body=b"{}"))

    assert tiers(answered, failed) == {("breaking", "status")}


def test_calls_that_only_one_side_has_are_told(three: list[Interaction]) -> None:
    gone, come = compare(three, three[:2]), compare(three[:2], three)

    assert [(drift.tier, drift.number) for drift in gone] == [("breaking", 3)]
    assert [(drift.tier, drift.number) for drift in come] == [("additive", 3)]


def test_a_header_that_clients_go_by_is_missed(answered: Interaction) -> None:
    said = replace(
        answered, response=replace(answered.response, headers=(*answered.response.headers, ("request-id", "r")))
    )

    assert tiers(said, answered) == {("breaking", "header request-id")}
    assert tiers(answered, said) == {("additive", "header request-id")}


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        (b'"text_delta"', b'"text_piece"', ("additive", "[content_block_delta].delta[text_piece]")),
        (b"event: message_stop", b"event: note\ndata: {}\n\nevent: message_stop", ("additive", "event note")),
        (b"event: message_stop", b"event: error\ndata: {}\n\nevent: message_stop", ("breaking", "event error")),
        (b"event: message_stop", b"event: message_end", ("breaking", "event message_stop")),
    ],
)
def test_a_change_of_the_events_is_not_taken_for_the_same_values(
    was: bytes, now: bytes, expected: tuple[str, str], streamed: Interaction
) -> None:
    body = streamed.response.body.replace(was, now)

    found = tiers(streamed, replace(streamed, response=replace(streamed.response, body=body)))

    assert body != streamed.response.body
    assert expected in found
    assert ("cosmetic", "body") not in found


def test_a_count_that_is_null_now_is_breaking(answered: Interaction) -> None:
    body = json.loads(answered.response.body)
    body["usage"]["output_tokens"] = None

    assert ("breaking", "usage.output_tokens") in tiers(
        answered, replace(answered, response=replace(answered.response, body=json.dumps(body).encode()))
    )


def test_whether_to_try_again_is_a_header_whose_value_counts(answered: Interaction) -> None:
    def told(word: str) -> Interaction:
        return replace(answered, response=replace(answered.response, headers=(("x-should-retry", word),)))

    assert tiers(told("true"), told("false")) == {("breaking", "header x-should-retry")}


def test_headers_that_nobody_reads_share_a_line(answered: Interaction) -> None:
    more = replace(
        answered,
        response=replace(answered.response, headers=(*answered.response.headers, ("cf-a", "1"), ("cf-b", "2"))),
    )

    (come,), (gone,) = compare([answered], [more]), compare([more], [answered])

    assert (come.tier, come.why) == ("additive", "new: cf-a, cf-b")
    assert (gone.tier, gone.why) == ("cosmetic", "gone: cf-a, cf-b")


def test_the_same_call_with_another_question_is_compared_all_the_same(answered: Interaction) -> None:
    question = json.loads(answered.request.body) | {"model": "claude-newer"}
    body = answered.response.body.replace(b'"role"', b'"new": 1, "role"')
    other = Interaction(
        request=replace(answered.request, body=json.dumps(question).encode()),
        response=replace(answered.response, body=body),
    )

    found = compare([answered], [other])

    assert {(drift.tier, drift.where) for drift in found} == {("additive", "new"), ("additive", "request")}
    assert any("is asked otherwise: model was" in drift.why for drift in found)


def test_how_an_answer_to_another_question_ends_is_its_own_affair(
    answered: Interaction, said: Callable[..., Interaction]
) -> None:
    question = json.loads(answered.request.body) | {"model": "claude-newer"}
    ended = said(stop_reason="pause_turn")
    other = replace(ended, request=replace(answered.request, body=json.dumps(question).encode()))

    assert ("cosmetic", "stop_reason") in tiers(answered, other)


def test_a_long_line_is_set_off_at_80_columns() -> None:
    drift = Drift(tier="additive", number=1, where="headers", why="new: " + ", ".join(["x-header-of-someone"] * 9))

    first, *rest = str(drift).splitlines()

    assert len(first) <= 80
    assert all(line.startswith("  x-header") and len(line) <= 80 for line in rest)
