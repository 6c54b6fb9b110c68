"""Schemas of tools that are no JSON Schema at all."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any, Final

from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.rule import Asked, Example, Rule

_NO_DRAFT: Final = (
    "JSON schema is invalid. It must match JSON Schema draft 2020-12 (https://json-schema.org/draft/2020-12). "
    "Learn more about tool use at https://docs.claude.com/en/docs/tool-use."
)
_TYPES: Final = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})


def _valid(asked: Asked) -> Iterator[Problem]:
    # Tools come again with every request and seldom change; marshal is the quickest way to tell that they are the
    # same (a tenth of what repr takes). At worst it tells equal ones apart.
    for place in _broken(marshal.dumps([tool.get("input_schema", True) for tool in asked.tools])):
        yield invalid(f"tools.{place}.custom.input_schema", _NO_DRAFT)


@lru_cache(32)
def _broken(dumped: bytes) -> tuple[int, ...]:
    """The places of schemas that are none."""
    return tuple(place for place, schema in enumerate(marshal.loads(dumped)) if not _is(schema))


def _is(schema: Any) -> bool:
    """Check what the meta-schema of draft 2020-12 says of the keywords that matter; others may be anything."""
    if isinstance(schema, bool):
        return True
    return isinstance(schema, Mapping) and all(_KEYWORDS[key](schema[key]) for key in schema.keys() & _KEYWORDS.keys())


def _is_type(value: Any) -> bool:
    names = value if isinstance(value, list) else [value]
    return bool(names) and all(isinstance(name, str) and name in _TYPES for name in names)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_count(value: Any) -> bool:
    return _is_number(value) and value >= 0 and float(value).is_integer()


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _are_schemas(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(map(_is, value))


def _are_named(value: Any) -> bool:
    return isinstance(value, Mapping) and all(map(_is, value.values()))


_KEYWORDS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "type": _is_type,
    "enum": _is_list,
    "required": _are_texts,
    "$ref": _is_text,
    "title": _is_text,
    "description": _is_text,
    "pattern": _is_text,
    "format": _is_text,
    "uniqueItems": _is_bool,
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _is_number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"), _is_count),
    **dict.fromkeys(("items", "additionalProperties", "not", "if", "then", "else", "contains", "propertyNames"), _is),
    **dict.fromkeys(("anyOf", "allOf", "oneOf", "prefixItems"), _are_schemas),
    **dict.fromkeys(("properties", "patternProperties", "$defs", "definitions", "dependentSchemas"), _are_named),
}


def _tool(**keywords: Any) -> Example:
    return Example({"tools": [{"name": "look", "input_schema": {"type": "object", **keywords}}]})


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="tool_schemas_valid",
        about="The schema of a tool is one of JSON Schema, draft 2020-12.",
        source="public reports, many (2025, 2026)",
        passes=_tool(properties={"n": {"type": "integer", "exclusiveMinimum": 0}}, required=["n"]),
        fails=_tool(properties={"n": {"type": "integer", "exclusiveMinimum": True}}),
        says=f"tools.0.custom.input_schema: {_NO_DRAFT}",
        check=_valid,
    ),
)
