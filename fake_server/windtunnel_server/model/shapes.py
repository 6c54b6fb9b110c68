"""The shape of messages, content blocks and tools."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from windtunnel_server.model.fields import NOT_AN_OBJECT, REQUIRED, SHAPE, extras, of_kind
from windtunnel_server.model.problem import Problem, invalid

ROLES = ("user", "assistant", "system")
TOOL_NAME = "^[a-zA-Z0-9_-]{1,128}$"

#: `clear_at` and `output_config` belong to betas of mid-conversation system messages (unverified that all roles take them).
_MESSAGE_KEYS = frozenset({"role", "content", "clear_at", "output_config"})


def messages(path: str, value: list[Any]) -> Iterator[Problem]:
    """Check role and content of every message, and that each block says its type."""
    for place, message in enumerate(value):
        at = f"{path}.{place}"
        if not isinstance(message, Mapping):
            yield invalid(at, SHAPE)
            continue
        yield from _role(at, message)
        yield from _content(f"{at}.content", message)
        yield from extras(at, message, _MESSAGE_KEYS)


def _role(at: str, message: Mapping[str, Any]) -> Iterator[Problem]:
    if "role" not in message:
        yield invalid(f"{at}.role", REQUIRED)
    elif not isinstance(message["role"], str):
        yield from of_kind(f"{at}.role", message["role"], "string")
    elif message["role"] not in ROLES:
        yield invalid("messages", f'Unexpected role "{message["role"]}". Allowed roles are "user" or "assistant"')


def _content(at: str, message: Mapping[str, Any]) -> Iterator[Problem]:
    if "content" not in message:
        yield invalid(at, REQUIRED)
        return
    content = message["content"]
    yield from of_kind(at, content, "text or list")
    for place, block in enumerate(content if isinstance(content, list) else ()):
        yield from _block(f"{at}.{place}", block)


def _block(at: str, block: Any) -> Iterator[Problem]:
    if not isinstance(block, Mapping):
        yield invalid(at, NOT_AN_OBJECT)
    elif "type" not in block:
        yield invalid(f"{at}.type", REQUIRED)
    else:
        yield from of_kind(f"{at}.type", block["type"], "string")


def tools(path: str, value: list[Any]) -> Iterator[Problem]:
    """Check name and input schema of the client's own tools; tools with a type of their own pass here."""
    for place, tool in enumerate(value):
        at = f"{path}.{place}"
        if not isinstance(tool, Mapping):
            yield invalid(at, NOT_AN_OBJECT)
        elif tool.get("type") in (None, "custom"):
            yield from _name(f"{at}.custom.name", tool)
            yield from _input_schema(f"{at}.custom.input_schema", tool)


def _name(at: str, tool: Mapping[str, Any]) -> Iterator[Problem]:
    if "name" not in tool:
        yield invalid(at, REQUIRED)
        return
    name = tool["name"]
    yield from of_kind(at, name, "string")
    if not name:
        yield invalid(at, "String should have at least 1 character")
    if not re.match(TOOL_NAME, name):
        yield invalid(at, f"String should match pattern '{TOOL_NAME}'")


def _input_schema(at: str, tool: Mapping[str, Any]) -> Iterator[Problem]:
    if "input_schema" not in tool:
        yield invalid(at, REQUIRED)
        return
    schema = tool["input_schema"]
    yield from of_kind(at, schema, "shape")
    if "type" not in schema:
        yield invalid(f"{at}.type", REQUIRED)
    elif schema["type"] != "object":
        yield invalid(f"{at}.type", "Input should be 'object'")


def tool_choice(path: str, value: Mapping[str, Any]) -> Iterator[Problem]:
    """Check that a choice says its type (unverified: these words for this field)."""
    if "type" not in value:
        yield invalid(f"{path}.type", REQUIRED)
    elif value["type"] == "tool" and "name" not in value:
        yield invalid(f"{path}.tool.name", REQUIRED)
