"""The words of placing: what they become, what they are written as, and what is said to mistakes."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server import placing
from windtunnel_server.conditions import Numbers, When, Window
from windtunnel_server.script import ScriptError, Step


def read(**options: Any) -> Step:
    return Step(**placing.read(options))


def test_only_the_words_of_placing_are_taken() -> None:
    options = {"times": 2, "text": "Hello", "on": "any"}

    assert placing.read(options) == {"times": 2, "on": "any"}
    assert options == {"text": "Hello"}


@pytest.mark.parametrize(
    ("said", "times"),
    [
        ({}, 1),
        ({"when": {"stream": True}}, 1),
        ({"during": (0, 30)}, "forever"),
        ({"chance": 0.5}, "forever"),
        ({"during": (0, 30), "times": 3}, 3),
        ({"chance": 0.5, "times": 1}, 1),
        ({"during": None, "chance": None, "when": None, "times": None, "on": None}, 1),
    ],
    ids=str,
)
def test_weather_goes_on_and_other_steps_come_once(said: dict[str, Any], times: Any) -> None:
    assert read(**said).times == times


@pytest.mark.parametrize(
    ("said", "window"),
    [
        ((0, 30), Window(0, 30)),
        ([1, 2.5], Window(1, 2.5)),
        ({"from": 10, "until": 30}, Window(10, 30)),
        ({"from": 10}, Window(10)),
        ({"until": 30}, Window(0, 30)),
        ({"from": None, "until": None}, Window()),
        ({}, Window()),
        (Window(1, 2), Window(1, 2)),
    ],
    ids=str,
)
def test_a_window_can_be_said_in_several_ways(said: Any, window: Window) -> None:
    assert read(during=said).during == window


@pytest.mark.parametrize(
    ("said", "when"),
    [
        ({"call": 3}, When(call=Numbers((3,)))),
        ({"call": [1, 3]}, When(call=Numbers((1, 3)))),
        ({"call": {"at_least": 3}}, When(call=(3, None))),
        ({"call": {"at_least": 1, "at_most": 3}}, When(call=(1, 3))),
        ({"tokens": {"at_most": 5, "at_least": 5}}, When(tokens=(5, 5))),
        ({"tool_result": "found"}, When(tool_result="found")),
        ({"model": None, "stream": False}, When(stream=False)),
        (When(stream=True), When(stream=True)),
    ],
    ids=str,
)
def test_conditions_can_be_said_in_several_ways(said: Any, when: When) -> None:
    assert read(when=said).when == when


def test_what_says_nothing_is_not_written() -> None:
    assert placing.to_json(Step()) == {}
    assert placing.to_json(read(during=(0, 30))) == {"during": {"until": 30.0}}
    assert placing.to_json(read(when={"call": 3, "stream": False})) == {"when": {"call": 3, "stream": False}}
    assert placing.to_json(read(chance=0.5, times=1)) == {"chance": 0.5, "times": 1}


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"when": True}, 'when: True is not an object like {"tool_result": true}'),
    ({"when": {"modl": "a"}}, "when: unknown 'modl'; did you mean model?"),
    ({"when": {"model": 5}}, "when: model is 5, and must be a text"),
    ({"when": {"text": "("}}, "when: text is '(', and no regular expression: missing )"),
    ({"when": {"tool_result": "("}}, "when: tool_result is '(', and no regular expression"),
    ({"when": {"tool_result": 1}}, "when: tool_result is 1, and must be true, false or a text"),
    ({"when": {"stream": "yes"}}, "when: stream is 'yes', and must be true or false"),
    ({"when": {"header": "x-app"}}, 'when: header is \'x-app\'; write {"x-name": "pattern"}'),
    ({"when": {"header": {"x-app": 5}}}, "when: header is {'x-app': 5}; write"),
    ({"when": {"call": 0}}, "when: call is 0; calls are counted from 1: 3, [1, 3], or {at_least: 3}"),
    ({"when": {"call": []}}, "when: call is []; calls are counted from 1"),
    ({"when": {"call": True}}, "when: call is True; calls are counted from 1"),
    ({"when": {"tokens": 5}}, "when: tokens is 5; write {at_least: …}, {at_most: …}, or both"),
    ({"when": {"tokens": {"atleast": 5}}}, "when: tokens: unknown 'atleast'; did you mean at_least?"),
    ({"when": {"tokens": {"at_least": "5"}}}, "when: tokens is {'at_least': '5'}; its limits must be numbers"),
    ({"when": {"tokens": {"at_least": float("inf")}}}, "its limits must be numbers"),
    ({"when": {"tokens": {"at_least": 5, "at_most": 4}}}, "which no number is within"),
    ({"when": {"tokens": {"at_least": None}}}, "write {at_least: …}, {at_most: …}, or both"),
    ({"during": 30}, "during: 30; write {from: 0, until: 30}, in seconds on the clock"),
    ({"during": (30,)}, "during: (30,); write"),
    ({"during": {"form": 0}}, "during: unknown 'form'; did you mean from?"),
    ({"during": (30, 10)}, "during: from 30 until 10 is no stretch of time from 0 s on"),
    ({"during": (5, 5)}, "is no stretch of time"),
    ({"during": (-1, 5)}, "is no stretch of time"),
    ({"during": ("0", "5")}, "is no stretch of time"),
    ({"during": (float("nan"), 5)}, "is no stretch of time"),
]


@pytest.mark.parametrize(("said", "message"), MISTAKES, ids=[str(said) for said, _ in MISTAKES])
def test_a_mistake_is_told_with_what_to_write_instead(said: dict[str, Any], message: str) -> None:
    with pytest.raises(ScriptError) as caught:
        placing.read(said)

    assert message in str(caught.value)
