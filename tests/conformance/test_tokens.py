"""How far the token counts are off, measured over the recorded ones.

Each request is counted with constants checked against other projects' recordings only: what those of the same model
and kind are off by in the middle is taken off first. Were a constant fitted to one project, its own error would show.

`pytest tests/conformance/test_tokens.py -s -k table` prints the table of docs/reference/tokens.md.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median, median_low, quantiles
from typing import Any

import pytest

from windtunnel_server.model.models import find
from windtunnel_server.model.tokens import count_input, count_output

Row = dict[str, Any]

#: Fewer recordings than these of others say nothing of a constant.
_ENOUGH = 5


@dataclass(frozen=True)
class Counted:
    """A recorded count and ours."""

    row: Row
    recorded: int
    ours: int
    #: Model and kind, which share constants.
    group: tuple[str, ...]

    @property
    def off(self) -> int:
        return self.ours - self.recorded


@pytest.fixture(scope="module")
def rows(corpus: Path) -> list[Row]:
    """Give what was recorded with counts, for models that are known, with the request as it went out."""
    bodies = {exchange["id"]: exchange for path in corpus.glob("exchanges-*.gz") for exchange in _lines(path)}
    found = []
    for row in _lines(corpus / "tokens.jsonl.gz"):
        model = _model(row["model"])
        request = _request(bodies[row["id"]]["request_body"], row["api"])
        if model is not None and request is not None:
            found.append(row | {"model": model, "request": request | {"model": model}})
    return found


def _lines(path: Path) -> list[Row]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def _model(name: str) -> str | None:
    found = re.search(r"claude-[a-z0-9-]+?(?=-v\d|$)", name)
    return found[0] if found and find(found[0]) else None


def _request(body: Any, api: str) -> Row | None:
    if api.startswith("converse"):
        return _from_converse(body)
    return body if isinstance(body, dict) and "messages" in body else None


def _from_converse(body: Row) -> Row | None:
    """Read a Converse request as the Messages request it stands for; None where it has more than text and tools."""
    try:
        request: Row = {
            "messages": [
                {"role": message["role"], "content": _converse_blocks(message["content"])}
                for message in body["messages"]
            ],
            "system": _converse_blocks(body.get("system", ())),
        }
        if "toolConfig" in body:
            request["tools"] = [
                _converse_tool(tool["toolSpec"]) for tool in body["toolConfig"]["tools"] if "toolSpec" in tool
            ]
            for kind, choice in body["toolConfig"].get("toolChoice", {}).items():
                request["tool_choice"] = {"type": kind, **choice}
        if "outputConfig" in body:
            schema = body["outputConfig"]["textFormat"]["structure"]["jsonSchema"]["schema"]
            request["output_config"] = {"format": {"type": "json_schema", "schema": json.loads(schema)}}
    except (KeyError, TypeError):
        return None
    return request | (body.get("additionalModelRequestFields") or {})


def _converse_blocks(blocks: Iterable[Row]) -> list[Row]:
    return [_converse_block(block) for block in blocks if "cachePoint" not in block]


def _converse_block(block: Row) -> Row:
    if "toolUse" in block:
        call = block["toolUse"]
        return {"type": "tool_use", "id": call["toolUseId"], "name": call["name"], "input": call["input"]}
    if "toolResult" in block:
        result = block["toolResult"]
        said = [{"type": "text", "text": part.get("text") or json.dumps(part["json"])} for part in result["content"]]
        return {"type": "tool_result", "tool_use_id": result["toolUseId"], "content": said}
    if "reasoningContent" in block:
        said = block["reasoningContent"]["reasoningText"]
        return {"type": "thinking", "thinking": said["text"], "signature": said.get("signature", "")}
    return {"type": "text", "text": block["text"]}


def _converse_tool(tool: Row) -> Row:
    return {
        "name": tool["name"],
        "description": tool.get("description", ""),
        "input_schema": tool["inputSchema"]["json"],
    }


def _kind(row: Row) -> str:
    flags = set(row["flags"])
    if row["subset"] == "flagged":
        return "images, PDFs, server tools"
    if "tool_result" in flags:
        return "tool history"
    if row["subset"] == "tools":
        return "tools"
    if flags & {"document_text", "citations"}:
        return "text documents"
    if "structured_output" in flags:
        return "structured output"
    return "thinking" if any(flag.startswith("thinking") for flag in flags) else "text"


def _inputs(rows: list[Row]) -> list[Counted]:
    return [
        Counted(
            row,
            row["input_tokens_total"],
            count_input(row["request"]),
            (row["model"], _choice(row["request"]), _kind(row)),
        )
        for row in rows
    ]


def _choice(request: Mapping[str, Any]) -> str:
    return str((request.get("tool_choice") or {}).get("type", "auto"))


def _outputs(rows: list[Row]) -> list[Counted]:
    return [
        Counted(row, row["output_tokens"], _output(row), (_vocabulary(row),))
        for row in rows
        if row["subset"] != "flagged" and row["output_kind"] == "text" and row["output_tokens"]
    ]


def _output(row: Row) -> int:
    content = [{"type": "text", "text": text} for text in row["output_text"]]
    return count_output(content, row["model"], request=row["request"])


def _vocabulary(row: Row) -> str:
    known = find(row["model"])
    assert known is not None
    return known.era.vocabulary


def _held_out(counted: list[Counted]) -> list[float]:
    """Give relative errors, each after what other projects' recordings of its group say of the constants."""
    groups: dict[tuple[str, ...], list[Counted]] = defaultdict(list)
    for one in counted:
        groups[one.group].append(one)
    return [abs(one.off - _elsewhere(groups[one.group], one.row["source_repo"])) / one.recorded for one in counted]


def _elsewhere(group: list[Counted], source: str) -> int:
    others = [one.off for one in group if one.row["source_repo"] != source]
    return median_low(others) if len(others) >= _ENOUGH else 0


def _ninth(errors: list[float]) -> float:
    return quantiles(errors, n=10)[-1] if len(errors) > 1 else errors[0]


def _exact(errors: list[float]) -> float:
    return errors.count(0.0) / len(errors)


def _all_text(row: Row) -> bool:
    return bool(row["subset"] == "text") and not {"tool_use", "tool_result"} & set(row["flags"])


def test_nine_in_ten_requests_of_text_alone_are_counted_to_the_token(rows: list[Row]) -> None:
    errors = _held_out(_inputs([row for row in rows if _all_text(row)]))

    assert len(errors) > 500
    assert _exact(errors) >= 0.9


def test_requests_without_images_and_server_tools_are_off_by_little(rows: list[Row]) -> None:
    errors = _held_out(_inputs([row for row in rows if row["subset"] != "flagged"]))

    assert len(errors) > 1_000
    assert median(errors) == 0
    assert _ninth(errors) <= 0.03


def test_requests_with_a_tool_history_are_off_by_little(rows: list[Row]) -> None:
    errors = _held_out(_inputs([row for row in rows if _kind(row) == "tool history"]))

    assert len(errors) > 150
    assert _ninth(errors) <= 0.04


def test_answers_of_plain_text_are_counted_to_the_token(rows: list[Row]) -> None:
    errors = _held_out(_outputs(rows))

    assert len(errors) > 500
    assert _exact(errors) >= 0.95


def test_the_table_can_be_printed(rows: list[Row]) -> None:
    lines = [
        *_table("input", _inputs(rows), lambda one: (_vocabulary(one.row), _kind(one.row))),
        *_table("output", _outputs(rows), lambda one: (_vocabulary(one.row), "plain text")),
    ]

    print("\n".join(["", *lines]))
    assert len(lines) > 10


def _table(what: str, counted: list[Counted], key: Callable[[Counted], tuple[str, str]]) -> list[str]:
    groups: dict[tuple[str, str], list[Counted]] = defaultdict(list)
    for one in counted:
        groups[key(one)].append(one)
    lines = []
    for (vocabulary, kind), group in sorted(groups.items()):
        plain, held = [abs(one.off) / one.recorded for one in group], _held_out(group)
        cells = [str(len(group)), f"{_exact(plain):.0%}", f"{median(plain):.1%}", f"{_ninth(plain):.1%}"]
        cells += [f"{_exact(held):.0%}", f"{_ninth(held):.1%}"]
        lines.append(f"| {what} | {vocabulary} | {kind} | {' | '.join(cells)} |")
    return lines
