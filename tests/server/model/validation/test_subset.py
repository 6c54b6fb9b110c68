"""The part of JSON Schema that strict tools and output formats may use."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.validation.subset import misfit, size

TEXT = {"type": "string"}


def closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "integer", "minimum": 1}, "For 'integer' type, property 'minimum' is not supported"),
        (
            {"type": "number", "minimum": 1, "maximum": 2},
            "For 'number' type, properties maximum, minimum are not supported",
        ),
        ({"type": "array", "items": TEXT, "maxItems": 3}, "For 'array' type, property 'maxItems' is not supported"),
        (
            {"type": "array", "items": TEXT, "minItems": 2},
            "For 'array' type, 'minItems' values other than 0 or 1 are not supported",
        ),
        ({"type": "object"}, "For 'object' type, 'additionalProperties' must be explicitly set to false"),
        (
            {"type": "object", "additionalProperties": True},
            "For 'object' type, 'additionalProperties: true' is not supported. Please set 'additionalProperties' to false",
        ),
        (
            {"type": "object", "additionalProperties": TEXT},
            "For 'object' type, 'additionalProperties: object' is not supported. "
            "Please set 'additionalProperties' to false",
        ),
        ({"oneOf": [TEXT]}, "Schema type 'oneOf' is not supported"),
        ({"type": "string", "not": TEXT}, "Schema keyword 'not' is not supported"),
        ({"anyOf": [TEXT], "type": "string"}, "For 'anyOf', 'type' is not supported"),
        (
            {"title": "Any"},
            "Empty schema ({}) that accepts any JSON value is not supported. Please specify a concrete type.",
        ),
    ],
)
def test_what_is_not_supported_is_told_wherever_it_stands(schema: dict[str, Any], words: str) -> None:
    places = [schema, closed(n=schema), {"type": "array", "items": schema}, {"anyOf": [TEXT, schema]}]
    defined = closed(n={"$ref": "#/$defs/N"}) | {"$defs": {"N": schema}}

    assert {misfit(place) for place in [*places, defined]} == {words}


def test_properties_named_like_keywords_are_only_names() -> None:
    assert misfit(closed(**{"not": TEXT, "oneOf": TEXT, "minimum": TEXT})) is None


def test_what_is_supported_passes() -> None:
    either = {"anyOf": [TEXT, {"type": "null"}], "description": "Perhaps."}
    numbered = {"type": "array", "items": {"type": "integer"}, "minItems": 1}

    assert misfit(closed(a=either, b=numbered, c={"enum": ["x"]}, d={"type": ["string", "null"]})) is None


def test_a_schema_is_measured_with_what_is_in_it() -> None:
    inner = closed(a={"type": ["string", "null"]}, b=TEXT) | {"required": ["a"]}
    outer = closed(inner=inner, c={"anyOf": [TEXT]})

    assert size(outer) == (1, 2, False)


@pytest.mark.parametrize(
    ("count", "required", "of", "complex_"),
    [(24, False, TEXT, True), (23, False, TEXT, False), (16, True, {"anyOf": [TEXT]}, True)],
)
def test_too_much_in_one_object_is_too_complex(count: int, required: bool, of: Any, complex_: bool) -> None:
    whole = closed(**{f"p{number}": of for number in range(count)})

    assert size(whole if required else whole | {"required": []}).is_too_complex is complex_
