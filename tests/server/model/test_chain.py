"""Digests of a prompt's beginnings: equal where nothing before them differs, and only there."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.chain import chain
from windtunnel_server.model.prompt import counted

MARK: dict[str, Any] = {"cache_control": {"type": "ephemeral"}}
TOOL = {"name": "look", "input_schema": {"type": "object"}}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}
IMAGE = {"type": "image", "source": {"type": "url", "url": "https://example.org/a.png"}}
DOCUMENT = {"type": "document", "source": {"type": "text", "data": "x"}, "citations": {"enabled": True}}


def request(**more: Any) -> dict[str, Any]:
    return {
        "model": "claude-sonnet-4-6",
        "tools": [TOOL, TOOL | {"name": "find"}],
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "Hello"}],
    } | more


def links(asked: dict[str, Any], root: str = "key") -> list[bytes]:
    return list(chain(asked, counted(asked).pieces, root))


def kept(change: dict[str, Any]) -> list[bool]:
    """Which of tools, system and messages keep their links under a change."""
    before, after = links(request()), links(request(**change))
    return [place < len(after) and before[place] in after for place in (1, 2, 3)]


@pytest.mark.parametrize(
    ("change", "left"),
    [
        ({}, [True, True, True]),
        ({"tools": [TOOL, TOOL | {"name": "seek"}]}, [False, False, False]),
        ({"tools": [TOOL, TOOL | {"name": "find"}, SEARCH]}, [True, False, False]),
        (
            {"messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}, DOCUMENT]}]},
            [True, False, False],
        ),
        ({"speed": "fast"}, [True, False, False]),
        ({"system": "Be long."}, [True, False, False]),
        ({"tool_choice": {"type": "any"}}, [True, True, False]),
        ({"messages": [{"role": "user", "content": [{"type": "text", "text": "Hello"}, IMAGE]}]}, [True, True, False]),
        ({"thinking": {"type": "adaptive"}}, [True, True, False]),
        ({"output_config": {"effort": "low"}}, [True, True, False]),
        ({"tool_choice": {"type": "auto"}}, [True, True, True]),
        ({"max_tokens": 7, "stream": True, "metadata": {"user_id": "a"}}, [True, True, True]),
    ],
    ids=str,
)
def test_a_change_costs_what_is_behind_it(change: dict[str, Any], left: list[bool]) -> None:
    assert kept(change) == left


def test_a_setting_reaches_the_messages_where_there_is_no_system_prompt() -> None:
    plain = {"model": "claude-sonnet-4-6", "messages": [{"role": "user", "content": "Hello"}]}

    assert links(plain) != links(plain | {"speed": "fast"})


def test_marks_are_no_part_of_the_prompt() -> None:
    marked = request(
        tools=[TOOL, TOOL | {"name": "find"} | MARK],
        system=[{"type": "text", "text": "Be brief.", **MARK}],
        messages=[{"role": "user", "content": [{"type": "text", "text": "Hello", **MARK}]}],
    )

    assert links(marked) == links(request())


def test_marks_inside_of_a_tool_result_are_none_either() -> None:
    def asked(**mark: Any) -> dict[str, Any]:
        parts = [{"type": "text", "text": "a", **mark}]
        return request(messages=[{"role": "user", "content": [{"type": "tool_result", "content": parts}]}])

    assert links(asked()) == links(asked(**MARK))


def test_roles_workspaces_and_models_are_kept_apart() -> None:
    spoken = [request(messages=[{"role": role, "content": "Hello"}]) for role in ("user", "assistant")]

    assert links(spoken[0])[-1] != links(spoken[1])[-1]
    assert not set(links(request())) & set(links(request(), root="another"))


def test_the_order_of_keys_is_part_of_the_prompt() -> None:
    turned = {"input_schema": {"type": "object"}, "name": "look"}

    assert links(request(tools=[TOOL])) != links(request(tools=[turned]))
