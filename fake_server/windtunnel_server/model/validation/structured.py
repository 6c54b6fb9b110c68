"""Schemas that the answer is held to: those of strict tools and of output formats."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.rule import Asked, Example, Rule
from windtunnel_server.model.validation.subset import misfit, size

_MOST_STRICT, _MOST_OPTIONALS, _MOST_UNIONS = 20, 24, 16
_TOO_COMPLEX: Final = (
    "Schema is too complex for compilation. Try reducing the number of tools or simplifying tool schemas."
)


def _strict(asked: Asked) -> list[tuple[str, Any]]:
    """The schemas of strict tools, each with the path that errors name."""
    return [
        (f"tools.{place}.custom", tool["input_schema"])
        for place, tool in enumerate(asked.tools)
        if tool.get("strict") is True and "input_schema" in tool
    ]


def _held_to(asked: Asked) -> list[tuple[str, Any]]:
    config = asked.request.get("output_config") or {}
    formats = {"output_config.format": config.get("format"), "output_format": asked.request.get("output_format")}
    given = {
        path: value["schema"] for path, value in formats.items() if isinstance(value, Mapping) and "schema" in value
    }
    return [*_strict(asked), *((f"{path}.schema", schema) for path, schema in given.items())]


def _fits(asked: Asked) -> Iterator[Problem]:
    for path, schema in _held_to(asked):
        words = misfit(schema)
        if words is not None:
            yield invalid(path, words)


def _few(asked: Asked) -> Iterator[Problem]:
    count = len(_strict(asked))
    if count > _MOST_STRICT:
        what = f"Too many strict tools ({count}). The maximum number of strict tools supported is {_MOST_STRICT}."
        yield invalid("", f"{what} Try reducing the number of tools marked as strict.")


def _small(asked: Asked) -> Iterator[Problem]:
    sizes = [size(schema) for _, schema in _held_to(asked)]
    optionals, unions = sum(each.optionals for each in sizes), sum(each.unions for each in sizes)
    if optionals > _MOST_OPTIONALS:
        yield invalid("", _too_many_optionals(optionals))
    if unions > _MOST_UNIONS:
        yield invalid("", _too_many_unions(unions))
    if any(each.is_too_complex for each in sizes):
        yield invalid("", _TOO_COMPLEX)


def _too_many_optionals(count: int) -> str:
    what = f"Schemas contains too many optional parameters ({count}), which would make grammar compilation inefficient."
    return f"{what} Reduce the number of optional parameters in your tool schemas (limit: {_MOST_OPTIONALS})."


def _too_many_unions(count: int) -> str:
    what = f"Schemas contains too many parameters with union types ({count} parameters with type arrays or anyOf)."
    why = "This causes exponential compilation cost. Reduce the number of nullable or union-typed parameters"
    return f"{what} {why} (limit: {_MOST_UNIONS} parameters with unions)."


_TEXT: Final = {"type": "string"}


def _schema(names: int, *, required: int, of: Mapping[str, Any] = _TEXT) -> dict[str, Any]:
    properties = {f"p{number}": of for number in range(names)}
    needed = list(properties)[:required]
    return {"type": "object", "properties": properties, "required": needed, "additionalProperties": False}


def _tools(*schemas: Any) -> Example:
    tools = [{"name": f"t{n}", "strict": True, "input_schema": schema} for n, schema in enumerate(schemas)]
    return Example({"tools": tools})


_FULL: Final = _schema(3, required=3)

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="strict_schemas_supported",
        about="Strict tools and output formats keep to the part of JSON Schema that is supported.",
        source="recorded for minimum (2026); BerriAI/litellm#35808; public reports and live tests of others",
        passes=_tools(_FULL),
        fails=_tools({"type": "object", "properties": {}}),
        says="tools.0.custom: For 'object' type, 'additionalProperties' must be explicitly set to false",
        check=_fits,
    ),
    Rule(
        name="strict_tools_few",
        about="At most 20 tools are strict.",
        source="recorded (2026)",
        passes=_tools(*[_FULL] * 20),
        fails=_tools(*[_FULL] * 21),
        says=(
            "Too many strict tools (21). The maximum number of strict tools supported is 20. "
            "Try reducing the number of tools marked as strict."
        ),
        check=_few,
    ),
    Rule(
        name="strict_schemas_small",
        about="Strict schemas have at most 24 optional parameters and 16 of several types, and not all in one object.",
        source="recorded (2026)",
        passes=_tools(*[_schema(2, required=0)] * 12),
        fails=_tools(_schema(24, required=0)),
        says=_TOO_COMPLEX,
        check=_small,
    ),
)
