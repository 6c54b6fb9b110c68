"""Single blocks; what they cost in a prompt: test_tokens.py."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.token_blocks import (
    block_tokens,
    image_tokens,
    opening_tokens,
    schema_tokens,
    text_tokens,
    thinking_tokens,
    tool_tokens,
)


def call(**given: Any) -> dict[str, Any]:
    return {"type": "tool_use", "id": "t", "name": "look", "input": given}


def test_a_parameter_costs_its_tags_name_and_value() -> None:
    plain, more = block_tokens(call(), "v3"), block_tokens(call(at="sky"), "v3")

    line = text_tokens('x>\n<parameter name="at">sky</parameter>', "v3") - text_tokens("x>", "v3")
    assert more - plain == 6 + line


def test_values_are_written_as_json_but_for_texts() -> None:
    assert block_tokens(call(at="5"), "v3") == block_tokens(call(at=5), "v3")
    assert block_tokens(call(at=[1, 2]), "v3") == block_tokens(call(at="[1, 2]"), "v3")


def test_ids_cost_nothing() -> None:
    assert block_tokens(call(), "v3") == block_tokens(call() | {"id": "toolu_01" + "x" * 400}, "v3")


def test_a_tool_without_words_about_it_is_told_without_them() -> None:
    bare = {"name": "look", "input_schema": {"type": "object"}}

    assert tool_tokens(bare, "v3") == tool_tokens(bare | {"description": ""}, "v3")
    assert tool_tokens(bare | {"description": "Look"}, "v3") > tool_tokens(bare, "v3")


def test_tools_are_told_in_ascii() -> None:
    tool = {"name": "look", "description": "📜", "input_schema": {"type": "object"}}
    escaped = text_tokens('"\\ud83d\\udcdc"', "v3") - text_tokens('"Look"', "v3")

    assert tool_tokens(tool, "v3") - tool_tokens(tool | {"description": "Look"}, "v3") == escaped


def test_what_a_tool_is_cached_by_is_no_part_of_it() -> None:
    tool = {"name": "look", "description": "Look", "input_schema": {"type": "object"}}

    assert tool_tokens(tool, "v3") == tool_tokens(tool | {"cache_control": {"type": "ephemeral"}}, "v3")


def test_a_schema_is_told_with_its_indents() -> None:
    assert schema_tokens({"type": "object"}, "v3") == text_tokens('{\n  "type": "object"\n}', "v3")


def test_an_error_costs_more_than_its_words() -> None:
    result = {"type": "tool_result", "tool_use_id": "t", "content": "no such place"}

    assert block_tokens(result | {"is_error": True}, "v3") == block_tokens(result, "v3") + 7


def test_thinking_costs_its_text_or_what_its_seal_hides() -> None:
    assert thinking_tokens({"thinking": "It blows."}, "v3") == 5 + text_tokens("It blows.", "v3")
    assert thinking_tokens({"thinking": "", "signature": "E" * 4_000}, "v4.8") > 500


@pytest.mark.parametrize(("text", "tokens"), [("15 knots", 1), ("West", 0), ("\nWest", 1)])
def test_a_frame_begins_texts_that_begin_with_no_word(text: str, tokens: int) -> None:
    assert opening_tokens(text, "v3") == tokens
    assert opening_tokens(text, "v4.8") == 0


@pytest.mark.parametrize(
    "block", [{}, {"type": "text"}, {"type": "new", "content": 5}, {"type": "document"}, {"text": None}]
)
def test_what_makes_no_sense_is_counted_all_the_same(block: dict[str, Any]) -> None:
    assert block_tokens(block, "v3") >= 0


@pytest.mark.parametrize(
    ("size", "standard", "high"),
    [
        ((1, 1), 1, 1),
        ((28, 29), 2, 2),
        ((1_000, 1_000), 36 * 36, 36 * 36),
        # Down to the long edge, and then to the most tiles.
        ((1_568, 28), 56, 56),
        ((8_000, 28), 56, 92),
    ],
)
def test_an_image_costs_its_tiles(size: tuple[int, int], standard: int, high: int) -> None:
    assert image_tokens(*size, high=False) == standard
    assert image_tokens(*size, high=True) == high


@pytest.mark.parametrize(("high", "most"), [(False, 1_568), (True, 4_784)])
def test_an_image_never_costs_more_than_its_models_resolution(high: bool, most: int) -> None:
    assert most * 0.95 < image_tokens(8_000, 7_000, high=high) <= most
