"""Schemas that the answer is held to."""

from __future__ import annotations

from typing import Any

from windtunnel_server.model.validation import Terms, check

TEXT = {"type": "string"}
OPEN = {"type": "object", "properties": {}}


def said(**more: Any) -> str | None:
    request = {"model": "claude-sonnet-4-6", "max_tokens": 16, "messages": [{"role": "user", "content": "Hi"}], **more}
    problem = check(request, Terms(version="2023-06-01", betas=frozenset({"structured-outputs-2025-11-13"})))
    return None if problem is None else problem.message


def free(count: int, of: Any = TEXT) -> dict[str, Any]:
    return {"type": "object", "properties": {f"p{n}": of for n in range(count)}, "additionalProperties": False}


def full(count: int, of: Any = TEXT) -> dict[str, Any]:
    return free(count, of) | {"required": [f"p{n}" for n in range(count)]}


def strict(*schemas: Any) -> list[dict[str, Any]]:
    return [{"name": f"t{n}", "strict": True, "input_schema": schema} for n, schema in enumerate(schemas)]


def test_the_path_says_where_the_schema_stood() -> None:
    words = "For 'object' type, 'additionalProperties' must be explicitly set to false"
    wanted = {"type": "json_schema", "schema": OPEN}

    assert said(output_config={"format": wanted}) == f"output_config.format.schema: {words}"
    assert said(output_format=wanted) == f"output_format.schema: {words}"
    assert said(tools=strict(full(1), OPEN)) == f"tools.1.custom: {words}"


def test_tools_that_are_not_strict_may_be_open() -> None:
    assert said(tools=[{"name": "t", "input_schema": OPEN}]) is None


def test_parameters_are_counted_over_all_strict_tools() -> None:
    assert said(tools=strict(free(12), free(12))) is None
    assert "too many optional parameters (25)" in str(said(tools=strict(free(12), free(13))))


def test_unions_are_counted_over_all_strict_tools() -> None:
    either = {"type": ["string", "null"]}

    assert said(tools=strict(full(8, either), full(8, either))) is None
    assert "(17 parameters with type arrays or anyOf)" in str(said(tools=strict(full(8, either), full(9, either))))


def test_a_format_counts_with_the_tools() -> None:
    wanted = {"type": "json_schema", "schema": free(13)}

    assert "(25)" in str(said(tools=strict(free(12)), output_config={"format": wanted}))
