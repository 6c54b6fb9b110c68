"""A value that fits a JSON Schema: what the model would put into a tool call or a structured answer.

The part of draft 2020-12 that tools use. Every candidate is tested (`schema_check.py`) before it is given; where none
fits after some tries (contradictory schemas, patterns with lookarounds, `not`), the last one is given as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from windtunnel_server.model.pattern import text_for
from windtunnel_server.model.schema_check import accepts, is_number, parts_for, resolve, same, types_of

_TRIES = 25
#: From this depth on only what is required is written; at the second everything ends.
_SPARSE_DEPTH = 3
_MOST_DEPTH = 30

_WORDS = ("amber", "birch", "cedar", "delta", "ember", "flint", "grove", "harbor", "indigo", "juniper")

_FORMATS: Mapping[str, Callable[[Random], str]] = {
    "date": lambda rng: f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}",
    "time": lambda rng: f"{rng.randint(0, 23):02}:{rng.randint(0, 59):02}:00Z",
    "date-time": lambda rng: f"2026-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}T{rng.randint(0, 23):02}:00:00Z",
    "duration": lambda rng: f"PT{rng.randint(1, 59)}M",
    "email": lambda rng: f"{rng.choice(_WORDS)}@example.com",
    "hostname": lambda rng: f"{rng.choice(_WORDS)}.example.com",
    "ipv4": lambda rng: f"192.0.2.{rng.randint(1, 254)}",
    "ipv6": lambda rng: f"2001:db8::{rng.randint(1, 9)}",
    "uri": lambda rng: f"https://example.com/{rng.choice(_WORDS)}",
    "url": lambda rng: f"https://example.com/{rng.choice(_WORDS)}",
    "uri-reference": lambda rng: f"/{rng.choice(_WORDS)}",
    "uuid": lambda rng: _uuid(rng),
}


class _TooDeep(Exception):
    """The schema refers to itself without an end on this way."""


def example(schema: Mapping[str, Any], rng: Random) -> Any:
    """Make a value that fits `schema`; references are local to it. The same `rng` state gives the same value.

    Defaults, examples, constants and enumerations are preferred to made-up values.
    """
    value: Any = None
    for _ in range(_TRIES):
        try:
            value = _value(schema, rng, schema, 0)
        except (_TooDeep, KeyError, IndexError, ValueError):
            continue
        if accepts(schema, value, schema):
            break
    return value


def _value(schema: Any, rng: Random, root: Any, depth: int) -> Any:
    if depth > _MOST_DEPTH:
        raise _TooDeep
    if not isinstance(schema, Mapping):
        return rng.choice(_WORDS)
    told = _told(schema, rng)
    if told and any(accepts(schema, value, root) for value in told):
        return next(value for value in told if accepts(schema, value, root))
    flat = _flat(schema, rng, root, depth)
    if flat is not schema:
        return _value(flat, rng, root, depth + 1)
    return _WRITERS[_pick_type(schema, rng)](schema, rng, root, depth)


def _told(schema: Mapping[str, Any], rng: Random) -> list[Any]:
    """Give the values the schema itself names, best first."""
    told = [schema[name] for name in ("const", "default") if name in schema]
    told += schema.get("examples", ()) if isinstance(schema.get("examples"), list) else ()
    options = list(schema.get("enum", ()))
    rng.shuffle(options)
    return told + options


def _flat(schema: Mapping[str, Any], rng: Random, root: Any, depth: int) -> Mapping[str, Any]:
    """Take one reference or combination out of a schema by merging it in; a schema without any comes back itself."""
    if "$ref" in schema:
        return _merged(_without(schema, "$ref"), resolve(schema["$ref"], root))
    if "allOf" in schema:
        flat: Mapping[str, Any] = _without(schema, "allOf")
        for part in schema["allOf"]:
            flat = _merged(flat, part)
        return flat
    for name in ("oneOf", "anyOf"):
        if schema.get(name):
            return _merged(_without(schema, name), _branch(schema[name], rng, root, depth))
    return schema


def _branch(branches: list[Any], rng: Random, root: Any, depth: int) -> Any:
    """Choose a branch; deep down, one that can be ended."""
    shuffled = rng.sample(branches, len(branches))
    if depth < _SPARSE_DEPTH:
        return shuffled[0]
    return min(shuffled, key=lambda branch: isinstance(branch, Mapping) and ("$ref" in branch or "items" in branch))


def _without(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in schema.items() if key != name}


_LOWEST = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_HIGHEST = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")


def _merged(one: Mapping[str, Any], other: Any) -> Mapping[str, Any]:
    """Write both schemas as one: what fits it fits both (the part of it that tools use)."""
    if not isinstance(other, Mapping):
        return one if other is not False else {"enum": []}
    merged = dict(one)
    for key, value in other.items():
        merged[key] = _joined(key, merged[key], value) if key in merged else value
    if "type" in one and "type" in other:
        merged["type"] = _common(types_of(one), types_of(other))
    return merged


def _joined(key: str, one: Any, other: Any) -> Any:
    if key in ("properties", "patternProperties", "$defs"):
        return {
            name: _both(one[name], other[name]) if name in one and name in other else {**one, **other}[name]
            for name in {**one, **other}
        }
    if key == "required":
        return [*one, *(name for name in other if name not in one)]
    if key == "enum":
        return [option for option in one if any(same(option, value) for value in other)]
    if key in ("allOf", "anyOf", "oneOf") and key == "allOf":
        return [*one, *other]
    if key in _LOWEST:
        return min(one, other)
    if key in _HIGHEST:
        return max(one, other)
    if key in ("items", "additionalProperties", "contains"):
        return _both(one, other)
    if key == "multipleOf" and isinstance(one, int) and isinstance(other, int):
        return math.lcm(one, other)
    return other


def _both(one: Any, other: Any) -> Any:
    return False if one is False or other is False else {"allOf": [one, other]}


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> list[str]:
    wide = {*other, *(("integer",) if "number" in other else ())}
    narrow = [name for name in one if name in wide]
    return narrow + [name for name in other if name == "integer" and "number" in one and name not in narrow]


def _pick_type(schema: Mapping[str, Any], rng: Random) -> str:
    """Choose a type: a named one, null only where nothing else is left; else the one the keywords speak of."""
    named = [name for name in types_of(schema) if name in _WRITERS]
    plain = [name for name in named if name != "null"]
    if named:
        return rng.choice(plain or named)
    return next((name for key, name in _HINTS if key in schema), "string")


_HINTS = (
    ("properties", "object"),
    ("required", "object"),
    ("minProperties", "object"),
    ("patternProperties", "object"),
    ("items", "array"),
    ("prefixItems", "array"),
    ("minItems", "array"),
    ("minimum", "number"),
    ("maximum", "number"),
    ("exclusiveMinimum", "number"),
    ("exclusiveMaximum", "number"),
    ("multipleOf", "number"),
)


def _object(schema: Mapping[str, Any], rng: Random, root: Any, depth: int) -> dict[str, Any]:
    required = list(schema.get("required", ()))
    optional = [name for name in schema.get("properties", {}) if name not in required]
    sparse = depth >= _SPARSE_DEPTH
    wanted = set(required) | {name for name in optional if not sparse and rng.random() < 0.5}
    room = schema.get("maxProperties", len(wanted))
    names = [*required, *(name for name in optional if name in wanted)][:room]
    names += [name for name in optional if name not in names][: max(0, schema.get("minProperties", 0) - len(names))]
    value: dict[str, Any] = {}
    for name in names:
        try:
            value[name] = _value(_all(parts_for(schema, name)), rng, root, depth + 1)
        except _TooDeep:
            if name in required:
                raise
    return _fill(value, schema, rng, root, depth)


def _fill(value: dict[str, Any], schema: Mapping[str, Any], rng: Random, root: Any, depth: int) -> dict[str, Any]:
    """Add properties nobody named until there are enough."""
    names = [*_WORDS, *(f"{word}_{number}" for number in range(2, 9) for word in _WORDS)]
    for pattern in schema.get("patternProperties", {}):
        names[:0] = [text for text in (text_for(pattern, rng) for _ in range(8)) if text is not None]
    for name in names:
        if len(value) >= schema.get("minProperties", 0):
            break
        part = _all(parts_for(schema, name))
        if name not in value and part is not False:
            value[name] = _value(part, rng, root, depth + 1)
    return value


def _all(parts: list[Any]) -> Any:
    return parts[0] if len(parts) == 1 else {"allOf": parts}


def _array(schema: Mapping[str, Any], rng: Random, root: Any, depth: int) -> list[Any]:
    first = list(schema.get("prefixItems", ()))
    rest = schema.get("items", True)
    low = max(schema.get("minItems", 0), 1 if "contains" in schema else 0)
    usual = max(low, len(first) or (0 if depth >= _SPARSE_DEPTH else rng.randint(1, 2)))
    count = min(usual, schema.get("maxItems", usual))
    if rest is False:
        count = min(count, len(first))
    value: list[Any] = []
    for place in range(count):
        part = first[place] if place < len(first) else rest
        if place == count - 1 and "contains" in schema:
            part = _both(part, schema["contains"])
        try:
            value.append(_item(part, value if schema.get("uniqueItems") else [], rng, root, depth))
        except _TooDeep:
            if place < low:
                raise
            break
    return value


def _item(part: Any, taken: list[Any], rng: Random, root: Any, depth: int) -> Any:
    item: Any = None
    for _ in range(40):
        item = _value(part, rng, root, depth + 1)
        if not any(same(item, other) for other in taken):
            return item
    if isinstance(part, Mapping) and "enum" in part:
        return next((option for option in part["enum"] if not any(same(option, other) for other in taken)), item)
    return _another(part, taken, item, root)


def _another(part: Any, taken: list[Any], item: Any, root: Any) -> Any:
    """Find a value near `item` that is not taken: other truth, next numbers, longer texts, nothing."""
    step = part.get("multipleOf", 1) if isinstance(part, Mapping) else 1
    near: list[Any] = [True, False, None]
    if is_number(item):
        near += [item + sign * n * step for n in range(1, 60) for sign in (1, -1)]
    if isinstance(item, str):
        near += [f"{item}{n}" for n in range(1, 60)] + [item[:n] for n in range(len(item))]
    fitting = (v for v in near if accepts(part, v, root) and not any(same(v, other) for other in taken))
    return next(fitting, item)


def _string(schema: Mapping[str, Any], rng: Random, root: Any, depth: int) -> str:
    low = schema.get("minLength", 0)
    high = schema.get("maxLength", max(low, 60))
    if "pattern" in schema:
        for _ in range(20):
            text = text_for(schema["pattern"], rng, min_length=low)
            if text is not None and len(text) <= high:
                return text
    text = _FORMATS[schema["format"]](rng) if schema.get("format") in _FORMATS else rng.choice(_WORDS)
    while len(text) < low:
        text += f" {rng.choice(_WORDS)}"
    return text[:high] if low == high or len(text) > high else text


def _integer(schema: Mapping[str, Any], rng: Random, root: Any, depth: int) -> int:
    step = schema.get("multipleOf", 1)
    step = int(step) if float(step).is_integer() and step >= 1 else _whole(step)
    low, high = _bounds(schema)
    first = math.ceil(low / step)
    last = math.floor(high / step)
    while first * step in _outside(schema):
        first += 1
    while last * step in _outside(schema) and last > first:
        last -= 1
    return rng.randint(first, min(max(first, last), first + 99)) * step


def _outside(schema: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(schema[name] for name in ("exclusiveMinimum", "exclusiveMaximum") if name in schema)


def _whole(step: float) -> int:
    """Find a whole number that is a multiple of a broken step."""
    return next((n for n in range(1, 1_000) if (n / step).is_integer()), 1)


def _bounds(schema: Mapping[str, Any]) -> tuple[float, float]:
    """Give the range to choose from: what the schema says, and about a hundred where a side is open."""
    lows = [schema[name] for name in ("minimum", "exclusiveMinimum") if is_number(schema.get(name))]
    highs = [schema[name] for name in ("maximum", "exclusiveMaximum") if is_number(schema.get(name))]
    span = max(100, 4 * abs(schema.get("multipleOf", 1)))
    low = max(lows) if lows else (min(highs) - span if highs and min(highs) < 1 else 1)
    high = min(highs) if highs else low + span
    return low, high


def _number(schema: Mapping[str, Any], rng: Random, root: Any, depth: int) -> float:
    low, high = _bounds(schema)
    step = schema.get("multipleOf")
    tries = [
        low,
        high,
        (low + high) / 2,
        round((low + high) / 2, 2),
        rng.randint(math.ceil(low), max(math.ceil(low), math.floor(high))),
    ]
    tries.append(round(rng.uniform(low, high), 2))
    if step is not None:
        first = math.ceil(low / step)
        tries = [(first + n) * step for n in range(12)] + [_integer(schema, rng, root, depth)]
    return next((value for value in reversed(tries) if accepts({**schema, "type": "number"}, value, root)), tries[-1])


_WRITERS: Mapping[str, Callable[[Mapping[str, Any], Random, Any, int], Any]] = {
    "object": _object,
    "array": _array,
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": lambda schema, rng, root, depth: rng.random() < 0.5,
    "null": lambda schema, rng, root, depth: None,
}


def _uuid(rng: Random) -> str:
    digits = f"{rng.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
