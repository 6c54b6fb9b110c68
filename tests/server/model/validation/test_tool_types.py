"""Tools of the service's own by model."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.validation import Terms, check

BETAS = frozenset({"computer-use-2024-10-22", "computer-use-2025-01-24", "computer-use-2025-11-24"})
SCREEN = {"name": "computer", "display_width_px": 800, "display_height_px": 600}


def said(model: str, *tools: dict[str, Any], betas: frozenset[str] = BETAS, **terms: Any) -> str | None:
    request = {"model": model, "max_tokens": 16, "messages": [{"role": "user", "content": "Hi"}], "tools": list(tools)}
    problem = check(request, Terms(betas=betas, **terms))
    return None if problem is None else problem.message


@pytest.mark.parametrize(
    ("model", "versions"),
    [
        ("claude-3-5-sonnet-20240620", set()),
        ("claude-3-5-sonnet-20241022", {"computer_20241022"}),
        ("claude-3-7-sonnet-latest", {"computer_20250124"}),
        ("claude-sonnet-4-5", {"computer_20250124"}),
        ("claude-opus-4-5", {"computer_20250124", "computer_20251124"}),
        ("claude-sonnet-4-6", {"computer_20251124"}),
        ("claude-opus-5", {"computer_20251124", "computer_toolset_20260801"}),
        ("claude-opus-5-5", {"computer_toolset_20260801"}),
        ("claude-sonnet-5-5", {"computer_toolset_20260801"}),
    ],
)
def test_each_model_has_its_computers(model: str, versions: set[str]) -> None:
    tools = [{"type": f"computer_{date}", **SCREEN} for date in ("20241022", "20250124", "20251124")]
    tools.append({"type": "computer_toolset_20260801"})

    assert {tool["type"] for tool in tools if said(model, tool) is None} == versions


def test_bedrock_keeps_the_earlier_computer_of_opus_5_5() -> None:
    tool = {"type": "computer_20251124", **SCREEN}

    assert said("claude-opus-5-5", tool, surface="bedrock") is None
    assert "does not support tool types: computer_20251124." in (said("claude-opus-5-5", tool) or "")


def test_sonnet_3_7_is_told_what_it_was_told() -> None:
    tool = {"type": "computer_20241022", **SCREEN}

    told = said("claude-3-7-sonnet-20250219", tool)

    # UKGovernmentBEIS/inspect_ai#1418.
    assert told == (
        "'claude-3-7-sonnet-20250219' does not support tool types: computer_20241022. "
        "Did you mean one of bash_20250124, computer_20250124, text_editor_20250124?"
    )


def test_a_model_without_any_is_offered_none() -> None:
    tool = {"type": "web_search_20250305", "name": "web_search"}

    assert said("claude-3-haiku-20240307", tool) == (
        "'claude-3-haiku-20240307' does not support tool types: web_search_20250305."
    )


def test_a_later_model_is_offered_what_it_has_under_the_betas_of_the_call() -> None:
    tool = {"type": "text_editor_20250429", "name": "str_replace_based_edit_tool"}

    told = said("claude-sonnet-4-6", tool, betas=frozenset()) or ""

    # Of the list in anthropics/anthropic-sdk-typescript#914.
    for offered in ("bash_20250124", "memory_20250818", "text_editor_20250728", "web_fetch_20250910"):
        assert offered in told
    for other in ("computer_", "toolset", "text_editor_20250124", "advisor"):
        assert other not in told
    assert "computer_20251124" in (said("claude-sonnet-4-6", tool) or "")


def test_several_are_named_once_each() -> None:
    tools = [{"type": "browser_toolset_20260801"}, {"type": "computer_toolset_20260801"}]

    told = said("claude-haiku-4-5", *tools) or ""

    assert "tool types: browser_toolset_20260801, computer_toolset_20260801. Did" in told


@pytest.mark.parametrize(
    ("tool", "passes"),
    [
        ({"type": "web_search_20250305", "name": "web_search"}, True),
        ({"type": "web_fetch_20260209", "name": "web_fetch"}, False),
        ({"name": "look", "input_schema": {"type": "object"}, "allowed_callers": ["code_execution_20260120"]}, False),
        ({"name": "look", "input_schema": {"type": "object"}, "allowed_callers": ["direct"]}, True),
    ],
)
def test_no_code_calls_tools_on_haiku_4_5(tool: dict[str, Any], passes: bool) -> None:
    assert (said("claude-haiku-4-5", tool) is None) is passes
    assert said("claude-sonnet-4-6", tool) is None
