"""Every kind of block and delta, scripted and read back by the SDK: streamed and whole, and equal to the script."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import anthropic
import pytest

from windtunnel import reply

#: Known since 1.0 (anthropic 0.125.0 reads them as something else, or not at all).
NEWER = int(anthropic.__version__.partition(".")[0]) >= 1

SIGNATURE = "ErUBCkYIBBgCIkBzaWduYXR1cmU="
ENCRYPTED = "EqgfCioIARgBIiQ3YTAwMjY1Mi1mZjM5"
SEARCHED: dict[str, Any] = {
    "type": "server_tool_use",
    "id": "srvtoolu_01A",
    "name": "web_search",
    "input": {"query": "wind"},
}
FETCHED: dict[str, Any] = SEARCHED | {"name": "web_fetch", "input": {"url": "https://example.com/"}}
RAN: dict[str, Any] = SEARCHED | {"name": "code_execution", "input": {"code": "print(1)"}}
CITATIONS: list[dict[str, Any]] = [
    {
        "type": "char_location",
        "cited_text": "wind",
        "document_index": 0,
        "document_title": "Winds",
        "start_char_index": 0,
        "end_char_index": 4,
        "file_id": None,
    },
    {
        "type": "page_location",
        "cited_text": "gust",
        "document_index": 0,
        "document_title": None,
        "start_page_number": 1,
        "end_page_number": 2,
        "file_id": None,
    },
    {
        "type": "content_block_location",
        "cited_text": "gale",
        "document_index": 1,
        "document_title": "Gales",
        "start_block_index": 0,
        "end_block_index": 1,
        "file_id": None,
    },
    {
        "type": "web_search_result_location",
        "cited_text": "storm",
        "url": "https://example.com/",
        "title": "Storms",
        "encrypted_index": ENCRYPTED,
    },
    {
        "type": "search_result_location",
        "cited_text": "calm",
        "source": "https://example.com/",
        "title": "Calms",
        "search_result_index": 0,
        "start_block_index": 0,
        "end_block_index": 1,
    },
]
WEB_RESULT = {
    "type": "web_search_result",
    "url": "https://example.com/",
    "title": "Storms",
    "encrypted_content": ENCRYPTED,
    "page_age": "2 days ago",
}
PAGE: dict[str, Any] = {
    "type": "web_fetch_result",
    "url": "https://example.com/",
    "retrieved_at": "2026-11-02T09:00:00Z",
    "content": {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": "Storms."},
        "title": "Storms",
        "citations": {"enabled": True},
    },
}
OUTPUT: dict[str, Any] = {
    "type": "code_execution_result",
    "stdout": "1\n",
    "stderr": "",
    "return_code": 0,
    "content": [],
}

#: name → blocks of one answer.
CONTENT: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "text": [{"type": "text", "text": "Grüße — 你好 🌬"}],
    "two texts": [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}],
    "nothing": [],
    "tool_use": [
        {"type": "tool_use", "id": "toolu_01A", "name": "sail", "input": {"to": "Ærø", "knots": [1, 2.5], "x": {}}}
    ],
    "tool_use without input": [{"type": "tool_use", "id": "toolu_01A", "name": "sail", "input": {}}],
    "text and two tool_uses": [
        {"type": "text", "text": "Both."},
        {"type": "tool_use", "id": "toolu_01A", "name": "sail", "input": {"to": "a"}},
        {"type": "tool_use", "id": "toolu_01B", "name": "sail", "input": {"to": "b"}},
    ],
    "thinking": [
        {"type": "thinking", "thinking": "Hmm, where does the wind come from?", "signature": SIGNATURE},
        {"type": "text", "text": "From the west."},
    ],
    "hidden thinking": [
        {"type": "thinking", "thinking": "", "signature": SIGNATURE},
        {"type": "text", "text": "West."},
    ],
    "redacted_thinking": [{"type": "redacted_thinking", "data": ENCRYPTED}, {"type": "text", "text": "West."}],
    "citations": [
        {"type": "text", "text": f"It blows ({citation['type']}).", "citations": [citation]} for citation in CITATIONS
    ],
    "web_search": [
        SEARCHED,
        {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_01A", "content": [WEB_RESULT]},
    ],
    "web_search that failed": [
        SEARCHED,
        {
            "type": "web_search_tool_result",
            "tool_use_id": "srvtoolu_01A",
            "content": {"type": "web_search_tool_result_error", "error_code": "max_uses_exceeded"},
        },
    ],
    "web_fetch": [FETCHED, {"type": "web_fetch_tool_result", "tool_use_id": "srvtoolu_01A", "content": PAGE}],
    "code_execution": [RAN, {"type": "code_execution_tool_result", "tool_use_id": "srvtoolu_01A", "content": OUTPUT}],
    "encrypted code_execution": [
        RAN,
        {
            "type": "code_execution_tool_result",
            "tool_use_id": "srvtoolu_01A",
            "content": {
                "type": "encrypted_code_execution_result",
                "encrypted_stdout": ENCRYPTED,
                "stderr": "",
                "return_code": 0,
                "content": [],
            },
        },
    ],
    "bash_code_execution": [
        RAN | {"name": "bash_code_execution", "input": {"command": "ls"}},
        {
            "type": "bash_code_execution_tool_result",
            "tool_use_id": "srvtoolu_01A",
            "content": OUTPUT | {"type": "bash_code_execution_result"},
        },
    ],
    "text_editor_code_execution": [
        RAN | {"name": "text_editor_code_execution", "input": {"command": "create", "path": "a", "file_text": "b"}},
        {
            "type": "text_editor_code_execution_tool_result",
            "tool_use_id": "srvtoolu_01A",
            "content": {"type": "text_editor_code_execution_create_result", "is_file_update": False},
        },
    ],
    "tool_search": [
        RAN | {"name": "tool_search_tool_regex", "input": {"pattern": "sail.*"}},
        {
            "type": "tool_search_tool_result",
            "tool_use_id": "srvtoolu_01A",
            "content": {
                "type": "tool_search_tool_search_result",
                "tool_references": [{"type": "tool_reference", "tool_name": "sail"}],
            },
        },
    ],
    "container_upload": [{"type": "container_upload", "file_id": "file_011CNha8iCJcU1wXNR6q4V8w"}],
}

#: Those that only `client.beta.messages` knows.
BETA_CONTENT: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "mcp": [
        {
            "type": "mcp_tool_use",
            "id": "mcptoolu_01A",
            "name": "echo",
            "server_name": "hall",
            "input": {"say": "hello"},
        },
        {
            "type": "mcp_tool_result",
            "tool_use_id": "mcptoolu_01A",
            "is_error": False,
            "content": [{"type": "text", "text": "hello"}],
        },
    ],
    "compaction": [
        {"type": "compaction", "content": "They talked about the wind."},
        {"type": "text", "text": "Go on."},
    ],
}
if NEWER:
    FALLBACK = {"model": "claude-opus-4-8"}, {"model": "claude-sonnet-4-6"}
    BETA_CONTENT = {
        **BETA_CONTENT,
        "fallback": [
            {
                "type": "fallback",
                "from": FALLBACK[0],
                "to": FALLBACK[1],
                "trigger": {"type": "refusal", "category": None},
            },
            {"type": "text", "text": "Instead of the other."},
        ],
    }


@pytest.fixture(params=list(CONTENT.values()), ids=list(CONTENT))
def content(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=list(BETA_CONTENT.values()), ids=list(BETA_CONTENT))
def beta_content(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_an_answer_is_what_was_scripted_whole_and_streamed(windtunnel: Any, subject: Any, content: Any) -> None:
    windtunnel.script(reply(content=content, times=2, stream={"text_piece": 5, "input_piece": 3}))

    whole, streamed = subject.create(), subject.helped()

    assert streamed.error is None
    assert_says(whole, content)
    assert_says(streamed.message, content)


def test_a_beta_answer_is_what_was_scripted_whole_and_streamed(
    windtunnel: Any, subject: Any, asked: dict[str, Any], beta_content: Any
) -> None:
    windtunnel.script(reply(content=beta_content, times=2, stream={"text_piece": 5, "input_piece": 3}))

    whole, streamed = subject.call(lambda client: client.beta.messages.create(**asked)), subject.helped(beta=True)

    assert streamed.error is None
    assert_says(whole, beta_content)
    assert_says(streamed.message, beta_content)


def test_tool_input_comes_in_pieces_the_first_of_them_empty(windtunnel: Any, subject: Any) -> None:
    call = {"name": "sail", "input": {"to": "Ærø", "knots": 12}}
    windtunnel.script(reply(tool_use=call, stream={"input_piece": 4}))

    read = subject.raw()

    pieces = [event.delta.partial_json for event in read.events if event.type == "content_block_delta"]
    assert pieces[0] == ""
    assert len(pieces) > 4
    assert json.loads("".join(pieces)) == call["input"]


def test_thinking_is_signed_right_before_it_stops(windtunnel: Any, subject: Any) -> None:
    windtunnel.script(reply("West.", thinking="Hmm, which way?", stream={"text_piece": 4}))

    read = subject.raw()

    kinds = [event.delta.type if event.type == "content_block_delta" else event.type for event in read.events]
    signed = kinds.index("signature_delta")
    assert kinds[signed - 1 : signed + 2] == ["thinking_delta", "signature_delta", "content_block_stop"]
    assert kinds.count("signature_delta") == 1


STOPS: Mapping[str, dict[str, Any]] = {
    "refusal": {
        "text": "I",
        "stop_details": {"type": "refusal", "category": "cyber", "explanation": "No."},
    },
    "pause_turn": {"content": [SEARCHED], "stop_reason": "pause_turn"},
    "max_tokens": {"text": "Once upon", "stop_reason": "max_tokens"},
    "stop_sequence": {"text": "Once", "stop_sequence": "upon"},
    "end_turn": {"text": "The end."},
    "tool_use": {"tool_use": {"name": "sail"}},
    "model_context_window_exceeded": {"text": "The", "stop_reason": "model_context_window_exceeded"},
}


@pytest.mark.parametrize(("stop_reason", "said"), STOPS.items(), ids=STOPS.keys())
def test_every_stop_reason_arrives_streamed_or_not(
    windtunnel: Any, subject: Any, stop_reason: str, said: dict[str, Any]
) -> None:
    windtunnel.script(reply(**said, times=2))

    for message in (subject.create(), subject.helped().message):
        assert message.stop_reason == stop_reason
        assert message.stop_sequence == said.get("stop_sequence")
        details = getattr(message, "stop_details", None)
        assert (details.model_dump(exclude_unset=True) if details else None) == said.get("stop_details")


def test_usage_in_a_stream_is_cumulative(windtunnel: Any, subject: Any) -> None:
    usage = {
        "input_tokens": 10,
        "cache_creation_input_tokens": 20,
        "cache_read_input_tokens": 30,
        "output_tokens": 40,
        "server_tool_use": {"web_search_requests": 2, "web_fetch_requests": 1},
    }
    windtunnel.script(reply("Hello", usage=usage, times=3))

    raw, helped, whole = subject.raw(), subject.helped().message, subject.create()

    started = raw.events[0].message.usage
    (ended,) = [event.usage for event in raw.events if event.type == "message_delta"]
    assert (started.input_tokens, started.cache_read_input_tokens) == (10, 30)
    assert 1 <= started.output_tokens <= 40
    assert (ended.input_tokens, ended.output_tokens) == (10, 40)
    for message in (helped, whole):
        assert {key: value for key, value in message.usage.model_dump().items() if key in usage} == usage
    assert windtunnel.journal[1].usage["output_tokens"] == 40


def assert_says(message: Any, content: Sequence[Mapping[str, Any]]) -> None:
    """Everything scripted is there and nothing else, but for keys the API adds to what it sends."""
    said = [block.model_dump(mode="json", by_alias=True, exclude_unset=True) for block in message.content]
    assert [without_added(block, scripted) for block, scripted in zip(said, content, strict=True)] == list(content)


def without_added(said: dict[str, Any], scripted: Mapping[str, Any]) -> dict[str, Any]:
    # `caller` comes with every call (since 2026-02); the helper copies a missing encrypted_content as None.
    added = {"caller", "encrypted_content"} - set(scripted)
    return {key: value for key, value in said.items() if key not in added}
