"""What is refused about edits and compaction, and in which words."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.context.rules import refusal
from windtunnel_server.model.context.seal import sealed

CLEARING, COMPACTING, ON_DEMAND = "context-management-2025-06-27", "compact-2026-01-12", "compact-2026-09-04"
ALL = frozenset({CLEARING, COMPACTING, ON_DEMAND})
THINKING = {"type": "clear_thinking_20251015"}
TOOLS = {"type": "clear_tool_uses_20250919"}
COMPACT = {"type": "compact_20260112"}
PLAIN: dict[str, Any] = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
}
SUMMARIZE = {"compaction": {"type": "summarize"}}
BLOCK = sealed({"type": "compaction", "content": "They said hello."})
USER = {"role": "user", "content": "And now?"}
OPEN = {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "bash", "input": {}}]}


def edited(*edits: Any) -> dict[str, Any]:
    return {"context_management": {"edits": list(edits)}}


def trigger(value: Any, unit: str = "input_tokens") -> dict[str, Any]:
    return {"trigger": {"type": unit, "value": value}}


def summed(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


PASSES: list[tuple[dict[str, Any], frozenset[str]]] = [
    ({}, frozenset()),
    (edited(TOOLS), frozenset({CLEARING})),
    (edited(COMPACT | trigger(50_000)), frozenset({COMPACTING})),
    (edited(THINKING, TOOLS, COMPACT) | {"thinking": {"type": "adaptive"}}, ALL),
    (edited(THINKING) | {"model": "claude-fable-5"}, ALL),
    (edited(TOOLS | trigger(3, "tool_uses")), ALL),
    ({"context_management": None, "compaction": None}, frozenset()),
    (SUMMARIZE, ALL),
    (SUMMARIZE | {"tool_choice": {"type": "auto"}, "stop_sequences": [], "output_config": {"effort": "low"}}, ALL),
    (SUMMARIZE | {"messages": [*PLAIN["messages"], summed({"type": "text", "text": "Hi"})]}, ALL),
    ({"messages": [summed(BLOCK), USER]}, ALL),
    # Those of the edit are not signed: there may be several, anywhere.
    ({"messages": [USER, *[summed({"type": "compaction", "content": "A"}), USER] * 2]} | edited(COMPACT), ALL),
]


@pytest.mark.parametrize(("changes", "betas"), PASSES)
def test_what_is_allowed_passes(changes: dict[str, Any], betas: frozenset[str]) -> None:
    assert refusal(PLAIN | changes, betas) is None


FAILS: list[tuple[dict[str, Any], set[str], str]] = [
    (edited(TOOLS), set(), "context_management: Extra inputs are not permitted"),
    (edited(TOOLS), {ON_DEMAND}, "context_management: Extra inputs are not permitted"),
    (SUMMARIZE, {COMPACTING}, "compaction: Extra inputs are not permitted"),
    (
        edited(COMPACT),
        {CLEARING},
        "context_management.edits.0: Input tag 'compact_20260112' found using 'type' does not match any of the expected "
        "tags: 'clear_thinking_20251015', 'clear_tool_uses_20250919'",
    ),
    (
        edited(COMPACT | trigger(49_999)),
        {COMPACTING},
        "context_management.edits.0.compact_20260112: trigger.value must be at least 50000",
    ),
    (edited(COMPACT | trigger(3, "tool_uses")), {COMPACTING}, "context_management.edits.0.compact_20260112.trigger: "),
    (edited(TOOLS | trigger("5")), {CLEARING}, "context_management.edits.0.clear_tool_uses_20250919.trigger.value: "),
    (
        edited(COMPACT) | {"model": "claude-haiku-4-5"},
        {COMPACTING},
        "context_management.edits.0: `compact_20260112` is",
    ),
    (
        edited(TOOLS, THINKING) | {"thinking": {"type": "adaptive"}},
        {CLEARING},
        "context_management.edits: `clear_thinking_20251015` must be the first",
    ),
    (edited(THINKING), {CLEARING}, "`clear_thinking_20251015` strategy requires `thinking` to be enabled or adaptive"),
    ({"compaction": {"type": "forget"}}, {ON_DEMAND}, "compaction.type: "),
    ({"compaction": "summarize"}, {ON_DEMAND}, "compaction: Input should be an object"),
    (
        {"compaction": {"type": "summarize", "instructions": "a" * 16_385}},
        {ON_DEMAND},
        "compaction.instructions: String should have at most 16384 characters",
    ),
    (SUMMARIZE | edited(TOOLS), {ON_DEMAND, CLEARING}, "compaction: cannot be used together with `context_management`"),
    (SUMMARIZE | {"stop_sequences": ["."]}, {ON_DEMAND}, "compaction: cannot be used together with `stop_sequences`"),
    (
        SUMMARIZE | {"output_config": {"format": {"type": "json_schema", "schema": {}}}},
        {ON_DEMAND},
        "compaction: cannot be used together with `output_config.format`",
    ),
    (
        SUMMARIZE | {"tool_choice": {"type": "any"}},
        {ON_DEMAND},
        "compaction: cannot be used together with `tool_choice`",
    ),
]


@pytest.mark.parametrize(("changes", "betas", "words"), FAILS)
def test_what_is_not_is_refused(changes: dict[str, Any], betas: set[str], words: str) -> None:
    problem = refusal(PLAIN | changes, betas)

    assert problem is not None and problem.kind == "invalid_request"
    assert problem.message.startswith(words)


CODED: list[tuple[str, dict[str, Any]]] = [
    ("compaction_incomplete_turn", SUMMARIZE | {"messages": [USER, OPEN]}),
    ("compaction_nothing_to_summarize", SUMMARIZE | {"messages": [{"role": "system", "content": "Be brief."}]}),
    ("compaction_block_ambiguous", {"messages": [summed(BLOCK), USER, summed(BLOCK), USER]}),
    ("compaction_block_misplaced", {"messages": [USER, summed(BLOCK), USER]}),
    ("compaction_block_misplaced", {"messages": [{"role": "system", "content": [BLOCK]}, USER]}),
    ("compaction_content_mismatch", {"messages": [summed(BLOCK | {"content": "Other"}), USER]}),
    ("compaction_signature_invalid", {"messages": [summed(BLOCK | {"signature": "E"}), USER]}),
    ("compaction_tool_changes_mismatch", {"messages": [summed(BLOCK | {"tool_changes": []}), USER]}),
]


@pytest.mark.parametrize(("code", "changes"), CODED)
def test_some_refusals_have_codes_of_their_own(code: str, changes: dict[str, Any]) -> None:
    problem = refusal(PLAIN | changes, ALL)

    assert problem is not None and problem.kind == code


def test_a_signed_block_and_an_edit_that_compacts_do_not_go_together() -> None:
    problem = refusal(PLAIN | {"messages": [summed(BLOCK), USER]} | edited(COMPACT), ALL)

    assert problem is not None and problem.message.startswith("context_management: `compact_20260112` cannot")
