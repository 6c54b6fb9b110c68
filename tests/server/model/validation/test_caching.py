"""Where `cache_control` may stand and how the marks go together."""

from __future__ import annotations

from typing import Any

from windtunnel_server.model.validation import Terms, check

FIVE: dict[str, Any] = {"cache_control": {"type": "ephemeral"}}
HOUR: dict[str, Any] = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
LATE = "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block"


def text(words: str = "Hi", **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def said(*content: Any, **more: Any) -> str:
    request = {"model": "claude-sonnet-5", "max_tokens": 16, "messages": [{"role": "user", "content": list(content)}]}
    problem = check(request | more, Terms())
    return "" if problem is None else problem.message


def test_marks_are_counted_over_tools_system_and_messages() -> None:
    tools = [{"name": "look", "input_schema": {"type": "object"}, **FIVE}]
    system = [text(**FIVE), text(**FIVE)]

    assert said(text(**FIVE), tools=tools, system=system) == ""
    assert "Found 5." in said(text(**FIVE), text(**FIVE), tools=tools, system=system)


def test_the_mark_on_the_request_counts_even_where_the_block_has_its_own() -> None:
    assert "Found 5." in said(*[text(**FIVE)] * 4, **FIVE)
    assert said(*[text(**FIVE)] * 3, **FIVE) == ""


def test_an_hour_comes_first_across_the_parts_of_the_prompt() -> None:
    assert said(text(**FIVE), system=[text(**HOUR)]) == ""
    assert said(text(**HOUR), system=[text(**FIVE)]).startswith(f"messages.0.content.0.cache_control.ttl: {LATE}")


def test_the_mark_on_the_request_comes_last() -> None:
    assert said(text(**FIVE), text(), **HOUR).startswith(f"cache_control: {LATE}")


def test_a_mark_within_a_tool_result_is_found() -> None:
    call = {"type": "tool_use", "id": "a", "name": "look", "input": {}}
    result = {"type": "tool_result", "tool_use_id": "a", "content": [text(**HOUR)]}
    messages = [
        {"role": "user", "content": [text(**FIVE)]},
        {"role": "assistant", "content": [call]},
        {"role": "user", "content": [result]},
    ]

    assert said(messages=messages).startswith("messages.2.content.0.cache_control.ttl")


def test_an_empty_text_of_the_system_prompt_is_not_marked() -> None:
    assert said(text(), system=[text("", **FIVE)]) == "system.0: cache_control cannot be set for empty text blocks"


def test_one_block_has_one_lifetime() -> None:
    assert "must have matching TTLs" in said(text(**HOUR), **FIVE)
    assert said(text(**HOUR), text(), **FIVE) == ""
