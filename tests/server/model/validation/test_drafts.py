"""Schemas of tools that are no JSON Schema at all."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.validation import Terms, check


def is_refused(**keywords: Any) -> bool:
    tool = {"name": "look", "input_schema": {"type": "object", **keywords}}
    request = {"model": "claude-sonnet-5", "max_tokens": 16, "messages": [{"role": "user", "content": "Hi"}]}
    problem = check(request | {"tools": [{"name": "good", "input_schema": {"type": "object"}}, tool]}, Terms())
    if problem is not None:
        assert problem.message.startswith("tools.1.custom.input_schema: JSON schema is invalid.")
    return problem is not None


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "strnig"},
        {"type": []},
        {"type": "string", "required": True},
        {"type": "number", "exclusiveMinimum": True},
        {"type": "array", "items": [{"type": "string"}]},
        {"anyOf": []},
        {"enum": "x"},
        {"minLength": -1},
        {"properties": {"deep": {"type": None}}},
    ],
)
def test_what_is_no_schema_is_refused_at_any_depth(schema: dict[str, Any]) -> None:
    assert is_refused(properties={"p": schema})
    assert is_refused(properties={"p": {"type": "array", "items": {"allOf": [schema]}}})


@pytest.mark.parametrize(
    "schema",
    [True, {}, {"type": ["string", "null"]}, {"nullable": True}, {"items": False}, {"default": object.__name__}],
)
def test_what_is_a_schema_passes(schema: Any) -> None:
    assert not is_refused(properties={"p": schema})


def test_properties_named_like_keywords_are_only_names() -> None:
    assert not is_refused(properties={"required": {"type": "string"}, "type": {"type": "string"}})
