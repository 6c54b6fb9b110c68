"""What to send next, without sending it."""

from __future__ import annotations

import pytest

from windtunnel.subjects.ask import Ask
from windtunnel.subjects.conversation import MAX_REQUESTS, Conversation, thinking

WEST = [{"type": "text", "text": "West."}]
CALL = {"type": "tool_use", "id": "toolu_1", "name": "list_files", "input": {"folder": "."}}


def test_a_bare_ask_is_a_bare_request():
    conversation = Conversation(Ask(prompts=("Hi",)))
    conversation.say("Hi")

    assert conversation.request() == {
        "model": "claude-sonnet-4-6",
        "max_tokens": 1024,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
    }


def test_marks_do_not_stay_in_the_history():
    conversation = Conversation(Ask(cache=True))
    conversation.say("One")
    conversation.request()
    conversation.hear("end_turn", WEST)
    conversation.say("Two")

    first, _, last = conversation.request()["messages"]

    assert "cache_control" not in first["content"][0]
    assert last["content"][0]["cache_control"] == {"type": "ephemeral"}


def test_an_empty_answer_takes_its_question_along():
    conversation = Conversation(Ask())
    conversation.say("One")
    conversation.hear("end_turn", [])
    conversation.say("Two")

    assert [message["content"][0]["text"] for message in conversation.request()["messages"]] == ["Two"]


@pytest.mark.parametrize("stop_reason", ["tool_use", "pause_turn"])
def test_no_turn_goes_on_for_ever_and_the_next_one_starts_afresh(stop_reason):
    conversation = Conversation(Ask(tools=True))
    sent = []
    for prompt in ("One", "Two"):
        conversation.say(prompt)
        while conversation.wants_answer:
            sent.append(conversation.request())
            conversation.hear(stop_reason, [CALL])

    assert len(sent) == 2 * MAX_REQUESTS


def test_a_call_that_the_stop_reason_does_not_announce_is_not_run():
    conversation = Conversation(Ask(tools=True))
    conversation.say("One")

    conversation.hear("max_tokens", [*WEST, CALL])

    assert not conversation.wants_answer
    conversation.say("Two")
    assert conversation.request()["messages"][1]["content"] == WEST


@pytest.mark.parametrize("model", ["claude-sonnet-4-6", "claude-opus-4-7", "somebody-else-1"])
def test_thinking_is_asked_for_as_the_model_takes_it(model):
    asked = thinking(model, 2048)

    assert asked == ({"type": "adaptive"} if "4-7" in model else {"type": "enabled", "budget_tokens": 2048})
