"""How much a request may ask of its model."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.validation import Terms, check

TOOLS = [{"name": "look", "input_schema": {"type": "object"}}]
SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}


@pytest.mark.parametrize(
    "more",
    [
        {"tools": TOOLS, "tool_choice": {"type": "any"}},
        {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}},
        {"stream": True},
    ],
)
def test_a_request_that_only_warms_the_cache_asks_for_nothing_else(more: dict[str, Any]) -> None:
    request = {"model": "claude-sonnet-5", "max_tokens": 0, "messages": [{"role": "user", "content": "Hi"}]}

    warmed, refused = check(request, Terms()), check(request | more, Terms())

    assert warmed is None
    assert refused is not None
    assert refused.message.startswith("max_tokens: must be greater than or equal to 1")
    assert check(request | more | {"max_tokens": 1}, Terms()) is None
