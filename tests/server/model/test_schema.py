"""Examples fit their schemas, as an independent validator sees it."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from random import Random
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from windtunnel_server.model.schema import example

names = st.sampled_from(["city", "unit", "count", "tags", "owner", "from"])


def bounded(low: str, high: str, most: int) -> st.SearchStrategy[dict[str, Any]]:
    pairs = st.tuples(st.integers(0, most), st.integers(0, most)).map(sorted)
    return pairs.flatmap(
        lambda pair: st.sampled_from([{}, {low: pair[0]}, {high: pair[1]}, {low: pair[0], high: pair[1]}])
    )


texts = st.one_of(
    bounded("minLength", "maxLength", 40).map(lambda more: {"type": "string", **more}),
    st.sampled_from(["date", "date-time", "email", "uri", "uuid", "ipv4"]).map(
        lambda f: {"type": "string", "format": f}
    ),
    st.sampled_from([r"^[a-z]{3}-\d+$", r"^(GET|POST)$", r"[A-Z]{2}", r"^#[0-9a-f]{6}$", r"^\w+@\w+\.com$"]).map(
        lambda p: {"type": "string", "pattern": p}
    ),
)
wholes = st.tuples(bounded("minimum", "maximum", 50), st.sampled_from([{}, {"multipleOf": 1}])).map(
    lambda parts: {"type": "integer", **parts[0], **parts[1]}
)
steps = st.integers(2, 9).map(lambda n: {"type": "integer", "multipleOf": n, "minimum": n - 1})
exclusive = st.integers(-50, 50).map(lambda n: {"type": "number", "exclusiveMinimum": n, "exclusiveMaximum": n + 1})
whole_exclusive = st.integers(-50, 50).map(
    lambda n: {"type": "integer", "exclusiveMinimum": n, "exclusiveMaximum": n + 2}
)
fixed = st.one_of(
    st.lists(st.sampled_from(["a", "b", 3, None, True]), min_size=1, max_size=4, unique_by=str).map(
        lambda e: {"enum": e}
    ),
    st.sampled_from(["x", 7, None]).map(lambda c: {"const": c}),
    st.sampled_from(
        [{"type": "boolean"}, {"type": "null"}, {"type": ["string", "null"]}, {"type": ["integer", "string"]}]
    ),
    st.sampled_from(
        [
            {"type": "integer", "default": 5},
            {"type": "integer", "default": "no"},
            {"type": "string", "examples": [4, "yes"]},
        ]
    ),
)
leaves = st.one_of(texts, wholes, steps, exclusive, whole_exclusive, fixed)


def arrays(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    sized = bounded("minItems", "maxItems", 4)
    tuples = st.lists(inner, min_size=1, max_size=3).map(lambda p: {"type": "array", "prefixItems": p, "items": False})
    unique = st.just({"type": "array", "items": {"type": "integer"}, "uniqueItems": True, "minItems": 5})
    return st.one_of(st.tuples(inner, sized).map(lambda p: {"type": "array", "items": p[0], **p[1]}), tuples, unique)


OTHERS: list[dict[str, Any]] = [{}, {"additionalProperties": False}, {"additionalProperties": {"type": "integer"}}]


def objects(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(names, inner, max_size=4).flatmap(
        lambda props: st.tuples(
            st.lists(st.sampled_from(sorted(props)), unique=True) if props else st.just([]),
            st.sampled_from(OTHERS),
        ).map(lambda more: {"type": "object", "properties": props, "required": more[0], **more[1]})
    )


def choices(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    some = st.lists(inner, min_size=1, max_size=3)
    tagged = st.just(
        {"oneOf": [{"type": "string"}, {"type": "integer"}, {"type": "array", "items": {"type": "string"}}]}
    )
    both = objects(leaves).map(
        lambda o: {"allOf": [o, {"type": "object", "properties": {"added": {"type": "string"}}, "required": []}]}
    )
    return st.one_of(some.map(lambda s: {"anyOf": s}), tagged, both)


schemas = st.recursive(leaves, lambda inner: st.one_of(arrays(inner), objects(inner), choices(inner)), max_leaves=12)


@settings(max_examples=200, deadline=None)
@given(schemas, st.integers(0, 2**32))
def test_an_example_fits_its_schema(schema: dict[str, Any], seed: int) -> None:
    value = example(schema, Random(seed))

    jsonschema.Draft202012Validator(schema).validate(value)


@settings(max_examples=50, deadline=None)
@given(schemas, st.integers(0, 2**32))
def test_one_seed_gives_one_example(schema: dict[str, Any], seed: int) -> None:
    assert example(schema, Random(seed)) == example(schema, Random(seed))


TREE = {
    "type": "object",
    "properties": {"root": {"$ref": "#/$defs/node"}},
    "required": ["root"],
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "name": {"type": "string"},
                "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
            },
            "required": ["name", "children"],
        }
    },
}
LINKED = {
    "$ref": "#/$defs/link",
    "$defs": {
        "link": {
            "type": "object",
            "properties": {"next": {"anyOf": [{"$ref": "#/$defs/link"}, {"type": "null"}]}},
            "required": ["next"],
            "additionalProperties": False,
        }
    },
}


@pytest.mark.parametrize("schema", [TREE, LINKED], ids=["tree", "linked list"])
@pytest.mark.parametrize("seed", range(8))
def test_a_schema_that_refers_to_itself_comes_to_an_end(schema: dict[str, Any], seed: int) -> None:
    value = example(schema, Random(seed))

    jsonschema.Draft202012Validator(schema).validate(value)


BUSHY = {
    "type": "object",
    "properties": {f"branch_{n}": {"$ref": "#"} for n in range(6)},
}


@pytest.mark.parametrize("seed", range(8))
def test_a_schema_that_refers_to_itself_at_will_stays_small(seed: int) -> None:
    assert len(json.dumps(example(BUSHY, Random(seed)))) < 20_000


def test_nullable_still_gives_a_value_where_one_can_be_had() -> None:
    assert isinstance(example({"type": "string", "nullable": True}, Random(1)), str)


def test_a_default_is_preferred_to_a_made_up_value() -> None:
    assert example({"type": "string", "default": "celsius"}, Random(1)) == "celsius"


def test_a_schema_that_nothing_fits_still_gives_something() -> None:
    example({"type": "integer", "minimum": 5, "maximum": 3}, Random(1))


def test_every_recorded_tool_schema_gets_an_example_that_fits(corpus: Path) -> None:
    misfits = [(schema, value) for schema, value in recorded(corpus) if not fits(schema, value)]

    assert misfits == []


def recorded(corpus: Path) -> list[tuple[Any, Any]]:
    with gzip.open(corpus / "tokens.jsonl.gz", "rt", encoding="utf-8") as lines:
        tools = [tool for line in lines for tool in json.loads(line)["tools"]]
    found = {
        json.dumps(tool.get("input_schema"), sort_keys=True)
        for tool in tools
        if isinstance(tool.get("input_schema"), dict)
    }
    return [(json.loads(text), example(json.loads(text), Random(7))) for text in sorted(found)]


def fits(schema: Any, value: Any) -> bool:
    return bool(jsonschema.Draft202012Validator(schema).is_valid(value))
