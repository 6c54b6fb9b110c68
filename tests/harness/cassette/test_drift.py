"""Two recordings of the same calls: what differs, and what that means to a client."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from windtunnel.cassette.drift import compare
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
        ({"content": [{"type": "text", "text": "No."}]}, ("cosmetic", "content[tool_use]")),
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
