"""How far the token counts are off, measured over the recorded ones."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import pytest

from windtunnel_server.model.models import find
from windtunnel_server.model.tokens import count_input, count_output


@pytest.fixture(scope="module")
def rows(corpus: Path) -> list[dict[str, Any]]:
    with gzip.open(corpus / "tokens.jsonl.gz", "rt", encoding="utf-8") as lines:
        read = [json.loads(line) for line in lines]
    return [row | {"model": model} for row in read if (model := _model(row["model"])) is not None]


def _model(name: str) -> str | None:
    found = re.search(r"claude-[a-z0-9-]+?(?=-v\d|$)", name)
    return found[0] if found and find(found[0]) else None


def _request(row: dict[str, Any]) -> dict[str, Any]:
    choice = row["tool_choice"]
    return {
        "model": row["model"],
        "system": [{"type": "text", "text": text} for text in row["system"]],
        "tools": row["tools"],
        "tool_choice": {"type": choice} if isinstance(choice, str) else choice,
        "messages": [
            {"role": role, "content": [{"type": "text", "text": text} for text in texts]}
            for role, texts in row["messages"]
        ],
    }


def _input_errors(rows: list[dict[str, Any]], subset: str) -> Iterator[float]:
    for row in rows:
        if row["subset"] == subset:
            yield abs(count_input(_request(row)) / row["input_tokens_total"] - 1)


def _output_errors(rows: list[dict[str, Any]]) -> Iterator[float]:
    for row in rows:
        if row["subset"] != "flagged" and row["output_kind"] == "text" and row["output_tokens"]:
            content = [{"type": "text", "text": text} for text in row["output_text"]]
            yield abs(count_output(content, row["model"]) / row["output_tokens"] - 1)


def _spread(errors: Iterator[float]) -> tuple[float, float, int]:
    found = sorted(errors)
    return median(found), quantiles(found, n=10)[-1], len(found)


@pytest.mark.parametrize(
    ("what", "typical", "at_worst"), [("text", 0.09, 0.65), ("tools", 0.06, 0.25)], ids=["text", "with tools"]
)
def test_input_counts_are_near_the_recorded_ones(
    rows: list[dict[str, Any]], what: str, typical: float, at_worst: float
) -> None:
    middle, ninth, number = _spread(_input_errors(rows, what))

    print(f"input, {what}: median error {middle:.1%}, nine in ten under {ninth:.1%}, {number} requests")
    assert middle < typical
    # Text: among the worst are fixtures whose recorded count cannot belong to their text.
    assert ninth < at_worst


def test_output_counts_are_near_the_recorded_ones(rows: list[dict[str, Any]]) -> None:
    middle, ninth, number = _spread(_output_errors(rows))

    print(f"output: median error {middle:.1%}, nine in ten under {ninth:.1%}, {number} answers")
    assert middle < 0.08
    assert ninth < 0.3
