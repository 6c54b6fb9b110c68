"""Which tool is called, and with what."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from windtunnel_server.model.calls import call, forced

LOOK = {"name": "look", "input_schema": {"type": "object", "properties": {"at": {"const": "sky"}}, "required": ["at"]}}
SEARCH = {"type": "web_search_20250305", "name": "web_search"}
BASH = {"type": "bash_20250124", "name": "bash"}


def wanted(choice: dict[str, Any] | None, *tools: dict[str, Any]) -> list[str]:
    return [tool["name"] for tool in forced({"tools": list(tools), "tool_choice": choice})]


@pytest.mark.parametrize("choice", [None, {"type": "auto"}, {"type": "none"}])
def test_nothing_is_forced_by_a_free_choice(choice: dict[str, Any] | None) -> None:
    assert wanted(choice, LOOK, BASH) == []


def test_any_means_the_tools_the_client_runs() -> None:
    assert wanted({"type": "any"}, LOOK, SEARCH, BASH) == ["look", "bash"]


def test_a_name_means_that_tool() -> None:
    assert wanted({"type": "tool", "name": "bash"}, LOOK, BASH) == ["bash"]


def test_the_input_fits_the_schema() -> None:
    assert call(LOOK, Random(1)) == {"at": "sky"}


@pytest.mark.parametrize("kind", ["bash_20250124", "computer_20251124", "memory_20250818", "text_editor_20250728"])
def test_a_tool_with_a_schema_of_its_own_gets_a_usual_input(kind: str) -> None:
    assert call({"type": kind, "name": "x"}, Random(1))


def test_a_tool_without_schema_gets_an_empty_input() -> None:
    assert call({"name": "x"}, Random(1)) == {}
