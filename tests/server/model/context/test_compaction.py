"""A compaction as a step: who writes the summary, and what it takes."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel_server.model.context import compaction
from windtunnel_server.model.context.compaction import Compaction
from windtunnel_server.model.context.edits import Compact
from windtunnel_server.script import ReplySpec
from windtunnel_server.wire.message import Usage
from windtunnel_server.words import reply

REQUEST: dict[str, Any] = {"model": "claude-sonnet-4-6", "messages": [{"role": "user", "content": "Hello"}]}
PROMPT = Usage(input_tokens=51_000, cache_read_tokens=9_000)
BLOCK = {"type": "compaction", "content": "They said hello."}
TEXT = {"type": "text", "text": "Well."}


def made(**changes: Any) -> Compaction:
    said: dict[str, Any] = {"request": REQUEST, "tokens": 60_000, "due": True}
    return Compaction(**said | changes)


def scripted(*content: Any, **said: Any) -> ReplySpec:
    spec = reply(content=list(content), **said).reply
    assert spec is not None
    return spec


@pytest.mark.parametrize(("tokens", "due"), [(50_000, False), (50_001, True)])
def test_it_is_due_beyond_its_trigger(tokens: int, due: bool) -> None:
    assert compaction.by_edit(REQUEST, Compact(trigger=50_000), tokens).due is due


def test_nobody_scripted_it_so_the_summary_is_made_up_and_the_answer_too() -> None:
    written = made().write(None, PROMPT)

    assert written.block is not None and "no model was asked" in written.block["content"]
    assert (written.rest, written.alone) == (None, False)
    assert (written.usage.input_tokens, written.usage.cache_read_tokens) == (51_097, 9_000)


def test_a_scripted_block_wins_and_the_rest_is_the_answer() -> None:
    written = made().write(scripted(BLOCK, TEXT), PROMPT)

    assert written.block == BLOCK
    assert written.rest is not None and written.rest.content == (TEXT,)
    assert written.usage.output_tokens == 14 + 4


def test_a_scripted_answer_without_a_block_follows_a_summary_that_is_made_up() -> None:
    written = made().write(scripted(TEXT), PROMPT)

    assert written.block is not None and written.block != BLOCK
    assert written.rest is not None and written.rest.content == (TEXT,)


def test_where_the_summary_is_the_whole_answer_scripted_text_is_the_summary() -> None:
    written = made(alone=True).write(scripted(TEXT), PROMPT)

    assert written.block == {"type": "compaction", "content": "Well."}
    assert compaction.whole(written, scripted(TEXT)).stop_reason == "compaction"


def test_on_demand_it_is_signed_and_empty_where_it_failed() -> None:
    tool_use = {"type": "tool_use", "name": "bash", "input": {}}

    whole = made(alone=True, on_demand=True).write(None, PROMPT)
    failed = made(alone=True, on_demand=True).write(scripted(tool_use, stop_reason="max_tokens"), PROMPT)

    assert whole.block is not None and whole.block["signature"]
    said = compaction.whole(failed, scripted(tool_use, stop_reason="max_tokens"))
    assert (said.content, said.stop_reason) == ((), "max_tokens")


def test_a_script_has_a_conversation_compacted_before_its_time() -> None:
    early = made(due=False)

    assert early.applies_to(scripted(BLOCK, TEXT))
    assert not early.applies_to(scripted(TEXT))
    assert not early.applies_to(None)


def test_what_is_left_is_the_summary_and_all_of_it_after_a_failure() -> None:
    assert made().left(BLOCK)["messages"] == [{"role": "user", "content": [BLOCK]}]
    assert made().left({"type": "compaction", "content": None}) is REQUEST
