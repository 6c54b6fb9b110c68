"""The table in the README of the cassettes: each cell names files that hold such an exchange, and none is empty."""

from __future__ import annotations

import itertools
import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

FOLDER = Path(__file__).parents[2] / "cassettes"
README = (FOLDER / "README.md").read_text(encoding="utf-8")
EXPECTED: dict[str, list[dict[str, Any]]] = yaml.safe_load(
    (Path(__file__).parent / "expected.yaml").read_text(encoding="utf-8")
)
MAX_BYTES = 1_000_000

DOORS = ("anthropic", "bedrock invoke", "bedrock converse", "vertex", "foundry")
KINDS = ("text", "tools", "thinking", "cache", "error")
WAYS = ("whole", "stream")
#: What tells of each kind in an answer, by the words of the expectations; text is where none of them is.
MARKS = {"tools": {"tool_use", "server_tool_use"}, "thinking": {"thinking", "redacted_thinking"}}
#: Counts of tokens that went to the prompt cache or came from it.
CACHED = {
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
    "cacheWriteInputTokens",
    "cacheReadInputTokens",
}
STREAMED = ("with-response-stream", ":streamRawPredict", "converse-stream")

Cell = tuple[str, str, str]


def table() -> dict[Cell, list[str]]:
    """Read the table: door, kind and way → names of files."""
    rows = re.findall(r"^\| ([a-z ]+): ([a-z]+) \| (.*) \| (.*) \|$", README, re.MULTILINE)
    return {
        (door, kind, way): re.findall(r"[a-z]+/[a-z0-9-]+", cell)
        for door, kind, *cells in rows
        for way, cell in zip(WAYS, cells, strict=True)
    }


@cache
def covered(name: str) -> set[Cell]:
    """Tell which cells a file has an exchange for, by its requests and by what is expected of it."""
    plain = yaml.safe_load((FOLDER / f"{name}.yaml").read_text(encoding="utf-8"))
    exchanges = zip(plain["interactions"], EXPECTED[name], strict=True)
    return {cell for exchange, entry in exchanges for cell in cells(exchange, entry)}


def cells(exchange: dict[str, Any], entry: dict[str, Any]) -> set[Cell]:
    path = urlsplit(exchange["request"]["uri"]).path
    body = json.loads(exchange["request"]["body"] or "{}")
    provider = exchange["response"]["windtunnel"]["provider"]
    door = provider if provider != "bedrock" else "bedrock converse" if "/converse" in path else "bedrock invoke"
    way = "stream" if body.get("stream") or path.endswith(STREAMED) else "whole"
    return {(door, kind, way) for kind in kinds(entry)}


def kinds(entry: dict[str, Any]) -> set[str]:
    if "error" in entry:
        return {"error"}
    words = set(itertools.chain.from_iterable(entry.get("content", ())))
    usage = entry.get("usage", {})
    found = {kind for kind, marks in MARKS.items() if words & marks}
    found |= {"cache"} if any(usage.get(name) for name in CACHED) else set()
    return found or ({"text"} if "text" in words else set())


def test_every_cell_of_the_table_names_a_cassette() -> None:
    every = set(itertools.product(DOORS, KINDS, WAYS))

    empty = [cell for cell in every if not table().get(cell)]

    assert (set(table()), empty) == (every, [])


@pytest.mark.parametrize("cell", table(), ids=" ".join)
def test_the_cassettes_of_a_cell_hold_what_it_says(cell: Cell) -> None:
    wrong = [name for name in table()[cell] if cell not in covered(name)]

    assert wrong == []


def test_every_cassette_is_spoken_of() -> None:
    assert set(EXPECTED) - set(re.findall(r"[a-z]+/[a-z0-9-]+", README)) == set()


def test_all_of_them_are_small() -> None:
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.suffix in (".yaml", ".md")) < MAX_BYTES
