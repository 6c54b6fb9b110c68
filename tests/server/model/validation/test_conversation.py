"""What has to hold between the turns of a conversation."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from windtunnel_server.model.validation import Terms, check
from windtunnel_server.wire.signature import sign

USER = ("user", "Hi")
PREFILL = "This model does not support assistant message prefill. The conversation must end with a user message."


def said(*messages: tuple[str, Any], model: str, **terms: Any) -> str | None:
    request = {"model": model, "max_tokens": 16, "messages": [{"role": r, "content": c} for r, c in messages]}
    problem = check(request, Terms(**terms))
    return None if problem is None else problem.message


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


@pytest.mark.parametrize(("model", "told"), [("claude-opus-4-5", None), ("claude-opus-4-6", PREFILL)])
@pytest.mark.parametrize("content", ["The wind", [text("The wind")]])
def test_models_from_4_6_on_have_no_prefill(model: str, told: str | None, content: Any) -> None:
    assert said(USER, ("assistant", content), model=model) == told


def test_an_empty_last_message_of_the_assistant_passes() -> None:
    assert said(USER, ("assistant", []), model="claude-sonnet-5") is None


def test_a_turn_that_the_service_paused_goes_on() -> None:
    search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "wind"}}

    assert said(USER, ("assistant", [text("Let me look."), search]), model="claude-sonnet-5") is None


def test_a_last_thought_is_told_in_its_own_words() -> None:
    thought = {"type": "thinking", "thinking": "Hm.", "signature": sign("Hm.", Random(0))}

    told = said(USER, ("assistant", [thought]), model="claude-sonnet-5")

    assert told == "messages.1: The final block in an assistant message cannot be `thinking`."
    assert said(USER, ("assistant", [thought, text("The wind")]), model="claude-sonnet-5") == PREFILL


def test_a_conversation_may_begin_with_the_assistant() -> None:
    assert said(("assistant", "Ask me."), USER, model="claude-haiku-4-5") is None
    assert said(("assistant", "Ask me."), USER, model="claude-haiku-4-5", on=frozenset({"user_first"})) is not None


@pytest.mark.parametrize("ending", ["The wind ", "The wind\n"])
def test_a_prefill_does_not_end_in_white_space(ending: str) -> None:
    told = said(USER, ("assistant", [text(ending)]), model="claude-haiku-4-5")

    assert told == "messages: final assistant content cannot end with trailing whitespace"


def test_blank_text_is_the_assistants_to_say() -> None:
    blank = [text("So"), text(" ")]
    model = "claude-haiku-4-5"

    assert said(USER, ("assistant", blank), USER, model=model) is None
    assert said(("user", blank), model=model) == "messages: text content blocks must contain non-whitespace text"
