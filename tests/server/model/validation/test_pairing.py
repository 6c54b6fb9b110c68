"""Which call every tool result answers."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.validation import Terms, check

ASKED = {"role": "user", "content": "How is the wind?"}


def call(id: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": "look", "input": {}}


def result(id: str) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id, "content": "West."}


def assistant(*content: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(content)}


def user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


def text(words: str = "And?") -> dict[str, Any]:
    return {"type": "text", "text": words}


def said(*messages: Any, model: str = "claude-haiku-4-5", **more: Any) -> str | None:
    request = {"model": model, "max_tokens": 16, "messages": [ASKED, *messages], **more}
    problem = check(request, Terms(version="2023-06-01", betas=frozenset({"compact-2026-01-12"})))
    return None if problem is None else problem.message


@given(st.lists(st.lists(st.sampled_from("abcdef"), min_size=1, unique=True), min_size=1, max_size=4))
def test_a_conversation_that_answers_every_call_at_once_passes(rounds: list[list[str]]) -> None:
    turns = [turn for ids in rounds for turn in (assistant(*map(call, ids)), user(*map(result, ids)))]

    assert said(*turns) is None


@given(st.lists(st.sampled_from("abcdef"), min_size=1, unique=True), st.data())
def test_all_calls_without_a_result_are_named(ids: list[str], data: st.DataObject) -> None:
    missing = data.draw(st.lists(st.sampled_from(ids), min_size=1, unique=True))

    words = said(assistant(*map(call, ids)), user(*[result(id) for id in ids if id not in missing], text()))

    assert words is not None
    assert f"after: {', '.join(id for id in ids if id in missing)}. Each" in words


def test_results_of_one_turn_may_come_in_several_messages() -> None:
    parts = [assistant(call("a")), assistant(call("b")), user(result("b")), user(result("a"))]

    assert said(*parts) is None


def test_text_may_follow_the_results_but_not_come_before_them() -> None:
    assert said(assistant(call("a")), user(result("a"), text())) is None
    assert "immediately after: a." in str(said(assistant(call("a")), user(text(), result("a"))))


def test_an_id_may_come_again_in_a_later_turn() -> None:
    assert said(assistant(call("a")), user(result("a")), assistant(call("a")), user(result("a"))) is None


def test_a_call_that_ends_the_conversation_is_unanswered() -> None:
    assert "messages.1: `tool_use` ids were found without" in str(said(assistant(call("a"))))


def test_a_result_two_turns_later_is_unexpected() -> None:
    late = [assistant(call("a")), user(result("a")), assistant(text("So.")), user(result("a"))]

    assert "messages.4.content.0: unexpected `tool_use_id`" in str(said(*late))


def test_what_stands_before_the_last_compaction_is_not_looked_at() -> None:
    summary = {"type": "compaction", "content": "They spoke of the wind."}
    before = [assistant(call("gone")), user(text())]

    assert said(*before, assistant(summary, call("a")), user(result("a"))) is None
    assert "after: a." in str(said(*before, assistant(summary, call("a")), user(text())))


def test_the_oldest_models_answered_results_of_other_calls() -> None:
    turns = [assistant(call("a")), user(result("b"))]

    assert said(*turns, model="claude-3-opus-20240229") is None
    assert said(*turns) is not None


@pytest.mark.parametrize("following", [user(text()), ASKED])
def test_a_search_without_a_result_may_wait_for_nothing(following: Any) -> None:
    search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "wind"}}

    assert "`web_search` tool use with id `srvtoolu_1`" in str(said(assistant(search), following))
    assert said(assistant(search)) is None
