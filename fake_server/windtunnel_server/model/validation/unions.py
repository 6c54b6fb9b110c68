"""Shapes for values of several kinds, told apart by a tag or tried one after the other.

Recorded: `tools.0.custom.name: String should match pattern …`, `messages.0.content.1.text.text: Field required`: the tag
of a union's member is a segment of the path. Where there is no tag, the name of the member's class is (reported:
`…web_search_tool_result.content.list[RequestWebSearchResultBlock].0.encrypted_content: Field required`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from windtunnel_server.model.validation.conditions import Condition
from windtunnel_server.model.validation.shape import (
    NOT_A_STRING,
    NOT_AN_OBJECT,
    REQUIRED,
    Fault,
    Key,
    Shape,
    anything,
    beneath,
    record,
)
from windtunnel_server.model.validation.terms import Terms

_TAG: Final = Key(anything)


def tagged(
    members: Mapping[str, Shape],
    *,
    default: str | None = None,
    known: Mapping[str, Condition] | None = None,
    listed: Literal["sorted", "as told"] = "sorted",
) -> Shape:
    """Make a shape for a union told apart by `type`; `default` is the tag of an object that names none.

    `known` holds the conditions of members that are not always there. An unexpected tag is told with those expected:
    "sorted", or "as told", in the order of the table.
    """
    conditions = known or {}

    def check(value: Any, terms: Terms) -> Fault | None:
        if type(value) is not dict and not isinstance(value, Mapping):
            return "", NOT_AN_OBJECT
        tag = value.get("type")
        if tag is None:
            if default is None:
                return "type", NOT_A_STRING if "type" in value else REQUIRED
            tag = default
        elif not isinstance(tag, str):
            return "type", NOT_A_STRING
        shape = members.get(tag)
        if shape is None or (tag in conditions and not conditions[tag](terms)):
            there = [name for name in members if name not in conditions or conditions[name](terms)]
            return "", unexpected_tag(tag, sorted(there) if listed == "sorted" else there)
        fault = shape(value, terms)
        return None if fault is None else beneath(tag, fault)

    return check


def member(keys: Mapping[str, Key], *, open: bool = False) -> Shape:
    """Make a shape for one member of such a union: its keys besides the tag."""
    return record({**keys, "type": _TAG}, open=open)


def unexpected_tag(tag: str, expected: Iterable[str]) -> str:
    """Say that a union has no such member (recorded on Bedrock, 2025)."""
    listed = ", ".join(f"'{name}'" for name in expected)
    return f"Input tag '{tag}' found using 'type' does not match any of the expected tags: {listed}"


def either(members: Mapping[str, Shape]) -> Shape:
    """Make a shape for a union without a tag: what fits no member is told what the first one says of it."""
    first, told = next(iter(members.items()))
    others = tuple(members.values())[1:]

    def check(value: Any, terms: Terms) -> Fault | None:
        fault = told(value, terms)
        if fault is None or any(other(value, terms) is None for other in others):
            return None
        return beneath(first, fault)

    return check
