"""Does a value fit a JSON Schema? The part of draft 2020-12 that tools use; enough to test an example before it is sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda v: isinstance(v, Mapping),
    "array": lambda v: isinstance(v, list),
    "string": lambda v: isinstance(v, str),
    "boolean": lambda v: isinstance(v, bool),
    "null": lambda v: v is None,
    "integer": lambda v: is_number(v) and float(v).is_integer(),
    "number": lambda v: is_number(v),
}


def is_number(value: Any) -> bool:
    """Tell numbers from the rest; True and False are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def types_of(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Give the types a schema names, in its order; OpenAPI's `nullable` adds null. Empty: any type."""
    named = schema.get("type", ())
    types = (named,) if isinstance(named, str) else tuple(named)
    return (*types, "null") if types and schema.get("nullable") is True and "null" not in types else types


def resolve(reference: str, root: Any) -> Any:
    """Follow a local reference (`#/$defs/Name`); raise KeyError for one that leads nowhere or out of the document."""
    if not reference.startswith("#"):
        raise KeyError(reference)
    place = root
    for part in reference[1:].split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        place = place[int(key)] if isinstance(place, list) else place[key]
    return place


def same(one: Any, other: Any) -> bool:
    """Compare as JSON does: 1 is 1.0 and is not true."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def accepts(schema: Any, value: Any, root: Any) -> bool:
    """Tell whether `value` fits `schema`, whose references are looked up in `root`. `format` is not asserted."""
    if not isinstance(schema, Mapping):
        return schema is not False
    types = types_of(schema)
    if types and not any(_TYPES.get(name, lambda v: False)(value) for name in types):
        return False
    return all(check(schema, value, root) for check in _CHECKS)


def _values(schema: Mapping[str, Any], value: Any, root: Any) -> bool:
    if "const" in schema and not same(schema["const"], value):
        return False
    return "enum" not in schema or any(same(option, value) for option in schema["enum"])


def _number(schema: Mapping[str, Any], value: Any, root: Any) -> bool:
    if not is_number(value):
        return True
    step = schema.get("multipleOf")
    return (
        value >= schema.get("minimum", value)
        and value <= schema.get("maximum", value)
        and ("exclusiveMinimum" not in schema or value > schema["exclusiveMinimum"])
        and ("exclusiveMaximum" not in schema or value < schema["exclusiveMaximum"])
        and (
            step is None or (value / step).is_integer()
            if isinstance(step, float)
            else step is None or value % step == 0
        )
    )


def _string(schema: Mapping[str, Any], value: Any, root: Any) -> bool:
    if not isinstance(value, str):
        return True
    if not schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value)):
        return False
    return "pattern" not in schema or _matches(schema["pattern"], value)


def _matches(pattern: str, value: str) -> bool:
    try:
        return re.search(pattern, value) is not None
    except re.error:
        return True


def _array(schema: Mapping[str, Any], value: Any, root: Any) -> bool:
    if not isinstance(value, list):
        return True
    if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value)):
        return False
    if schema.get("uniqueItems") and any(same(a, b) for place, a in enumerate(value) for b in value[:place]):
        return False
    if "contains" in schema and not any(accepts(schema["contains"], item, root) for item in value):
        return False
    first: Sequence[Any] = schema.get("prefixItems", ())
    rest = schema.get("items", True)
    return all(accepts(first[i] if i < len(first) else rest, item, root) for i, item in enumerate(value))


def _object(schema: Mapping[str, Any], value: Any, root: Any) -> bool:
    if not isinstance(value, Mapping):
        return True
    if any(name not in value for name in schema.get("required", ())):
        return False
    if not schema.get("minProperties", 0) <= len(value) <= schema.get("maxProperties", len(value)):
        return False
    return all(accepts(part, item, root) for key, item in value.items() for part in parts_for(schema, key))


def parts_for(schema: Mapping[str, Any], key: str) -> list[Any]:
    """Give every subschema that a property of that name has to fit."""
    parts = [schema["properties"][key]] if key in schema.get("properties", {}) else []
    parts += [part for pattern, part in schema.get("patternProperties", {}).items() if _matches(pattern, key)]
    return parts or [schema.get("additionalProperties", True)]


def _combined(schema: Mapping[str, Any], value: Any, root: Any) -> bool:
    def fits(part: Any) -> bool:
        return accepts(part, value, root)

    return (
        ("$ref" not in schema or fits(resolve(schema["$ref"], root)))
        and all(map(fits, schema.get("allOf", ())))
        and ("anyOf" not in schema or any(map(fits, schema["anyOf"])))
        and ("oneOf" not in schema or sum(map(fits, schema["oneOf"])) == 1)
        and ("not" not in schema or not fits(schema["not"]))
    )


_CHECKS = (_values, _number, _string, _array, _object, _combined)
