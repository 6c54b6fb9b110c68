"""Compaction on demand besides its rules' own examples."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.context.seal import sealed
from windtunnel_server.model.problem import Problem
from windtunnel_server.model.validation import Terms, check

ALL = frozenset({"context-management-2025-06-27", "compact-2026-01-12", "compact-2026-09-04"})
SUMMARIZE = {"compaction": {"type": "summarize"}}
BLOCK = sealed({"type": "compaction", "content": "They said hello."})
USER = {"role": "user", "content": "And now?"}
SCHEMA = {"type": "object", "properties": {}, "additionalProperties": False}
FORMAT = {"output_config": {"format": {"type": "json_schema", "schema": SCHEMA}}}
FORCED = {"tools": [{"name": "look", "input_schema": {"type": "object"}}], "tool_choice": {"type": "any"}}


def summed(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def asked(changes: dict[str, Any], betas: frozenset[str] = ALL) -> Problem | None:
    return check({"model": "claude-sonnet-4-6", "max_tokens": 100, "messages": [USER]} | changes, Terms(betas=betas))


@pytest.mark.parametrize(
    "changes",
    [
        SUMMARIZE | {"output_config": {"effort": "low"}},
        SUMMARIZE | {"messages": [USER, summed({"type": "text", "text": "Hi"})]},
        {"messages": [summed(BLOCK), USER]},
        # Those of the edit are not signed: there may be several, anywhere.
        {
            "messages": [USER, *[summed({"type": "compaction", "content": "A"}), USER] * 2],
            "context_management": {"edits": [{"type": "compact_20260112"}]},
        },
    ],
)
def test_what_is_allowed_passes(changes: dict[str, Any]) -> None:
    assert asked(changes) is None


@pytest.mark.parametrize(
    ("beside", "name"),
    [
        ({"context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]}}, "context_management"),
        (FORMAT, "output_config.format"),
        (FORCED, "tool_choice"),
    ],
)
def test_nothing_that_shapes_an_answer_stands_beside_it(beside: dict[str, Any], name: str) -> None:
    problem = asked(SUMMARIZE | beside)

    assert problem is not None and problem.message == f"compaction: cannot be used together with `{name}`"


@pytest.mark.parametrize(
    ("code", "block"),
    [
        ("compaction_content_mismatch", BLOCK | {"content": "Other"}),
        ("compaction_signature_invalid", BLOCK | {"signature": "E"}),
        ("compaction_tool_changes_mismatch", BLOCK | {"tool_changes": []}),
    ],
)
def test_a_changed_summary_is_told_by_what_was_changed(code: str, block: dict[str, Any]) -> None:
    problem = asked({"messages": [summed(block), USER]})

    assert problem is not None and problem.kind == code


def test_signed_summaries_are_looked_at_under_their_beta_only() -> None:
    threshold = frozenset({"compact-2026-01-12"})

    assert asked({"messages": [USER, summed(BLOCK | {"content": "Other"}), USER]}, threshold) is None
