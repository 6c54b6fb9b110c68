"""A request as the model reads it, and as it is counted."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from windtunnel_server.model.context import managed as module
from windtunnel_server.model.context.managed import counted, managed
from windtunnel_server.model.tokens import count_input

TEXT = "The smoke line bends over the wing and straightens out again. " * 40
THINKING = {"type": "enabled", "budget_tokens": 1024}
CLEARING = frozenset({"context-management-2025-06-27"})


def asked(*edits: Any, calls: int = 6, **more: Any) -> dict[str, Any]:
    messages: list[dict[str, Any]] = [{"role": "user", "content": "Read the files."}]
    for number in range(calls):
        use = {"type": "tool_use", "id": f"toolu_{number}", "name": "read_file", "input": {"path": f"{number}.txt"}}
        result = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": TEXT}
        messages += [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
    request = {"model": "claude-sonnet-4-6", "max_tokens": 100, "messages": messages} | more
    return request | ({"context_management": {"edits": list(edits)}} if edits else {})


def tool_uses(value: int, **more: Any) -> dict[str, Any]:
    return {"type": "clear_tool_uses_20250919", "trigger": {"type": "input_tokens", "value": value}} | more


def test_a_request_that_asks_for_nothing_passes_untouched_and_uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "count_input", lambda request: pytest.fail("it was counted"))
    request = asked()

    plain, telling = managed(request), managed(request, CLEARING)

    assert plain.request is request and telling.request is request
    assert (plain.told, telling.told) == (None, {"applied_edits": []})


def test_keeping_all_thinking_counts_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "count_input", lambda request: pytest.fail("it was counted"))
    request = asked({"type": "clear_thinking_20251015", "keep": "all"})

    assert managed(request, CLEARING).request is request


def test_results_are_cleared_beyond_the_trigger_and_the_count_is_exact() -> None:
    request = asked(tool_uses(1_000))
    before = count_input(request)

    read = managed(request)

    assert read.told == {
        "applied_edits": [
            {
                "type": "clear_tool_uses_20250919",
                "cleared_tool_uses": 3,
                "cleared_input_tokens": before - count_input(read.request),
            }
        ]
    }


def test_nothing_is_cleared_up_to_the_trigger() -> None:
    tokens = count_input(asked())

    assert managed(asked(tool_uses(tokens))).applied == ()
    assert len(managed(asked(tool_uses(tokens - 1))).applied) == 1


@pytest.mark.parametrize(("value", "cleared"), [(6, 0), (5, 1)])
def test_the_trigger_may_be_a_number_of_tool_uses(value: int, cleared: int) -> None:
    trigger = {"type": "tool_uses", "value": value}

    assert len(managed(asked(tool_uses(0) | {"trigger": trigger})).applied) == cleared


def test_what_would_clear_too_little_clears_nothing() -> None:
    gain = managed(asked(tool_uses(1_000))).applied[0]["cleared_input_tokens"]

    enough = managed(asked(tool_uses(1_000, clear_at_least={"type": "input_tokens", "value": gain})))
    short = managed(asked(tool_uses(1_000, clear_at_least={"type": "input_tokens", "value": gain + 1})))

    assert (len(enough.applied), short.applied) == (1, ())


def test_thinking_and_results_are_cleared_one_after_the_other() -> None:
    request = asked({"type": "clear_thinking_20251015"}, tool_uses(1_000), thinking=THINKING, calls=4)
    thought = {"type": "thinking", "thinking": TEXT, "signature": "E"}
    text = {"type": "text", "text": "Well."}
    for _ in range(3):
        request["messages"] = [
            {"role": "user", "content": "Think."},
            {"role": "assistant", "content": [thought, text]},
            *request["messages"],
        ]

    first, second = managed(request).applied

    assert (first["cleared_thinking_turns"], second["cleared_tool_uses"]) == (2, 1)
    alone = count_input(asked(tool_uses(1_000), thinking=THINKING, calls=4))
    assert first["cleared_input_tokens"] > 2 * 300 and second["cleared_input_tokens"] < alone


def test_thinking_that_an_edit_keeps_is_counted_where_it_would_have_been_dropped() -> None:
    thought = {"type": "thinking", "thinking": TEXT, "signature": "E"}
    messages = [
        {"role": "user", "content": "Think."},
        {"role": "assistant", "content": [thought, {"type": "text", "text": "Well."}]},
        {"role": "user", "content": "And now?"},
    ]
    request = {"model": "claude-haiku-4-5", "messages": messages, "thinking": THINKING}
    edit = {"context_management": {"edits": [{"type": "clear_thinking_20251015", "keep": "all"}]}}

    assert counted(request | edit)["input_tokens"] > counted(request)["input_tokens"] + 300


def test_a_count_tells_what_it_was_before() -> None:
    request = asked(tool_uses(1_000))

    said = counted(request)

    assert said["context_management"] == {"original_input_tokens": count_input(request)}
    assert said["input_tokens"] < count_input(request)
    assert counted(asked()) == {"input_tokens": count_input(asked())}


def test_a_count_begins_no_compaction_and_ignores_one_asked_for() -> None:
    compact = {"type": "compact_20260112", "trigger": {"type": "input_tokens", "value": 1_000}}

    by_edit = counted(asked(compact))

    assert by_edit["input_tokens"] == by_edit["context_management"]["original_input_tokens"] > 1_000
    assert counted(asked(compaction={"type": "summarize"})) == counted(asked())


def test_counts_under_a_compaction_edit_are_the_recorded_ones(corpus: Path) -> None:
    found = []
    with gzip.open(corpus / "exchanges-pydantic--pydantic-ai.jsonl.gz", "rt", encoding="utf-8") as lines:
        compacting = [line for line in lines if "compact_20260112" in line]
    for line in compacting:
        exchange = json.loads(line)
        first, *later = _iterations(exchange["response_body"])
        read = managed(exchange["request_body"])
        asks = 97 if first["type"] == "compaction" else 0
        found.append((count_input(read.request) + asks, _whole(first)))
        summary = _summary(exchange["response_body"])
        if later and read.compaction is not None:
            left = read.compaction.left({"type": "compaction", "content": summary})
            found.append((count_input(left), _whole(later[0])))

    assert len(found) == 8
    assert [ours for ours, _ in found] == [theirs for _, theirs in found]


def _iterations(body: Any) -> list[dict[str, Any]]:
    if not isinstance(body, str):
        return list(body["usage"]["iterations"])
    return next(list(event["usage"]["iterations"]) for event in _events(body) if event["type"] == "message_delta")


def _summary(body: Any) -> str:
    if not isinstance(body, str):
        return "".join(block["content"] for block in body["content"] if block["type"] == "compaction")
    deltas = [event["delta"] for event in _events(body) if event["type"] == "content_block_delta"]
    return "".join(delta["content"] for delta in deltas if delta["type"] == "compaction_delta")


def _events(body: str) -> list[dict[str, Any]]:
    return [json.loads(line[6:]) for line in body.splitlines() if line.startswith("data: ")]


def _whole(usage: dict[str, Any]) -> int:
    keys = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    return sum(int(usage[key]) for key in keys)
