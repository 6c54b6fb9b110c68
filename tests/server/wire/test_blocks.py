from __future__ import annotations

from random import Random
from typing import Any

import pytest

from windtunnel_server.wire import blocks
from windtunnel_server.wire.slices import Cutter, Slicing

CUTTER = Cutter("claude-sonnet-4-6", Slicing(text_piece=3, input_piece=4), Random(1))
CITATION = {"type": "char_location", "cited_text": "x", "document_index": 0}
DIRECT = {"type": "direct"}


def deltas(block: dict[str, Any]) -> list[dict[str, Any]]:
    return [delta for delta, _ in blocks.deltas(block, CUTTER)]


def same(mine: dict[str, Any], expected: dict[str, Any]) -> bool:
    """Equal, the order of keys included."""
    return list(mine.items()) == list(expected.items())


def test_plain_text_has_no_citations_key() -> None:
    block = {"text": "Hello", "type": "text", "citations": None}

    assert same(blocks.whole(block), {"type": "text", "text": "Hello"})
    assert same(blocks.start(block), {"type": "text", "text": ""})
    assert deltas(block) == [{"type": "text_delta", "text": "Hel"}, {"type": "text_delta", "text": "lo"}]


def test_citations_come_first_in_the_block_and_before_its_text() -> None:
    block = {"type": "text", "text": "Hi", "citations": [CITATION, CITATION]}

    assert same(blocks.whole(block), {"citations": [CITATION, CITATION], "type": "text", "text": "Hi"})
    assert same(blocks.start(block), {"citations": [], "type": "text", "text": ""})
    assert [delta["type"] for delta in deltas(block)] == ["citations_delta", "citations_delta", "text_delta"]


def test_thinking_ends_in_one_signature() -> None:
    block = {"type": "thinking", "thinking": "Hmmm", "signature": "Eo4D"}

    assert same(blocks.start(block), {"type": "thinking", "thinking": "", "signature": ""})
    assert deltas(block) == [
        {"type": "thinking_delta", "thinking": "Hmm"},
        {"type": "thinking_delta", "thinking": "m"},
        {"type": "signature_delta", "signature": "Eo4D"},
    ]


def test_hidden_thinking_is_one_empty_delta_and_the_signature() -> None:
    block = {"type": "thinking", "thinking": "", "signature": "Eo4D"}

    assert deltas(block) == [
        {"type": "thinking_delta", "thinking": ""},
        {"type": "signature_delta", "signature": "Eo4D"},
    ]


def test_a_tool_call_starts_empty_and_names_its_caller() -> None:
    block = {"type": "tool_use", "input": {"a": 1}, "name": "f", "id": "toolu_1"}

    expected = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}, "caller": DIRECT}
    assert same(blocks.start(block), expected)
    assert same(blocks.whole(block), expected | {"input": {"a": 1}})
    assert [delta["partial_json"] for delta in deltas(block)] == ["", '{"a"', ": 1}"]


def test_a_call_of_an_mcp_tool_keeps_its_server_behind_the_input() -> None:
    block = {"type": "mcp_tool_use", "server_name": "s", "id": "mcptoolu_1", "name": "f", "input": {"a": 1}}

    assert same(
        blocks.start(block), {"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "f", "input": {}, "server_name": "s"}
    )


def test_a_compaction_comes_in_one_delta() -> None:
    block = {"type": "compaction", "content": "A long summary", "encrypted_content": "xyz"}

    assert same(blocks.start(block), {"type": "compaction", "content": None})
    assert deltas(block) == [{"type": "compaction_delta", "content": "A long summary", "encrypted_content": "xyz"}]


@pytest.mark.parametrize(
    "block",
    [
        {"type": "redacted_thinking", "data": "Eq"},
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [], "caller": DIRECT},
        {"type": "mcp_tool_result", "tool_use_id": "mcptoolu_1", "is_error": False, "content": []},
        {"type": "container_upload", "file_id": "file_1"},
        {"type": "fallback", "from": {"model": "a"}, "to": {"model": "b"}, "trigger": "refusal"},
        {"type": "block_of_the_future", "content": "x", "text": "y"},
    ],
)
def test_blocks_without_deltas_are_whole_in_their_start(block: dict[str, Any]) -> None:
    shuffled = dict(reversed(block.items()))

    assert same(blocks.start(shuffled), {key: block[key] for key in blocks.start(shuffled)})
    assert blocks.start(block) == block
    assert deltas(block) == []


def test_a_server_tool_result_is_put_in_recorded_order() -> None:
    block = {"content": {}, "caller": DIRECT, "tool_use_id": "srvtoolu_1", "type": "web_fetch_tool_result"}

    assert list(blocks.whole(block)) == ["type", "tool_use_id", "content", "caller"]
