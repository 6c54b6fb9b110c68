"""The edits of a request, read with the documented defaults."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.context.edits import ClearThinking, ClearToolUses, Compact, edits


def read(*listed: Any) -> list[Any]:
    return list(edits({"context_management": {"edits": list(listed)}}))


def test_edits_without_options_have_the_documented_defaults() -> None:
    types = ("clear_thinking_20251015", "clear_tool_uses_20250919", "compact_20260112")

    thinking, tools, compaction = read(*({"type": type} for type in types))

    assert thinking == ClearThinking(keep=1)
    assert tools == ClearToolUses(trigger=100_000, unit="input_tokens", keep=3, at_least=0, inputs_of=frozenset())
    assert compaction == Compact(trigger=150_000, pauses=False, instructions=None)


def test_options_of_tool_uses_are_read() -> None:
    edit = {
        "type": "clear_tool_uses_20250919",
        "trigger": {"type": "tool_uses", "value": 8},
        "keep": {"type": "tool_uses", "value": 0},
        "clear_at_least": {"type": "input_tokens", "value": 500},
        "exclude_tools": ["memory"],
        "clear_tool_inputs": ["bash"],
    }

    (found,) = read(edit)

    assert (found.trigger, found.unit, found.keep, found.at_least) == (8, "tool_uses", 0, 500)
    assert (found.excluded, found.inputs_of) == ({"memory"}, {"bash"})


@pytest.mark.parametrize(
    ("inputs", "bash", "read_file"),
    [(True, True, True), (False, False, False), (None, False, False), (["bash"], True, False)],
)
def test_inputs_are_cleared_of_all_tools_of_none_or_of_those_named(inputs: Any, bash: bool, read_file: bool) -> None:
    (found,) = read({"type": "clear_tool_uses_20250919", "clear_tool_inputs": inputs})

    assert (found.clears_input("bash"), found.clears_input("read_file")) == (bash, read_file)


@pytest.mark.parametrize(
    ("keep", "turns"), [("all", None), ({"type": "all"}, None), ({"type": "thinking_turns", "value": 2}, 2), (None, 1)]
)
def test_thinking_is_kept_for_some_turns_or_all(keep: Any, turns: int | None) -> None:
    assert read({"type": "clear_thinking_20251015", "keep": keep}) == [ClearThinking(keep=turns)]


def test_blank_instructions_are_none() -> None:
    first, second = read(*({"type": "compact_20260112", "instructions": text} for text in (" \n", "Be brief.")))

    assert (first.instructions, second.instructions) == (None, "Be brief.")


@pytest.mark.parametrize("management", [None, {}, [], {"edits": None}, {"edits": [None, {"type": "later"}]}])
def test_what_is_no_edit_is_passed_over(management: Any) -> None:
    assert list(edits({"context_management": management})) == []
