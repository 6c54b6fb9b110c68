"""The small validator agrees with the big one on values of every kind."""

from __future__ import annotations

from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest

from windtunnel_server.model.schema_check import accepts, resolve, same

VALUES: list[Any] = [
    None,
    True,
    False,
    0,
    1,
    2.0,
    2.5,
    -3,
    "",
    "a",
    "abc",
    [],
    [1],
    [1, 1],
    [True, 1],
    {},
    {"a": 1},
    {"b": "x"},
]
SCHEMAS: list[Any] = [
    True,
    False,
    {"type": "integer"},
    {"type": ["string", "null"]},
    {"enum": [1, "a", True]},
    {"const": 2},
    {"minimum": 1, "exclusiveMaximum": 2.5},
    {"multipleOf": 0.5},
    {"multipleOf": 2},
    {"minLength": 1, "maxLength": 2},
    {"pattern": "^a"},
    {"items": {"type": "integer"}, "minItems": 1},
    {"uniqueItems": True},
    {"contains": {"const": 1}},
    {"prefixItems": [{"const": 1}], "items": False},
    {"required": ["a"], "properties": {"a": {"type": "integer"}}},
    {"properties": {"a": True}, "additionalProperties": False},
    {"patternProperties": {"^b": {"type": "integer"}}},
    {"minProperties": 1},
    {"allOf": [{"type": "integer"}, {"minimum": 1}]},
    {"anyOf": [{"type": "string"}, {"type": "null"}]},
    {"oneOf": [{"type": "integer"}, {"minimum": 1}]},
    {"not": {"type": "string"}},
    {"$ref": "#/$defs/x", "$defs": {"x": {"type": "array"}}},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=repr)
def test_it_agrees_with_the_reference_validator(schema: Any) -> None:
    validator = jsonschema.Draft202012Validator(schema)

    differing = [value for value in VALUES if accepts(schema, value, schema) != validator.is_valid(value)]

    assert differing == []


def test_true_is_not_one() -> None:
    assert not same(True, 1)
    assert same([1], [1.0])


def test_a_reference_out_of_the_document_leads_nowhere() -> None:
    with pytest.raises(KeyError):
        resolve("https://example.com/schema.json", {})
