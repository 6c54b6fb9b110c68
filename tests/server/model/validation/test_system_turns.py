"""System messages within a conversation: accepted and refused sequences of live tests of others on Sonnet 5."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.validation import Terms, check

U, A, S = "user", "assistant", "system"


def said(*messages: tuple[str, Any], model: str = "claude-sonnet-5") -> str | None:
    request = {"model": model, "max_tokens": 16, "messages": [{"role": r, "content": c} for r, c in messages]}
    problem = check(request, Terms())
    return None if problem is None else problem.message


@pytest.mark.parametrize(
    "roles", [(U, S), (U, S, A, U), (U, S, S), (U, S, S, S), (U, S, S, A, U), (U, A, U, S), (U, U, S)]
)
def test_sequences_that_the_service_answered_pass(roles: tuple[str, ...]) -> None:
    assert said(*((role, "words") for role in roles)) is None


@pytest.mark.parametrize(
    ("roles", "words"),
    [
        ((S, U), "messages.0: use the top-level 'system' parameter for the initial system prompt;"),
        ((U, S, U), "messages.1: role 'system' must precede an 'assistant' message or end the array;"),
        ((U, S, S, S, U), "messages.3: role 'system' must precede an 'assistant' message or end the array;"),
        ((U, A, S), "messages.2: role 'system' must follow a 'user' message or an 'assistant' message ending in a"),
        ((U, A, S, S, U), "messages.2: role 'system' must follow a 'user' message or an 'assistant' message ending"),
    ],
)
def test_sequences_that_the_service_refused_are_refused(roles: tuple[str, ...], words: str) -> None:
    assert str(said(*((role, "words") for role in roles))).startswith(words)


def test_a_system_message_may_follow_the_result_of_a_server_tool() -> None:
    search = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "wind"}}
    result = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}

    assert said((U, "Look."), (A, [search, result]), (S, "In Spanish."), (A, "Viento."), (U, "Y?")) is None


def test_a_missing_content_is_told_before_a_wrong_place() -> None:
    assert said((U, "a"), (S, []), (U, "b")) == "messages.1: system content must contain at least one block"


def test_a_wrong_place_is_told_before_blank_text() -> None:
    assert "must precede" in str(said((U, "a"), (S, "  "), (U, "b")))
    assert said((U, "a"), (S, "  ")) == "messages.1: system text blocks must contain non-whitespace text"


def test_only_text_and_changes_of_tools_are_said() -> None:
    pixel = {"type": "image", "source": {"type": "url", "url": "https://example.org/wind.png"}}

    assert "supports text, tool_addition, and tool_removal blocks only" in str(said((U, "a"), (S, [pixel])))


def test_older_models_take_no_system_messages() -> None:
    assert said((U, "a"), (S, "b"), model="claude-opus-4-7") == "role 'system' is not supported on this model"
