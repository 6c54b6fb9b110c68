"""Edits of a context besides their rules' own examples: which combinations pass, and what each lacks."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.problem import Problem
from windtunnel_server.model.validation import Terms, check

CLEARING, COMPACTING, ON_DEMAND = "context-management-2025-06-27", "compact-2026-01-12", "compact-2026-09-04"
ALL = frozenset({CLEARING, COMPACTING, ON_DEMAND})
THINKING = {"type": "clear_thinking_20251015"}
TOOLS = {"type": "clear_tool_uses_20250919"}
COMPACT = {"type": "compact_20260112"}
ADAPTIVE = {"thinking": {"type": "adaptive"}}


def asked(changes: dict[str, Any], betas: frozenset[str], **terms: Any) -> Problem | None:
    plain = {"model": "claude-sonnet-4-6", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}
    return check(plain | changes, Terms(betas=betas, **terms))


def edited(*edits: Any) -> dict[str, Any]:
    return {"context_management": {"edits": list(edits)}}


def trigger(value: Any, unit: str = "input_tokens") -> dict[str, Any]:
    return {"trigger": {"type": unit, "value": value}}


PASSES: list[tuple[dict[str, Any], frozenset[str]]] = [
    ({}, frozenset()),
    (edited(TOOLS), frozenset({CLEARING})),
    (edited(COMPACT), frozenset({COMPACTING})),
    (edited(THINKING, TOOLS, COMPACT) | ADAPTIVE, ALL),
    (edited(THINKING) | {"model": "claude-fable-5"}, ALL),
    (edited(TOOLS | trigger(3, "tool_uses")), ALL),
    ({"context_management": None}, ALL),
]


@pytest.mark.parametrize(("changes", "betas"), PASSES)
def test_what_is_allowed_passes(changes: dict[str, Any], betas: frozenset[str]) -> None:
    assert asked(changes, betas) is None


FAILS: list[tuple[dict[str, Any], set[str], str]] = [
    (edited(TOOLS), {ON_DEMAND}, "context_management: Extra inputs are not permitted"),
    (
        edited(COMPACT),
        {CLEARING},
        "context_management.edits.0: Input tag 'compact_20260112' found using 'type' does not match any of the expected "
        "tags: 'clear_thinking_20251015', 'clear_tool_uses_20250919'",
    ),
    (edited(TOOLS), {COMPACTING}, "context_management.edits.0: Input tag 'clear_tool_uses_20250919' found"),
    (edited(COMPACT | trigger(3, "tool_uses")), {COMPACTING}, "context_management.edits.0.compact_20260112.trigger."),
    (edited(TOOLS | trigger("5")), {CLEARING}, "context_management.edits.0.clear_tool_uses_20250919.trigger."),
    (edited(THINKING, THINKING) | ADAPTIVE, {CLEARING}, "context_management.edits: `clear_thinking_20251015` must"),
    (
        edited(THINKING) | {"thinking": {"type": "disabled"}},
        {CLEARING},
        "`clear_thinking_20251015` strategy requires `thinking` to be enabled or adaptive",
    ),
]


@pytest.mark.parametrize(("changes", "betas", "words"), FAILS)
def test_what_is_not_is_refused(changes: dict[str, Any], betas: set[str], words: str) -> None:
    problem = asked(changes, frozenset(betas))

    assert problem is not None and problem.kind == "invalid_request"
    assert problem.message.startswith(words)


def test_a_count_is_held_to_the_same_rules() -> None:
    edits = edited(COMPACT | trigger(49_999)) | {"max_tokens": None}
    request = {name: value for name, value in edits.items() if value is not None}

    problem = check(
        {"model": "claude-sonnet-4-6", "messages": [{"role": "user", "content": "Hello"}], **request},
        Terms(endpoint="count_tokens", betas=ALL),
    )

    assert problem is not None and problem.message.endswith("trigger.value must be at least 50000")


def test_a_lenient_service_lets_every_edit_pass() -> None:
    assert asked(edited(TOOLS, THINKING), frozenset(), strict=False) is None
