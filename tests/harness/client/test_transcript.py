"""What is sent next, and what answers lead to: without any I/O."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel.client.events import Answer
from windtunnel.client.exchanges import beginnings, plan
from windtunnel.client.toolbox import Call, Ran
from windtunnel.client.transcript import Transcript

CALL = {"type": "tool_use", "id": "t1", "name": "look", "input": {"at": "vane"}}


def transcript(**given: Any) -> Transcript:
    plain: dict[str, Any] = {"model": "claude-sonnet-4-6", "max_tokens": 500}
    return Transcript(**plain | given)


def answered(*content: dict[str, Any], stop: str = "end_turn") -> Answer:
    return Answer("msg_1", "claude-sonnet-4-6", stop, content, {})


def said(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def test_a_turn_ends_with_its_answer() -> None:
    talk = transcript()

    talk.say("Which way?")
    assert talk.wants_answer
    assert talk.hear(answered(said("West."))) == []

    assert not talk.wants_answer
    assert [message["role"] for message in talk.messages] == ["user", "assistant"]


def test_calls_are_given_back_and_their_results_are_sent() -> None:
    talk = transcript()
    talk.say("Which way?")

    (call,) = talk.hear(answered(said("Let me look."), CALL, stop="tool_use"))
    talk.take([Ran(call, "West.")])

    assert call == Call("t1", "look", {"at": "vane"})
    assert talk.wants_answer
    assert talk.messages[-1]["content"] == [{"type": "tool_result", "tool_use_id": "t1", "content": "West."}]


def test_content_goes_back_as_it_came_thinking_with_its_signature() -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}
    talk = transcript()
    talk.say("Which way?")

    talk.hear(answered(thought, CALL, stop="tool_use"))

    assert talk.messages[-1]["content"] == [thought, CALL]


def test_each_request_begins_with_the_one_before() -> None:
    talk = transcript()
    talk.say("One.")
    first = talk.request()
    talk.hear(answered(said("1")))
    talk.say("Two.")

    second = talk.request()

    assert second.messages[: len(first.messages)] == first.messages


def test_a_paused_turn_is_sent_again_with_what_it_has() -> None:
    talk = transcript()
    talk.say("Search.")

    talk.hear(answered({"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}, stop="pause_turn"))

    assert talk.wants_answer
    assert talk.messages[-1]["role"] == "assistant"


def test_a_refusal_takes_its_question_with_it() -> None:
    talk = transcript()
    talk.say("One.")
    talk.hear(answered(said("1")))
    talk.say("Something else.")

    talk.hear(answered(said("I can't"), stop="refusal"))

    assert not talk.wants_answer
    assert [message["content"] for message in talk.messages] == [[said("One.")], [said("1")]]


@pytest.mark.parametrize("stop", ["max_tokens", "model_context_window_exceeded"])
def test_of_an_answer_that_was_cut_short_the_call_is_not_run(stop: str) -> None:
    talk = transcript()
    talk.say("Look.")

    calls = talk.hear(
        answered(said("Let me"), {"type": "thinking", "thinking": "Hm", "signature": ""}, CALL, stop=stop)
    )

    assert calls == [] and not talk.wants_answer
    assert talk.messages[-1]["content"] == [said("Let me")]


def test_an_empty_answer_ends_the_turn_and_leaves_nothing() -> None:
    talk = transcript()
    talk.say("Look.")

    talk.hear(answered())
    talk.say("Hello?")

    assert [message["role"] for message in talk.messages] == ["user", "user"]


def test_text_without_words_is_not_sent_back() -> None:
    talk = transcript()
    talk.say("Look.")

    talk.hear(answered(said("\n"), CALL, stop="tool_use"))

    assert talk.messages[-1]["content"] == [CALL]


def test_calls_that_were_interrupted_have_a_result_before_the_next_words() -> None:
    talk = transcript()
    talk.say("Look.")
    talk.hear(answered(CALL, stop="tool_use"))

    talk.say("Stop that.")

    (result,), words = talk.messages[-2]["content"], talk.messages[-1]["content"]
    assert (result["type"], result["tool_use_id"], result["is_error"]) == ("tool_result", "t1", True)
    assert words == [said("Stop that.")]


def test_words_after_an_interruption_begin_an_exchange() -> None:
    talk = transcript()
    talk.say("Do this.")
    talk.hear(answered(CALL, stop="tool_use"))

    talk.say("No, do that.")

    assert [talk.messages[place]["content"] for place in beginnings(talk.messages)] == [
        [said("Do this.")],
        [said("No, do that.")],
    ]


def test_calls_without_results_leave_the_turn_pending() -> None:
    talk = transcript()
    talk.say("Look.")

    talk.hear(answered(CALL, stop="tool_use"))
    assert talk.is_pending and not talk.wants_answer
    talk.take([Ran(Call("t1", "look", {}), "West.")])

    assert talk.is_pending and talk.wants_answer and talk.calls is None


def test_the_history_is_nobody_elses() -> None:
    given, prompt = {"at": "vane"}, [said("Look.")]
    talk = transcript()
    talk.say(prompt)
    talk.hear(answered({**CALL, "input": given}, stop="tool_use"))

    given["at"] = "kite"
    prompt[0]["text"] = "Listen."

    assert talk.messages[0]["content"] == [said("Look.")]
    assert talk.messages[1]["content"] == [CALL]


def test_half_characters_of_an_answer_are_not_sent_back() -> None:
    talk = transcript()
    talk.say("Look.")

    (call,) = talk.hear(answered(said("half \ud83d"), {**CALL, "input": {"at": "\ude00"}}, stop="tool_use"))

    assert talk.messages[-1]["content"] == [said("half \ufffd"), {**CALL, "input": {"at": "\ufffd"}}]
    assert call.input == {"at": "\ufffd"}


def test_a_turn_that_is_taken_back_is_returned() -> None:
    talk = transcript()
    talk.say("One.")
    talk.hear(answered(said("1")))
    talk.say("Two.")
    talk.hear(answered(CALL, stop="tool_use"))

    taken = talk.take_back()

    assert [message["role"] for message in taken] == ["user", "assistant"]
    assert len(talk.messages) == 2 and not talk.is_pending
    assert talk.take_back() == ()


def test_of_results_that_are_refused_the_model_is_told() -> None:
    talk = transcript()
    talk.say("Look.")
    (call,) = talk.hear(answered(CALL, stop="tool_use"))
    talk.take([Ran(call, [{"type": "image", "source": {}}])])
    sent = talk.messages[-1]

    taken = talk.take_back_refused("Could not process image")

    (result,) = talk.messages[-1]["content"]
    assert taken == (sent,)
    assert result["is_error"] and result["tool_use_id"] == "t1" and "Could not process image" in result["content"]
    assert talk.is_pending


def test_a_turn_that_is_refused_without_its_results_too_is_taken_back() -> None:
    talk = transcript()
    talk.say("Look.")
    (call,) = talk.hear(answered(CALL, stop="tool_use"))
    talk.take([Ran(call, "West.")])
    talk.take_back_refused("Something is wrong")

    taken = talk.take_back_refused("Something else is wrong")

    assert len(taken) == 3
    assert talk.messages == () and not talk.is_pending


def test_late_results_are_left_out_with_the_words_behind_them() -> None:
    talk = transcript()
    talk.say("Look.")
    (call,) = talk.hear(answered(CALL, stop="tool_use"))
    talk.take([Ran(call, [{"type": "image", "source": {}}])])
    talk.say("And now?")

    taken = talk.take_back_refused("Could not process image")

    assert [message["content"] for message in taken] == [[said("And now?")]]
    assert "Could not process image" in talk.messages[-1]["content"][0]["content"]


def test_a_history_can_be_put_back() -> None:
    talk = transcript()
    for number in range(3):
        talk.say(f"Turn {number}")
        talk.hear(answered(said(f"Answer {number}")))
    talk.say("Too much.")
    before, messages = talk.bookmark(), talk.messages
    cut = plan(talk.messages, 0)
    assert cut is not None

    talk.shorten(cut, "It blew.")
    talk.restore(before)

    assert talk.messages == messages
    assert [message["content"] for message in talk.take_back()] == [[said("Too much.")]]


def test_a_turn_can_be_taken_back_after_a_cut_before_it() -> None:
    talk = transcript()
    for number in range(3):
        talk.say(f"Turn {number}")
        talk.hear(answered(said(f"Answer {number}")))
    talk.say("Too much.")
    cut = plan(talk.messages, 1)
    assert cut is not None

    talk.shorten(cut, "It blew.")
    talk.take_back()

    assert [message["content"][0]["text"] for message in talk.messages[1:]] == ["Turn 2", "Answer 2"]


def test_a_prompt_without_words_is_not_taken() -> None:
    talk = transcript()

    with pytest.raises(ValueError, match="empty"):
        talk.say(" ")

    assert talk.messages == () and not talk.is_pending
