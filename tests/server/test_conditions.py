"""Conditions on a call: each with calls it matches and calls it does not."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.call import Call
from windtunnel_server.conditions import Facts, Numbers, When, Window, within


def facts(number: int = 1, headers: tuple[tuple[str, str], ...] = (), **request: Any) -> Facts:
    body = {"model": "claude-sonnet-4-6", **request}
    call = Call("POST", "/v1/messages", headers=headers, provider="anthropic", json=body)
    return Facts(call, "messages", number, lambda request: 1000)


def asks(*turns: Any, **request: Any) -> Facts:
    """A call whose last turn is the user's."""
    roles = ["user", "assistant"] if len(turns) % 2 else ["assistant", "user"]
    messages = [{"role": roles[place % 2], "content": turn} for place, turn in enumerate(turns)]
    return facts(messages=messages, **request)


def result(content: Any) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": "toolu_1", "content": content}


BLOCK = {"type": "text", "text": "What is the WEATHER\nin Ulm?"}
IMAGE = {"type": "image", "source": {}}

MATCHES: list[tuple[dict[str, Any], Facts, Facts]] = [
    ({"model": "claude-sonnet-4-6"}, facts(), facts(model="claude-sonnet-4-6-x")),
    ({"model": "*haiku*"}, facts(model="claude-haiku-4-5"), facts()),
    ({"model": "claude-?-[x]"}, facts(model="claude-5-[x]"), facts(model="claude-5-x")),
    ({"model": "*"}, facts(), facts(model=None)),
    ({"text": "weather"}, asks([IMAGE, BLOCK]), asks("What is the time?")),
    ({"text": r"^in \w+\?$"}, asks("in Ulm?"), asks("not in Ulm?")),
    ({"text": "one"}, asks("two", "three", "one"), asks("one", "three", "two")),
    ({"text": "sunny"}, asks("sunny"), asks([result("sunny")])),
    ({"system": "be brief"}, facts(system=[{"type": "text", "text": "Be brief."}]), facts(system="Be long.")),
    ({"system": "brief"}, facts(system="Be brief."), facts()),
    ({"tool_result": True}, asks([result("42")]), asks("Hello")),
    ({"tool_result": True}, asks([result(None)]), asks([result("42")], "So 42.", "Thanks.")),
    ({"tool_result": False}, asks("Hello"), asks([BLOCK, result("42")])),
    ({"tool_result": "not found"}, asks([result("a"), result([{"type": "text", "text": "Not found"}])]), asks("not found")),
    ({"tokens": (1000, None)}, facts(), Facts(Call("POST", "/"), "messages", 1, lambda request: 999)),
    ({"tokens": (None, 1000)}, facts(), Facts(Call("POST", "/"), "messages", 1, lambda request: 1001)),
    ({"header": {"X-App": "cli*"}}, facts(headers=(("x-app", "cli 1"),)), facts(headers=(("x-app", "web"),))),
    ({"header": {"x-app": "*"}}, facts(headers=(("x-app", ""),)), facts()),
    ({"header": {"x-app": True}}, facts(headers=(("x-app", "a"),)), facts()),
    ({"header": {"x-app": False}}, facts(), facts(headers=(("x-app", "a"),))),
    ({"header": {"a": "1", "b": "2"}}, facts(headers=(("a", "1"), ("b", "2"))), facts(headers=(("a", "1"),))),
    ({"call": Numbers((1, 3))}, facts(3), facts(2)),
    ({"call": (2, 3)}, facts(3), facts(4)),
    ({"call": (2, None)}, facts(200), facts(1)),
    ({"provider": "anthropic"}, facts(), Facts(Call("POST", "/", provider="bedrock"), "messages", 1, len)),
    ({"stream": True}, facts(stream=True), facts(stream=False)),
    ({"stream": False}, facts(), facts(stream=True)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "matching", "other"), MATCHES, ids=[f"{place} {said}" for place, (said, _, _) in enumerate(MATCHES)]
)
def test_a_condition_holds_for_some_calls_and_not_for_others(
    said: dict[str, Any], matching: Facts, other: Facts
) -> None:
    when = When(**said)

    assert when.matches(matching)
    assert not when.matches(other)


def test_every_condition_has_an_example() -> None:
    assert {name for said, _, _ in MATCHES for name in said} == {field.name for field in fields(When)}


def test_all_that_is_said_must_hold() -> None:
    when = When(model="*sonnet*", stream=True)

    assert when.matches(facts(stream=True))
    assert not when.matches(facts())
    assert not when.matches(facts(stream=True, model="claude-haiku-4-5"))


def test_nothing_said_matches_everything() -> None:
    assert When().matches(facts())
    assert When().matches(Facts(Call("GET", "/v1/models"), "models", 1, len))


def test_tokens_are_counted_once_and_only_where_they_are_asked_for() -> None:
    counted: list[Any] = []
    asked = Facts(Call("POST", "/", json={"a": 1}), "messages", 1, lambda request: counted.append(request) or 7)  # type: ignore[func-returns-value]

    assert When(model=None, stream=False).matches(asked)
    assert counted == []
    assert When(tokens=(7, 7)).matches(asked) and When(tokens=(None, 7)).matches(asked)
    assert counted == [{"a": 1}]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["model", "messages", "role", "content", "type", "text", "system", "stream"]), inner, max_size=4
    ),
    max_leaves=20,
)  # fmt: skip


@given(json_values)
def test_no_request_breaks_a_condition(request: Any) -> None:
    asked = Facts(Call("POST", "/", json=request), "messages", 1, lambda request: 1)
    when = When(
        model="a*",
        text="a",
        system="a",
        tool_result="a",
        tokens=(0, 9),
        header={"a": "b"},
        call=(1, 2),
        provider="x",
        stream=True,
    )

    assert not when.matches(asked)
    for field in fields(When):
        When(**{field.name: getattr(when, field.name)}).matches(asked)


@given(st.floats(0, 100), st.none() | st.floats(0, 100), st.none() | st.floats(0, 100))
def test_a_range_has_both_its_ends(number: float, low: float | None, high: float | None) -> None:
    assert within(number, (number, number))
    assert within(number, (low, high)) == ((low is None or low <= number) and (high is None or number <= high))


def test_a_window_has_its_beginning_and_not_its_end() -> None:
    assert [at_s in Window(10, 30) for at_s in (9.999, 10, 29.999, 30)] == [False, True, True, False]
    assert all(at_s in Window() for at_s in (0, 1e9))
    assert "soon" not in Window()
