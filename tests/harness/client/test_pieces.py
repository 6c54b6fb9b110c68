"""Where a history may be cut into pieces."""

from __future__ import annotations

from typing import Any

from windtunnel.client.exchanges import summary_message
from windtunnel.client.pieces import ends, piece

Message = dict[str, Any]


def user(text: str) -> Message:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def answer(text: str = "Yes.") -> Message:
    return {"role": "assistant", "content": [{"type": "text", "text": text}]}


def call(id: str) -> Message:
    return {"role": "assistant", "content": [{"type": "tool_use", "id": id, "name": "look", "input": {}}]}


def result(id: str) -> Message:
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": "West."}]}


def test_a_piece_ends_behind_an_exchange_or_before_an_answer_and_never_between_a_call_and_its_result():
    history = [user("Which way?"), call("a"), result("a"), answer(), user("And now?"), answer()]

    assert ends(history) == [1, 3, 4, 5, 6]


def test_a_paused_turn_is_not_torn_apart():
    assert ends([user("Search."), answer("I am at it."), answer("Found."), user("Good.")]) == [1, 3, 4]


def test_results_of_calls_that_were_broken_off_stay_with_them():
    broken_off = {"role": "user", "content": [*result("a")["content"], *user("Never mind.")["content"]]}

    assert ends([user("Which way?"), call("a"), broken_off, answer()]) == [1, 3, 4]


def test_an_earlier_summary_alone_is_no_piece():
    assert ends([summary_message("It blew."), user("And now?"), answer()]) == [2, 3]


def test_the_longest_piece_that_fits_is_taken_and_else_the_shortest():
    history = [user("One"), answer(), user("Two"), answer(), user("Three"), answer()]

    assert piece(history, len, room=4.5) == 4
    assert piece(history, len, room=99) == 6
    assert piece(history, len, room=-1) == 1
    assert piece(history, len, room=99, shorter_than=6) == 5
    assert piece(history, len, room=99, shorter_than=1) is None
