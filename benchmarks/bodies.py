"""The requests the benchmarks send: a short one, and one as a coding agent sends them."""

from __future__ import annotations

import json
from typing import Any

MODEL = "claude-sonnet-4-5"
KEY = "sk-ant-api03-windtunnel-not-a-real-key-0000000000000000-AA"

_TOOLS = 44
_SENTENCE = "The quick brown fox looks at {} before it jumps, and writes down what it saw. "


def small(*, stream: bool) -> bytes:
    """A question of one word."""
    return _body([{"role": "user", "content": "Hello"}], stream=stream)


def large(*, stream: bool, size: int = 200_000) -> bytes:
    """System prompt, 44 tools and a history of tool calls: about `size` bytes of JSON."""
    tools = [_tool(number) for number in range(_TOOLS)]
    system = "".join(_SENTENCE.format(number) for number in range(500))
    turns: list[dict[str, Any]] = []
    left = size - len(json.dumps(tools)) - len(system)
    while left > 0:
        turns += _turn(len(turns))
        left -= len(json.dumps(turns[-2:]))
    last = {"role": "user", "content": "Go on."}
    return _body([*turns, {"role": "assistant", "content": "Done."}, last], stream=stream, tools=tools, system=system)


def request(body: bytes) -> bytes:
    """A POST as it goes over the wire, kept alive."""
    head = (
        "POST /v1/messages HTTP/1.1\r\nhost: 127.0.0.1\r\naccept: application/json\r\n"
        "content-type: application/json\r\nuser-agent: benchmarks\r\nanthropic-version: 2023-06-01\r\n"
        f"x-api-key: {KEY}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def _body(messages: list[dict[str, Any]], *, stream: bool, **more: Any) -> bytes:
    asked = {"model": MODEL, "max_tokens": 1024, "messages": messages, "stream": stream, **more}
    return json.dumps(asked).encode()


def _tool(number: int) -> dict[str, Any]:
    properties = {
        f"field_{place}": {"type": "string", "description": _SENTENCE.format(place)} for place in range(number % 7 + 1)
    }
    return {
        "name": f"tool_{number}",
        "description": _SENTENCE.format(number) * 4,
        "input_schema": {"type": "object", "properties": properties, "required": sorted(properties)[:1]},
    }


def _turn(number: int) -> list[dict[str, Any]]:
    call = {"type": "tool_use", "id": f"toolu_{number:024d}", "name": "tool_3", "input": {"field_0": f"file {number}"}}
    content = "".join(_SENTENCE.format(f"{number}.{line}") for line in range(20))
    result = {"type": "tool_result", "tool_use_id": call["id"], "content": content}
    return [{"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
