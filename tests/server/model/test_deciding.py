"""Whether a tool is called that the model may choose."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.deciding import asks_for, undiscovered, wanted

WEATHER = {"name": "get_weather", "description": "Tell the weather in a city.", "input_schema": {"type": "object"}}
FLIGHT = {
    "name": "bookFlight",
    "description": "Reserve seats on an airplane journey.",
    "input_schema": {"type": "object"},
}
READ = {"name": "Read", "description": "Reads a file from the local filesystem.", "input_schema": {"type": "object"}}
CALL = {"type": "tool_use", "id": "t", "name": "get_weather", "input": {}}
RESULT = {"type": "tool_result", "tool_use_id": "t", "content": "ok"}


def asked(text: str = "What is the weather?", *, rounds: int = 0, **more: Any) -> dict[str, Any]:
    turns: list[dict[str, Any]] = [{"role": "user", "content": text}]
    for _ in range(rounds):
        turns += [{"role": "assistant", "content": [CALL]}, {"role": "user", "content": [RESULT]}]
    return {"messages": turns, "tools": [WEATHER, FLIGHT, READ]} | more


def names(request: dict[str, Any], seed: int = 0) -> list[str]:
    return [str(tool["name"]) for tool in wanted(request, seed=seed)]


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("What is the weather in Oslo?", WEATHER),
        ("Call get_weather.", WEATHER),
        ("Book a flight!", FLIGHT),
        ("Reserve two seats for the airplane journey.", FLIGHT),
        ("Use the Read tool.", READ),
        ("Take `Read` for it.", READ),
    ],
)
def test_a_tool_is_asked_for_by_name_by_its_words_and_by_its_description(text: str, tool: dict[str, Any]) -> None:
    assert asks_for(text, tool)


@pytest.mark.parametrize(
    ("text", "tool"),
    [
        ("Hello, tunnel.", WEATHER),
        ("Whether it rains or not.", WEATHER),
        ("Read my mind.", READ),
        ("A book about a journey.", FLIGHT),
        ("", READ),
    ],
)
def test_what_does_not_plainly_ask_for_a_tool_calls_none(text: str, tool: dict[str, Any]) -> None:
    assert not asks_for(text, tool)


def test_after_one_or_two_rounds_the_answer_is_due() -> None:
    rounds = {seed: next(n for n in range(5) if not names(asked(rounds=n), seed)) for seed in range(30)}

    assert set(rounds.values()) == {1, 2}
    assert sum(number == 2 for number in rounds.values()) < 15


def test_the_same_seed_decides_alike() -> None:
    assert [names(asked(rounds=1), seed) for seed in range(20)] == [names(asked(rounds=1), seed) for seed in range(20)]


def test_several_are_called_at_once_unless_that_is_off() -> None:
    both = "Tell me the weather, and book a flight."

    assert names(asked(both)) == ["get_weather", "bookFlight"]
    one = {"type": "auto", "disable_parallel_tool_use": True}
    assert names(asked(both, tool_choice=one)) == ["get_weather"]


@pytest.mark.parametrize("choice", ["none", "any", "tool"])
def test_where_there_is_no_choice_nothing_is_decided(choice: str) -> None:
    assert names(asked(tool_choice={"type": choice})) == []


def test_a_turn_that_was_begun_goes_on_without_a_call() -> None:
    request = asked()
    request["messages"].append({"role": "assistant", "content": "It is"})

    assert names(request) == []


def test_deferred_tools_have_to_be_found_first() -> None:
    deferred = WEATHER | {"defer_loading": True}
    found = {
        "type": "tool_search_tool_search_result",
        "tool_references": [{"type": "tool_reference", "tool_name": "get_weather"}],
    }
    searched = {"type": "tool_search_tool_result", "tool_use_id": "s", "content": found}

    before, after = asked(), asked()
    after["messages"].insert(0, {"role": "assistant", "content": [searched]})

    assert undiscovered(before, [deferred, FLIGHT]) == [deferred]
    assert undiscovered(after, [deferred]) == []
