"""The shape of tools and of the choice among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from windtunnel_server.model.validation.shape import (
    EMPTY,
    NOT_A_STRING,
    NOT_AN_OBJECT,
    REQUIRED,
    UNFIT,
    Fault,
    Key,
    beneath,
    listing,
    record,
    text,
)
from windtunnel_server.model.validation.terms import Terms

TOOL_NAME: Final = "^[a-zA-Z0-9_-]{1,128}$"

_matching: Final = text(pattern=TOOL_NAME)


def _name(value: Any, terms: Terms) -> Fault | None:
    if not isinstance(value, str):
        return "", NOT_A_STRING
    return _matching(value, terms) if value else ("", EMPTY)


def _object_type(value: Any, terms: Terms) -> Fault | None:
    return None if value == "object" else ("", "Input should be 'object'")


CUSTOM: Final = record(
    {
        "name": Key(_name, required=True),
        "input_schema": Key(
            record({"type": Key(_object_type, required=True)}, complaint=UNFIT, open=True), required=True
        ),
    },
    open=True,
)


def _tool(value: Any, terms: Terms) -> Fault | None:
    if not isinstance(value, Mapping):
        return "", NOT_AN_OBJECT
    if value.get("type") in (None, "custom"):
        fault = CUSTOM(value, terms)
        return None if fault is None else beneath("custom", fault)
    return None


TOOLS: Final = listing(_tool)


def TOOL_CHOICE(value: Any, terms: Terms) -> Fault | None:
    """Take a choice that says its type (unverified: these words for this field)."""
    if not isinstance(value, Mapping):
        return "", NOT_AN_OBJECT
    if "type" not in value:
        return "type", REQUIRED
    return ("tool.name", REQUIRED) if value["type"] == "tool" and "name" not in value else None
