"""Tool calls an unscripted reply makes when it has to: a tool of the request and an input that fits its schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from windtunnel_server.model.schema import example

#: Inputs for the tools whose schema the service knows and the request does not say.
_KNOWN: Mapping[str, Mapping[str, Any]] = {
    "bash_": {"command": "echo windtunnel"},
    "computer_": {"action": "screenshot"},
    "memory_": {"command": "view", "path": "/memories"},
    "text_editor_": {"command": "view", "path": "/"},
}


def forced(request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Give the tools of which `tool_choice` wants one called; none for `auto`, `none` and tools the service runs."""
    choice = request.get("tool_choice") or {}
    ours = [tool for tool in request.get("tools") or () if _is_clients(tool)]
    if choice.get("type") == "any":
        return ours
    if choice.get("type") == "tool":
        return [tool for tool in ours if tool.get("name") == choice.get("name")]
    return []


def call(tool: Mapping[str, Any], rng: Random) -> dict[str, Any]:
    """Write the input of a call of `tool`."""
    kind = str(tool.get("type") or "custom")
    known = next((given for prefix, given in _KNOWN.items() if kind.startswith(prefix)), None)
    if known is not None:
        return dict(known)
    schema = tool.get("input_schema")
    value = example(schema, rng) if isinstance(schema, Mapping) else {}
    return value if isinstance(value, dict) else {}


def _is_clients(tool: Mapping[str, Any]) -> bool:
    kind = str(tool.get("type") or "custom")
    return kind == "custom" or kind.startswith(tuple(_KNOWN))
