"""The part of JSON Schema that strict tools and output formats may use, and how much of it.

Words: recorded for `minimum` and the limits; for the rest public reports and live tests of others (2026). Only what is
known to be refused is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

_NUMBER: Final = ("exclusiveMaximum", "exclusiveMinimum", "maximum", "minimum", "multipleOf")
_UNSUPPORTED: Final[Mapping[str, tuple[str, ...]]] = {
    "integer": _NUMBER,
    "number": _NUMBER,
    "string": ("maxLength", "minLength"),
    "array": ("contains", "maxItems", "prefixItems", "uniqueItems"),
    "object": ("dependentRequired", "if", "unevaluatedProperties"),
}
_BESIDE_ANY_OF: Final = ("additionalProperties", "discriminator", "properties", "required", "type")
_ANNOTATIONS: Final = {"$comment", "default", "description", "examples", "title"}
#: Recorded: refused with so many in one object, while twice as many over several tools pass. Where between the two
#: the bound is, and how it counts, is unverified.
_UNIONS_OF_ONE, _OPTIONALS_OF_ONE = 16, 24


class Size(NamedTuple):
    """How much there is to compile: parameters left out at will, parameters of several types, and too many in one."""

    optionals: int
    unions: int
    is_too_complex: bool


def misfit(schema: Any) -> str | None:
    """Say what in a schema is not supported, the first in the order of the document; None for nothing."""
    for node in _nodes(schema):
        words = _misfit_of(node)
        if words is not None:
            return words
    return None


def size(schema: Any) -> Size:
    """Measure a schema, its definitions included once."""
    optionals = unions = 0
    complex_ = False
    for node in _nodes(schema):
        mine = node.get("properties")
        if not isinstance(mine, Mapping):
            continue
        required = node.get("required") or ()
        free = sum(name not in required for name in mine)
        several = sum(_is_union(child) for child in mine.values())
        optionals, unions = optionals + free, unions + several
        complex_ = complex_ or free >= _OPTIONALS_OF_ONE or several >= _UNIONS_OF_ONE
    return Size(optionals, unions, complex_)


def _is_union(schema: Any) -> bool:
    return isinstance(schema, Mapping) and ("anyOf" in schema or isinstance(schema.get("type"), list))


def _nodes(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Walk a schema and those in it, from the outside in."""
    if not isinstance(schema, Mapping):
        return
    yield schema
    for key in ("properties", "$defs", "definitions"):
        named = schema.get(key)
        for child in named.values() if isinstance(named, Mapping) else ():
            yield from _nodes(child)
    for key in ("anyOf", "allOf"):
        listed = schema.get(key)
        for child in listed if isinstance(listed, list) else ():
            yield from _nodes(child)
    yield from _nodes(schema.get("items"))


def _misfit_of(node: Mapping[str, Any]) -> str | None:
    if not node.keys() - _ANNOTATIONS:
        return "Empty schema ({}) that accepts any JSON value is not supported. Please specify a concrete type."
    if "not" in node:
        return "Schema keyword 'not' is not supported"
    if "oneOf" in node:
        return "Schema type 'oneOf' is not supported"
    beside = ", ".join(key for key in _BESIDE_ANY_OF if key in node)
    if "anyOf" in node and beside:
        return f"For 'anyOf', '{beside}' is not supported"
    kind = node.get("type")
    return _misfit_of_type(node, kind) if isinstance(kind, str) else None


def _misfit_of_type(node: Mapping[str, Any], kind: str) -> str | None:
    found = [key for key in _UNSUPPORTED.get(kind, ()) if key in node]
    if len(found) == 1:
        return f"For '{kind}' type, property '{found[0]}' is not supported"
    if found:
        return f"For '{kind}' type, properties {', '.join(found)} are not supported"
    if kind == "object":
        return _open(node)
    if kind == "array" and node.get("minItems", 0) not in (0, 1):
        return "For 'array' type, 'minItems' values other than 0 or 1 are not supported"
    return None


def _open(node: Mapping[str, Any]) -> str | None:
    if "additionalProperties" not in node:
        return "For 'object' type, 'additionalProperties' must be explicitly set to false"
    more = node["additionalProperties"]
    if more is False:
        return None
    named = "true" if more is True else "object"
    what = f"For 'object' type, 'additionalProperties: {named}' is not supported."
    return f"{what} Please set 'additionalProperties' to false"
