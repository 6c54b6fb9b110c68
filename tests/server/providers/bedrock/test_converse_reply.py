from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest

from windtunnel_server.providers.bedrock import converse_reply as bedrock_converse_reply
from windtunnel_server.wire import events, usage
from windtunnel_server.wire.message import Reply, Usage

CITATION = {
    "type": "char_location",
    "cited_text": "Ruby is",
    "document_index": 0,
    "document_title": "facts",
    "start_char_index": 0,
    "end_char_index": 7,
}
CITED = {
    "location": {"documentChar": {"documentIndex": 0, "end": 7, "start": 0}},
    "sourceContent": [{"text": "Ruby is"}],
    "title": "facts",
}
EVERYTHING = Reply(
    content=(
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "aGk="},
        {"type": "text", "text": "Hello"},
        {"type": "text", "text": "cited", "citations": [CITATION]},
        {"type": "tool_use", "id": "tooluse_1", "name": "look", "input": {"a": 1}},
        {"type": "compaction", "content": "short"},
    ),
    stop_reason="tool_use",
    usage=Usage(input_tokens=3, output_tokens=10, cache_creation_5m_tokens=5, cache_read_tokens=7),
)
COUNTED = usage.full(EVERYTHING.usage, model="claude-sonnet-4-5")


def answer(reply: Reply = EVERYTHING, generation: tuple[int, int] = (4, 5), **counted: Any) -> dict[str, Any]:
    return bedrock_converse_reply.answer(reply, usage=COUNTED | counted, generation=generation, taken_s=1.5)


def frames(reply: Reply) -> list[tuple[str, dict[str, Any]]]:
    said = events.stream(reply, model="claude-sonnet-4-5", message_id="", rng=Random(1))
    pieces = bedrock_converse_reply.pieces(
        said, stop_reason=bedrock_converse_reply.stop_reason(reply), usage=COUNTED, rng=Random(1), taken_s=1.5
    )
    return [(piece.name, json.loads(piece.frame.payload)) for piece in pieces]


def test_blocks_are_written_in_converse_s_words_and_those_it_lacks_are_left_out() -> None:
    assert answer()["output"]["message"]["content"] == [
        {"reasoningContent": {"reasoningText": {"signature": "sig", "text": "hm"}}},
        {"reasoningContent": {"redactedContent": "aGk="}},
        {"text": "Hello"},
        {"citationsContent": {"citations": [CITED], "content": [{"text": "cited"}]}},
        {"toolUse": {"input": {"a": 1}, "name": "look", "toolUseId": "tooluse_1", "type": "tool_use"}},
    ]


def test_keys_stand_in_the_order_of_the_alphabet() -> None:
    said = answer()

    assert json.dumps(said) == json.dumps(said, sort_keys=True)


def test_the_total_counts_the_cache_too() -> None:
    counted = answer()["usage"]

    assert counted["totalTokens"] == 3 + 10 + 5 + 7
    assert counted["cacheDetails"] == [{"inputTokens": 5, "ttl": "5m"}]
    assert counted["cacheWriteInputTokens"] == counted["cacheWriteInputTokenCount"] == 5


@pytest.mark.parametrize(
    ("generation", "of_the_cache"),
    [((3, 0), set()), ((4, 5), {"Read", "Write"}), ((5, 0), {"Read"})],
)
def test_models_differ_in_what_they_say_of_a_cache_that_was_not_used(
    generation: tuple[int, int], of_the_cache: set[str]
) -> None:
    counted = answer(
        generation=generation, cache_read_input_tokens=0, cache_creation_input_tokens=0, cache_creation={}
    )["usage"]

    assert {key[5 : key.index("Input")] for key in counted if key.startswith("cache")} == of_the_cache


@pytest.mark.parametrize(
    ("ours", "said"),
    [("end_turn", "end_turn"), ("refusal", "content_filtered"), ("max_tokens", "max_tokens")],
)
def test_stop_reasons_are_converse_s(ours: str, said: str) -> None:
    assert answer(Reply(stop_reason=ours))["stopReason"] == said


def test_a_stream_begins_only_tool_calls_with_a_start() -> None:
    said = frames(EVERYTHING)

    starts = [payload for name, payload in said if name == "contentBlockStart"]
    assert [(one["contentBlockIndex"], one["start"]) for one in starts] == [
        (4, {"toolUse": {"name": "look", "toolUseId": "tooluse_1", "type": "tool_use"}})
    ]
    assert said[0][0] == "messageStart"
    assert [name for name, _ in said][-2:] == ["messageStop", "metadata"]


def test_the_deltas_of_a_stream_are_the_blocks_again() -> None:
    deltas = [payload["delta"] for name, payload in frames(EVERYTHING) if name == "contentBlockDelta"]

    assert "".join(one["text"] for one in deltas if "text" in one) == "Hellocited"
    assert json.loads("".join(one["toolUse"]["input"] for one in deltas if "toolUse" in one)) == {"a": 1}
    assert {"citation": CITED} in deltas
    assert {"reasoningContent": {"signature": "sig"}} in deltas
    assert {"reasoningContent": {"redactedContent": "aGk="}} in deltas


def test_every_frame_is_padded_and_its_keys_are_sorted() -> None:
    for _, payload in frames(EVERYTHING):
        assert list(payload) == sorted(payload)
        assert payload["p"].startswith("ab")


def test_the_metadata_tell_usage_and_time() -> None:
    metadata = frames(EVERYTHING)[-1][1]

    assert metadata["metrics"] == {"latencyMs": 1500}
    assert metadata["usage"]["totalTokens"] == 25
