"""The sentences of unscripted replies."""

from __future__ import annotations

from typing import Any

from windtunnel_server.model.prose import answer, last_words, rng_for, tool_results


def request(content: Any, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": "before"}, {"role": "user", "content": content}], **more}


def test_the_last_text_of_the_last_message_is_quoted_on_one_line() -> None:
    blocks = [{"type": "text", "text": "first"}, {"type": "text", "text": "second\n  line"}]

    assert last_words(request(blocks)) == "second line"


def test_a_long_question_is_quoted_in_part() -> None:
    assert last_words(request("x" * 500)) == "x" * 79 + "…"


def test_a_message_without_text_is_answered_too() -> None:
    asked = request([{"type": "image"}])

    assert "no text" in answer(asked, rng_for(asked, 0))


def test_results_are_counted_in_the_last_message_only() -> None:
    assert tool_results(request([{"type": "tool_result"}, {"type": "text", "text": "x"}])) == 1
    assert tool_results(request("x")) == 0


def test_chance_follows_seed_and_request_and_nothing_else() -> None:
    first = rng_for(request("a"), 1).random()

    assert rng_for(request("a", stream=True), 1).random() == first
    assert rng_for(request("a"), 2).random() != first
    assert rng_for(request("b"), 1).random() != first


def test_a_request_that_is_no_proper_text_has_its_chance_too() -> None:
    rng_for(request("\ud800"), 1)
