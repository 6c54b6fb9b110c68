"""How a summary is asked for and read, and what refusals say."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel.client.compaction import (
    INSTRUCTION,
    asking,
    choose,
    is_cut_off,
    lower,
    room_for_answer,
    summary_in,
    summary_tokens,
    tokens_in,
    window_in,
)
from windtunnel.client.events import Answer
from windtunnel.client.failures import Failure
from windtunnel.client.request import Request

OLD = ({"role": "user", "content": "Which way?"}, {"role": "assistant", "content": "West."})


def answered(text: str, stop: str = "end_turn", *more: dict[str, Any]) -> Answer:
    return Answer("msg_1", "claude-sonnet-4-6", stop, ({"type": "text", "text": text}, *more), {})


def test_the_request_for_a_summary_begins_with_what_was_sent() -> None:
    messages = asking(OLD)

    assert messages[:2] == OLD
    assert messages[2]["content"][-1]["text"] == INSTRUCTION


@pytest.mark.parametrize(
    ("text", "stop", "summary"),
    [
        ("<summary>West.</summary>", "end_turn", "West."),
        ("Here:\n<summary>\nWest, and\n</summary>", "end_turn", "West, and"),
        ("It came from the west.", "end_turn", "It came from the west."),
        ("  ", "end_turn", None),
        ("<summary></summary>", "end_turn", None),
        ("I can't help with that.", "refusal", None),
    ],
)
def test_a_summary_is_read(text: str, stop: str, summary: str | None) -> None:
    assert summary_in(answered(text, stop)) == summary


@pytest.mark.parametrize(
    ("text", "stop", "cut_off"),
    [
        ("<summary>West, and then", "max_tokens", True),
        ("<summary>West, and then", "model_context_window_exceeded", True),
        ("West, and then", "max_tokens", True),
        ("<summary>West.</summary> And by the", "max_tokens", False),
        ("<summary>West.", "end_turn", False),
    ],
)
def test_a_summary_is_cut_off_where_its_end_is_not_there(text: str, stop: str, cut_off: bool) -> None:
    assert is_cut_off(answered(text, stop)) is cut_off


def test_after_one_that_was_cut_off_a_shorter_one_is_asked_for() -> None:
    text = asking(OLD, 3_000)[-1]["content"][0]["text"]

    assert text.startswith(INSTRUCTION)
    assert "cut off at 3000 tokens" in text and "no more than 1000 words" in text


def test_a_call_is_no_summary() -> None:
    call = {"type": "tool_use", "id": "a", "name": "look", "input": {}}

    assert summary_in(answered("Let me look.", "tool_use", call)) is None


def test_a_small_window_has_a_small_summary_and_thinking_comes_on_top() -> None:
    assert summary_tokens(16_000) == 2_000
    assert summary_tokens(1_000_000) == 4_096
    assert summary_tokens(1_000_000, 1_024) == 5_120


def refused(message: str) -> Failure:
    return Failure(kind="too_long", message=message)


def test_a_refusal_tells_the_window_and_the_room() -> None:
    both = refused("input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000, decrease …")
    alone = refused("prompt is too long: 210000 tokens > 200000 maximum")

    assert (window_in(both), window_in(alone)) == (200_000, 200_000)
    assert room_for_answer(both) == 200_000 - 188_240 - 64
    assert room_for_answer(alone) is None


def test_a_refusal_tells_the_tokens_of_the_prompt() -> None:
    assert tokens_in(refused("prompt is too long: 210000 tokens > 200000 maximum")) == 210_000
    assert tokens_in(refused("input length and `max_tokens` exceed context limit: 188240 + 21333 > 200000")) == 188_240
    assert tokens_in(refused("Input is too long for requested model.")) is None


@pytest.mark.parametrize(
    ("asked", "thinking", "lowered"),
    [(21_333, 0, 11_696), (11_000, 0, None), (100_000, 0, 11_696), (21_333, 12_000, None)],
)
def test_an_answer_is_made_shorter_where_that_is_worth_it(asked: int, thinking: int, lowered: int | None) -> None:
    budget = {"type": "enabled", "budget_tokens": thinking} if thinking else None
    request = Request(model="claude-sonnet-4-6", max_tokens=asked, messages=(), thinking=budget)

    assert lower(refused("exceed context limit: 188240 + 21333 > 200000"), request) == lowered


def test_bedrocks_words_have_no_numbers() -> None:
    assert window_in(refused("Input is too long for requested model.")) is None


def test_no_room_is_none() -> None:
    assert room_for_answer(refused("exceed context limit: 199990 + 100 > 200000")) is None


def test_the_cut_that_keeps_most_and_fits_is_chosen() -> None:
    history = [message for n in range(5) for message in ({**OLD[0], "content": f"Turn {n}"}, OLD[1])][:-1]

    assert len(getattr(choose(history, 2, 100, len), "kept", ())) == 5
    assert len(getattr(choose(history, 2, 3, len), "kept", ())) == 3
    assert len(getattr(choose(history, 2, 0, len), "kept", ())) == 1
    assert choose(history[:1], 2, 100, len) is None
