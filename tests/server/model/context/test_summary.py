"""What a compaction writes, and what it leaves."""

from __future__ import annotations

from typing import Any

from windtunnel_server.model.context import summary

USER = {"role": "user", "content": "Hello"}
BLOCK = {"type": "compaction", "content": "They said hello."}
FAILED = {"type": "compaction", "content": None}
TEXT = {"type": "text", "text": "Well."}


def assistant(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def test_everything_before_the_last_summary_is_dropped() -> None:
    older = assistant({"type": "compaction", "content": "Older."}, TEXT)
    messages = [USER, older, USER, assistant(TEXT, BLOCK, TEXT), USER]

    left = summary.since_compaction(messages)

    assert left == [{"role": "user", "content": [BLOCK]}, assistant(TEXT), USER]


def test_a_summary_that_is_a_whole_message_leaves_no_empty_one() -> None:
    assert summary.since_compaction([USER, assistant(BLOCK), USER]) == [{"role": "user", "content": [BLOCK]}, USER]


def test_a_summary_is_read_alike_however_it_comes_back() -> None:
    came = {"signature": "E", "content": BLOCK["content"], "encrypted_content": None, "type": "compaction"}

    ((message,), (other,)) = summary.compacted(came), summary.compacted(BLOCK)

    assert [list(block.items()) for block in message["content"]] == [list(block.items()) for block in other["content"]]


def test_a_failed_compaction_does_nothing() -> None:
    messages = [USER, assistant(FAILED, TEXT), USER]

    assert summary.since_compaction(messages) is messages


def test_a_made_up_summary_says_so_and_what_it_stands_for() -> None:
    messages = [USER, assistant({"type": "tool_use", "id": "toolu_1", "name": "bash", "input": {}}), assistant(TEXT)]

    text = summary.compose(messages, tokens=51_000, instructions="Be brief.")

    assert text.startswith("Windtunnel composed this summary; no model was asked.")
    assert "3 messages with 1 tool call, 51000 tokens" in text
    assert '"Hello"' in text and '"Well."' in text and '"Be brief."' in text


def test_asking_costs_what_was_recorded_and_instructions_their_text() -> None:
    assert summary.asking_tokens(None, "claude-sonnet-4-6") == 97
    assert summary.asking_tokens("Be brief.", "claude-sonnet-4-6") < 10
