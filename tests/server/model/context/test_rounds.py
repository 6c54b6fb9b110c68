"""Several summaries in one answer."""

from __future__ import annotations

from typing import Any

from windtunnel_server.model.context import rounds
from windtunnel_server.model.context.summary import compacted, writing_tokens
from windtunnel_server.model.prices import cost
from windtunnel_server.model.tokens import count_input
from windtunnel_server.wire import usage
from windtunnel_server.wire.message import Block, Reply, Usage

MODEL = "claude-sonnet-4-6"
REQUEST: dict[str, Any] = {"model": MODEL, "max_tokens": 99, "messages": [{"role": "user", "content": "Hello"}]}
FIRST = {"type": "compaction", "content": "They said hello."}
SECOND = {"type": "compaction", "content": "They said hello, and searched for tides."}
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "tides"}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}
SAID = {"type": "text", "text": "High tide is at noon."}
READ = Usage(input_tokens=60_000, output_tokens=20)


def told(*content: Block, **more: Any) -> Reply:
    reply = Reply(content=content, usage=Usage(input_tokens=30, output_tokens=40, **more))
    return rounds.told(reply, REQUEST, READ, None)


def test_every_round_is_told_in_its_order() -> None:
    reply = told(FIRST, SEARCH, FOUND, SECOND, SAID)

    kinds = [part["type"] for part in reply.usage.iterations or ()]
    assert kinds == ["compaction", "message", "compaction", "message"]


def test_the_second_summary_is_of_what_came_after_the_first() -> None:
    reply = told(FIRST, SEARCH, FOUND, SECOND, SAID)

    _, _, second, last = reply.usage.iterations or ()
    since = [*compacted(FIRST), {"role": "assistant", "content": [SEARCH, FOUND]}]
    assert second["input_tokens"] == count_input({**REQUEST, "messages": since}) + 97
    assert second["output_tokens"] == writing_tokens(SECOND["content"], MODEL)
    assert last["input_tokens"] == count_input({**REQUEST, "messages": compacted(SECOND)})


def test_the_counts_above_are_of_the_rounds_that_are_no_compaction_and_all_are_billed() -> None:
    reply = told(FIRST, SEARCH, FOUND, SECOND, SAID)

    parts = reply.usage.iterations or ()
    messages = [part for part in parts if part["type"] == "message"]
    assert reply.usage.input_tokens == sum(part["input_tokens"] for part in messages)
    assert reply.usage.output_tokens == sum(part["output_tokens"] for part in messages)
    billed = sum(part["input_tokens"] * 3 + part["output_tokens"] * 15 for part in parts)
    assert cost(usage.full(reply.usage, model=MODEL), MODEL) == billed


def test_one_summary_is_left_alone() -> None:
    reply = Reply(content=(FIRST, SAID), usage=Usage(input_tokens=30))

    assert rounds.told(reply, REQUEST, READ, None) is reply


def test_a_summary_that_failed_begins_no_round() -> None:
    failed = {"type": "compaction", "content": None}

    assert told(FIRST, SEARCH, FOUND, failed, SAID).usage.iterations is None


def test_iterations_of_a_script_stay() -> None:
    given = ({"type": "message", "input_tokens": 1, "output_tokens": 1},)

    assert told(FIRST, SEARCH, FOUND, SECOND, SAID, iterations=given).usage.iterations == given
