"""What has to hold between the tools of a request, and between them and the choice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.rule import Asked, Example, Rule


def _unique(asked: Asked) -> Iterator[Problem]:
    names = [tool["name"] for tool in asked.tools if "name" in tool]
    if len(names) != len(set(names)):
        yield invalid("tools", "Tool names must be unique.")


def _chosen(asked: Asked) -> Iterator[Problem]:
    choice = asked.request.get("tool_choice") or {}
    names = [tool.get("name") for tool in asked.tools]
    if choice.get("type") == "any" and not names:
        yield Problem("invalid_request", "tool_choice.any may only be specified while providing tools")
    if choice.get("type") == "tool" and choice["name"] not in names:
        yield Problem("invalid_request", f"Tool '{choice['name']}' not found in provided tools")


def _one_list_of_domains(asked: Asked) -> Iterator[Problem]:
    for place, tool in enumerate(asked.tools):
        if tool.get("allowed_domains") and tool.get("blocked_domains"):
            what = "only one of `allowed_domains` or `blocked_domains` can be specified"
            yield invalid(f"tools.{place}.{tool.get('type')}", what)


_SEARCH: Final = {"type": "web_search_20250305", "name": "web_search", "allowed_domains": ["example.org"]}


def _tool(name: str) -> dict[str, Any]:
    return {"name": name, "input_schema": {"type": "object"}}


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="tool_names_unique",
        about="No two tools have one name.",
        source="wire.md 6.3",
        passes=Example({"tools": [_tool("look"), _tool("read")]}),
        fails=Example({"tools": [_tool("look"), _tool("look")]}),
        says="tools: Tool names must be unique.",
        check=_unique,
    ),
    Rule(
        name="chosen_tool_exists",
        about="A forced choice has something to choose from.",
        source="live tests of others (August and September 2026)",
        passes=Example({"tools": [_tool("look")], "tool_choice": {"type": "tool", "name": "look"}}),
        fails=Example({"tools": [_tool("look")], "tool_choice": {"type": "tool", "name": "read"}}),
        says="Tool 'read' not found in provided tools",
        check=_chosen,
    ),
    Rule(
        name="one_list_of_domains",
        about="A search allows domains or blocks some, not both.",
        source="documented (the words are unverified)",
        passes=Example({"tools": [_SEARCH]}),
        fails=Example({"tools": [_SEARCH | {"blocked_domains": ["example.com"]}]}),
        says="tools.0.web_search_20250305: only one of `allowed_domains` or `blocked_domains` can be specified",
        check=_one_list_of_domains,
    ),
)
