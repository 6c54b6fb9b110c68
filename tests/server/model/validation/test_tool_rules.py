"""What has to hold between the tools of a request, and between them and the choice."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.validation import Terms, check


def said(**more: Any) -> str | None:
    request = {"model": "claude-sonnet-5", "max_tokens": 16, "messages": [{"role": "user", "content": "Hi"}], **more}
    problem = check(request, Terms())
    return None if problem is None else problem.message


def test_without_tools_nothing_can_be_forced() -> None:
    assert said(tool_choice={"type": "any"}) == "tool_choice.any may only be specified while providing tools"
    assert said(tool_choice={"type": "tool", "name": "look"}) == "Tool 'look' not found in provided tools"
    assert said(tool_choice={"type": "auto"}) is None


@pytest.mark.parametrize("lists", [{"allowed_domains": ["a.example"]}, {"blocked_domains": ["b.example"]}])
def test_one_list_of_domains_passes(lists: dict[str, Any]) -> None:
    assert said(tools=[{"type": "web_search_20250305", "name": "web_search", **lists}]) is None
