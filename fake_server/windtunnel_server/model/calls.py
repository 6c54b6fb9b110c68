"""Tool calls an unscripted reply makes: the tools there are, those it has to call, and an input that fits the schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from windtunnel_server.model.question import blocks_of, conversation
from windtunnel_server.model.schema import example
from windtunnel_server.wire.message import Block

#: Inputs for the tools whose schema the service knows and the request does not say.
_KNOWN: Mapping[str, Mapping[str, Any]] = {
    "bash_": {"command": "echo windtunnel"},
    "computer_": {"action": "screenshot"},
    "memory_": {"command": "view", "path": "/memories"},
    "text_editor_": {"command": "view", "path": "/"},
}


def clients(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give the tools that the client runs."""
    return [tool for tool in request.get("tools") or () if _is_clients(tool)]


def forced(request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Give the tools of which `tool_choice` wants one called; none for `auto`, `none` and tools the service runs."""
    choice = request.get("tool_choice") or {}
    if choice.get("type") == "any":
        return clients(request)
    if choice.get("type") == "tool":
        return [tool for tool in clients(request) if tool.get("name") == choice.get("name")]
    return []


def block(tool: Mapping[str, Any], id: str, rng: Random) -> Block:
    """Write a call of `tool`."""
    direct = {"type": "direct"}
    return {"type": "tool_use", "id": id, "name": tool["name"], "input": call(tool, rng), "caller": direct}


def call(tool: Mapping[str, Any], rng: Random) -> dict[str, Any]:
    """Write the input of a call of `tool`."""
    kind = str(tool.get("type") or "custom")
    known = next((given for prefix, given in _KNOWN.items() if kind.startswith(prefix)), None)
    if known is not None:
        return dict(known)
    schema = tool.get("input_schema")
    value = example(schema, rng) if isinstance(schema, Mapping) else {}
    return value if isinstance(value, dict) else {}


def referenced(request: Mapping[str, Any]) -> set[str]:
    """Give the names of the deferred tools that tool searches of the conversation have found, ours or the client's."""
    found: set[str] = set()
    for message in conversation(request):
        for part in blocks_of(message):
            content = part.get("content")
            listed = content.get("tool_references") if isinstance(content, Mapping) else content
            for one in listed if isinstance(listed, list) else ():
                if isinstance(one, Mapping) and one.get("type") == "tool_reference":
                    found.add(str(one.get("tool_name")))
    return found


def _is_clients(tool: Mapping[str, Any]) -> bool:
    kind = str(tool.get("type") or "custom")
    return kind == "custom" or kind.startswith(tuple(_KNOWN))
