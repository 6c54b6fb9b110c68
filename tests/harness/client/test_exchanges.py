"""Cuts of a history: valid for any history, smaller, and at an end some time."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from windtunnel.client.exchanges import (
    OPENING,
    Cut,
    beginnings,
    calls_of,
    cuts,
    plan,
    plan_inside,
    results_of,
    summary_message,
)

Message = dict[str, Any]


def user(text: str) -> Message:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def answer(text: str = "Yes.") -> Message:
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


def call(*ids: str) -> Message:
    calls = [{"type": "tool_use", "id": id, "name": "look", "input": {}} for id in ids]
    return {"role": "assistant", "content": [{"type": "text", "text": "Let me look."}, *calls]}


def results(*ids: str) -> Message:
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": "West."} for id in ids]}


@st.composite
def histories(draw: st.DrawFn) -> list[Message]:
    """A history whose last turn is due: exchanges with any number of steps, perhaps an earlier summary before them."""
    numbers = draw(st.lists(st.integers(0, 3), min_size=1, max_size=6))
    messages: list[Message] = [dict(summary_message("It blew."))] if draw(st.booleans()) else []
    serial = 0
    for place, steps in enumerate(numbers):
        messages.append(user(f"Turn {place}"))
        for _ in range(steps):
            ids = [f"t{serial + n}" for n in range(draw(st.integers(1, 3)))]
            serial += len(ids)
            messages += [call(*ids), results(*ids)]
        last = place == len(numbers) - 1
        # Of a turn that failed, or that was answered by nothing, no answer is left.
        if not last and draw(st.integers(0, 4)):
            messages.append(answer(f"Answer {place}"))
    return messages


def is_valid(messages: list[Any]) -> bool:
    """The first is the user's, and each call has its result in the next message, and no result is without."""
    for place, message in enumerate(messages):
        called = {block["id"] for block in calls_of(message)}
        answered = set(results_of(messages[place + 1])) if place + 1 < len(messages) else set()
        if message["role"] == "assistant" and called != answered:
            return False
        if results_of(message) and (place == 0 or messages[place - 1]["role"] != "assistant"):
            return False
    roles = [message["role"] for message in messages]
    return roles[0] == "user" and ("assistant", "assistant") not in pairwise(roles)


@given(histories(), st.integers(0, 3))
def test_every_cut_leaves_a_valid_history(messages: list[Message], keep: int) -> None:
    assert is_valid(messages)

    for cut in cuts(messages, keep):
        assert is_valid(list(cut.closed_by("It blew.")))
        assert is_valid([*cut.old, user("Summarise.")])


@given(histories(), st.integers(0, 3))
def test_a_cut_keeps_the_last_exchanges_word_for_word(messages: list[Message], keep: int) -> None:
    cut = plan(messages, keep)

    if cut is not None:
        assert [*cut.old, *cut.kept] == messages
        assert len(beginnings(cut.kept)) == keep + 1
        assert cut.kept[0]["role"] == "user"


@given(histories(), st.integers(0, 3))
def test_every_cut_keeps_the_users_last_words_and_the_end(messages: list[Message], keep: int) -> None:
    last = messages[beginnings(messages)[-1]]

    for cut in cuts(messages, keep):
        assert last in cut.kept
        assert cut.kept[-1] == messages[-1]


@given(histories(), st.integers(0, 3))
def test_cuts_come_from_the_one_that_keeps_most_and_never_grow(messages: list[Message], keep: int) -> None:
    sizes = [len(cut.kept) for cut in cuts(messages, keep)]

    assert sizes == sorted(sizes, reverse=True)
    assert all(size < len(messages) + 1 for size in sizes)


@given(histories(), st.integers(0, 3))
def test_the_same_cut_cannot_be_made_twice(messages: list[Message], keep: int) -> None:
    across, inside = plan(messages, keep), plan_inside(messages, keep)

    if across is not None:
        assert plan(across.closed_by("It blew."), keep) is None
    if inside is not None:
        assert plan_inside(inside.closed_by("It blew."), keep) is None


def test_a_long_turn_is_cut_between_its_steps_and_its_words_stay() -> None:
    messages = [user("Look everywhere."), call("a"), results("a"), call("b"), results("b"), call("c"), results("c")]

    cut = plan_inside(messages, 1)

    assert cut == Cut(tuple(messages[:5]), (messages[0], messages[5], messages[6]))


def test_a_summary_is_what_its_message_says_and_no_exchange() -> None:
    message = summary_message("The wind came from the west.")

    assert message["content"][0]["text"] == f"{OPENING}\n\nThe wind came from the west."
    assert beginnings([message, user("And now?")]) == [1]
    assert plan([message, user("And now?")], 0) is None
