"""A scripted reply made whole."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from windtunnel_server.model.finish import finish
from windtunnel_server.model.tokens import count_input
from windtunnel_server.script import ReplySpec, ScriptError
from windtunnel_server.wire.ids import Ids
from windtunnel_server.wire.message import Reply

REQUEST = {"model": "claude-haiku-4-5", "max_tokens": 50, "messages": [{"role": "user", "content": "Hi"}]}
TEXT = {"type": "text", "text": "Hello there"}
CALL = {"type": "tool_use", "name": "look", "input": {"at": "sky"}}
SEARCH = {"type": "server_tool_use", "name": "web_search", "input": {"query": "x"}}
FOUND = {"type": "web_search_tool_result", "content": []}


def finished(*content: dict[str, Any], **more: Any) -> Reply:
    return finish(ReplySpec(content=content, **more), REQUEST, ids=Ids(Random(0)), seed=1)


def test_a_text_ends_the_turn_and_is_counted() -> None:
    reply = finished(TEXT)

    assert (reply.stop_reason, reply.model) == ("end_turn", "claude-haiku-4-5-20251001")
    assert reply.usage.input_tokens == count_input(REQUEST)
    assert reply.usage.output_tokens > 0


def test_a_tool_call_gets_an_id_a_caller_and_its_stop_reason() -> None:
    reply = finished(TEXT, CALL)

    assert list(reply.content[1]) == ["type", "id", "name", "input", "caller"]
    assert reply.content[1]["id"].startswith("toolu_01")
    assert reply.stop_reason == "tool_use"


def test_what_the_script_says_stays() -> None:
    given = CALL | {"id": "toolu_mine", "caller": {"type": "code_execution_20260120", "tool_id": "x"}}

    reply = finished(given, stop_reason="max_tokens", model="claude-other", id="msg_mine")

    assert dict(reply.content[0]) == given
    assert (reply.stop_reason, reply.model, reply.id) == ("max_tokens", "claude-other", "msg_mine")


def test_results_go_to_the_calls_before_them_in_order() -> None:
    reply = finished(SEARCH, SEARCH, FOUND, FOUND)

    ids = [block["id"] for block in reply.content[:2]]
    assert ids[0] != ids[1] and all(name.startswith("srvtoolu_01") for name in ids)
    assert [block["tool_use_id"] for block in reply.content[2:]] == ids
    assert reply.stop_reason == "end_turn"


def test_a_result_of_an_mcp_call_is_linked_to_it() -> None:
    call = {"type": "mcp_tool_use", "name": "echo", "server_name": "s", "input": {}}

    reply = finished(SEARCH, call, {"type": "mcp_tool_result", "content": []})

    assert reply.content[1]["id"].startswith("mcptoolu_01")
    assert reply.content[2]["tool_use_id"] == reply.content[1]["id"]


def test_a_named_call_no_longer_waits() -> None:
    reply = finished(SEARCH | {"id": "a"}, SEARCH | {"id": "b"}, FOUND | {"tool_use_id": "a"}, FOUND)

    assert reply.content[3]["tool_use_id"] == "b"


def test_a_result_without_a_call_is_the_scripts_mistake() -> None:
    with pytest.raises(ScriptError, match=r"content\[1\] is a web_search_tool_result"):
        finished(TEXT, FOUND)


def test_searches_are_counted() -> None:
    assert finished(SEARCH, FOUND).usage.server_tool_use == {"web_search_requests": 1, "web_fetch_requests": 0}


def test_thinking_is_signed_and_counted() -> None:
    reply = finished({"type": "thinking", "thinking": "Let me see."}, TEXT)

    assert reply.content[0]["signature"]
    assert reply.usage.thinking_tokens and reply.usage.thinking_tokens < reply.usage.output_tokens


def test_stop_details_make_a_refusal() -> None:
    reply = finished(stop_details={"type": "refusal", "category": None, "explanation": None})

    assert reply.stop_reason == "refusal"


def test_a_stop_sequence_is_a_stop_reason() -> None:
    assert finished(TEXT, stop_sequence="END").stop_reason == "stop_sequence"


def test_scripted_usage_replaces_the_counted_one() -> None:
    reply = finished(TEXT, usage={"output_tokens": 7, "cache_read_input_tokens": 100})

    assert (reply.usage.output_tokens, reply.usage.cache_read_tokens) == (7, 100)
    assert reply.usage.input_tokens == count_input(REQUEST)


def test_a_summary_is_no_output_of_the_answer_behind_it() -> None:
    summary = {"type": "compaction", "content": "They said hello."}

    assert finished(summary, TEXT).usage.output_tokens == finished(TEXT).usage.output_tokens
