"""The demo: as large as what a coding agent sends, and taken by the service."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from windtunnel import Windtunnel, reply
from windtunnel.client.core import AsyncClient
from windtunnel.client.demo import TOOLS, CannedToolbox, system
from windtunnel.client.events import Answer
from windtunnel.client.request import Request
from windtunnel_server.model.tokens import count_input

PLAIN: dict[str, Any] = {"model": "claude-sonnet-4-6", "messages": [{"role": "user", "content": "Hello"}]}


def test_the_system_prompt_has_more_than_ten_thousand_tokens() -> None:
    blocks = [{"type": "text", "text": part} for part in system()]

    assert count_input({**PLAIN, "system": blocks}) - count_input(PLAIN) > 10_000


def test_what_changes_comes_last() -> None:
    one, other = system(branch="main"), system(branch="trim", notes="Run `make check`.")

    assert len(one) > 10
    assert other[:-1] == one[:-1]
    assert "trim" in other[-1] and "make check" in other[-1]


def test_the_cache_holds_the_fixed_parts_from_one_folder_to_the_next() -> None:
    def request(folder: str) -> Request:
        asked = ({"role": "user", "content": f"What is in {folder}?"},)
        return Request(
            model="claude-sonnet-4-6",
            max_tokens=100,
            system=system(folder=folder),
            tools=tuple(TOOLS),
            messages=asked,
        )

    async def ask(tunnel: Windtunnel) -> list[Answer]:
        async with AsyncClient.from_env(tunnel.env) as client:
            return [await client.send(request(folder)) for folder in ("/home/dev/vane", "/home/dev/kite")]

    with Windtunnel(reply("Wind."), reply("More wind.")) as tunnel:
        first, second = asyncio.run(ask(tunnel))

    assert first.usage["cache_read_input_tokens"] == 0
    assert second.usage["cache_read_input_tokens"] > 0.99 * first.usage["cache_creation_input_tokens"]


def test_there_are_44_tools_with_names_of_their_own() -> None:
    assert len(TOOLS) == 44
    assert len({tool["name"] for tool in TOOLS}) == 44


def test_many_inputs_are_nested() -> None:
    nested = [tool for tool in TOOLS if any("items" in p or "properties" in p for p in _properties(tool).values())]

    assert len(nested) >= 15


def test_every_field_says_what_it_is_for_and_required_ones_exist() -> None:
    for tool in TOOLS:
        assert tool["description"].endswith("."), tool["name"]
        assert set(tool["input_schema"]["required"]) <= set(_properties(tool))
        assert all(one.get("description") for one in _properties(tool).values()), tool["name"]


def _properties(tool: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = tool["input_schema"]["properties"]
    return properties


def test_the_service_takes_it_all() -> None:
    request = Request(
        model="claude-sonnet-4-6",
        max_tokens=100,
        messages=({"role": "user", "content": "Hello"},),
        system=system(),
        tools=TOOLS,
    )

    async def ask(tunnel: Windtunnel) -> Answer:
        async with AsyncClient.from_env(tunnel.env) as client:
            return await client.send(request)

    with Windtunnel(reply("Hello.")) as tunnel:
        answer = asyncio.run(ask(tunnel))

    assert answer.usage["cache_creation_input_tokens"] > 15_000


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: str(tool["name"]))
def test_every_tool_has_an_answer(tool: dict[str, Any]) -> None:
    given = {name: _any(tool["input_schema"]["properties"][name]) for name in tool["input_schema"]["required"]}

    assert CannedToolbox().run(tool["name"], given)


def _any(schema: dict[str, Any]) -> Any:
    if schema["type"] == "array":
        return [_any(schema["items"])]
    if schema["type"] == "object":
        return {name: _any(schema["properties"][name]) for name in schema["required"]}
    if schema["type"] == "string":
        return schema.get("enum", ["README.md"])[0]
    return schema.get("minimum", 1)


def test_the_canned_project_can_be_read_and_searched() -> None:
    box = CannedToolbox()

    assert "1  # vane" in box.run("file_read", {"path": "README.md"})
    assert box.run("file_read", {"path": "README.md", "lines": {"first": 3, "last": 3}}).startswith("    3  Reads")
    assert box.run("search_text", {"pattern": "def direction"}).startswith("src/vane/direction.py:4:")


def test_what_is_missing_is_said() -> None:
    with pytest.raises(ValueError, match="file_read needs path"):
        CannedToolbox().run("file_read", {})
    with pytest.raises(ValueError, match="no such file"):
        CannedToolbox().run("file_read", {"path": "nowhere.py"})
