"""What the user asked last."""

from __future__ import annotations

from typing import Any

from windtunnel_server.model import question

RESULT = {"type": "tool_result", "tool_use_id": "t", "content": "ok"}
CALL = {"type": "tool_use", "id": "t", "name": "look", "input": {}}


def asked(*turns: tuple[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": role, "content": content} for role, content in turns]}


def test_results_of_tools_ask_nothing() -> None:
    request = asked(("user", "Look!"), ("assistant", [CALL]), ("user", [RESULT]))

    assert question.words(request) == "Look!"
    assert [message["role"] for message in question.since(request)] == ["assistant", "user"]


def test_notes_of_the_client_are_left_out() -> None:
    content = [
        {"type": "text", "text": "<system-reminder>Use get_weather.</system-reminder>"},
        {"type": "text", "text": "Hi"},
    ]

    assert question.words(asked(("user", content))).strip() == "Hi"


def test_an_open_turn_of_the_assistant_is_a_prefill() -> None:
    assert question.prefill(asked(("user", "Go"), ("assistant", "{"))) == "{"
    assert question.prefill(asked(("user", "Go"))) is None


def test_system_turns_are_no_part_of_the_conversation() -> None:
    request = asked(("user", "Go"), ("system", "Be brief."))

    assert question.prefill(request) is None
    assert question.place(request) == 0


def test_words_are_split_as_names_are_written() -> None:
    assert question.split("getCityWeather") == ["get", "city", "weather"]
    assert question.split("list_files, glass!") == ["list", "file", "glass"]


def test_a_conversation_without_a_question_has_no_words() -> None:
    assert question.words({"messages": []}) == ""
    assert list(question.since({"messages": []})) == []
