"""What the tables of blocks refuse, by example: one rule for every kind of block and of fault."""

from __future__ import annotations

from typing import Any, Final

from windtunnel_server.model.validation.drawings import png, written
from windtunnel_server.model.validation.example import SDK, answered, beta, shape, user
from windtunnel_server.model.validation.rule import Rule

_HI: Final = {"type": "text", "text": "Hi"}
_IMAGE: Final = {"type": "base64", "media_type": "image/png", "data": written(png(1, 1))}
_PLAIN: Final = {"type": "text", "media_type": "text/plain", "data": "Tides."}
_CALL: Final = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {}}
_GIVEN: Final = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "seen"}
_SEARCH: Final = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "tides"}}
_HIT: Final = {"type": "web_search_result", "title": "Tides", "url": "https://tides.test", "encrypted_content": "x"}
_SUMMARY: Final = {"type": "compaction", "content": "They spoke of tides."}
_PART: Final = {"cited_text": "Tides.", "document_index": 0, "document_title": None}
_SPAN: Final = {"type": "char_location", **_PART, "start_char_index": 0, "end_char_index": 6}


def _image(**source: Any) -> dict[str, Any]:
    return user({"type": "image", "source": _IMAGE | source})


def _document(**source: Any) -> dict[str, Any]:
    return user({"type": "document", "source": _PLAIN | source})


def _used(result: Any, **call: Any) -> dict[str, Any]:
    turns = answered(_CALL | call)["messages"]
    return {"messages": [*turns[:2], {"role": "user", "content": [result]}]}


def _searched(content: Any, **call: Any) -> dict[str, Any]:
    return answered(_SEARCH | call, {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": content})


_NO_TAG: Final = "Input tag '{}' found using 'type' does not match any of the expected tags: {}"
_PARTS: Final = "'browser_state', 'document', 'image', 'search_result', 'text', 'tool_reference'"

RULES: Final[tuple[Rule, ...]] = (
    shape(
        "block_has_type",
        "Every block says what it is.",
        "measured by third parties (August 2026)",
        user(_HI),
        user({"text": "Hi"}),
        "messages.0.content.0.type: Field required",
    ),
    shape(
        "text_has_text",
        "A text block has a text, also beside others.",
        "anthropics/claude-code#82549",
        user(_HI, _HI),
        user(_HI, {"type": "text"}),
        "messages.0.content.1.text.text: Field required",
    ),
    shape(
        "no_extra_key_in_text",
        "A block has no key that its type does not have, such as one that an SDK adds to an answer.",
        "anthropics/claude-code#84114",
        user(_HI),
        user(_HI | {"parsed_output": None}),
        "messages.0.content.0.text.parsed_output: Extra inputs are not permitted",
    ),
    shape(
        "no_extra_key_in_message",
        "A message that comes back has no key of an answer.",
        "public report (2026)",
        answered(_HI),
        {"messages": [{"role": "user", "content": "Hello", "container": None}]},
        "messages.0.container: Extra inputs are not permitted",
    ),
    shape(
        "cache_control_is_ephemeral",
        "A breakpoint of the cache is ephemeral.",
        "public report (2026)",
        user(_HI | {"cache_control": {"type": "ephemeral", "ttl": "1h"}}),
        user(_HI | {"cache_control": {"type": "persistent"}}),
        "messages.0.content.0.text.cache_control: " + _NO_TAG.format("persistent", "'ephemeral'"),
    ),
    shape(
        "cache_lifetime_is_known",
        "A breakpoint lives for five minutes or an hour.",
        "public reports (2026)",
        user(_HI | {"cache_control": {"type": "ephemeral", "ttl": "5m"}}),
        user(_HI | {"cache_control": {"type": "ephemeral", "ttl": 3600}}),
        "messages.0.content.0.text.cache_control.ephemeral.ttl: Input should be '5m' or '1h'",
    ),
    shape(
        "cache_scope_needs_its_beta",
        "The scope of a breakpoint is known under its beta only.",
        "anthropics/claude-code#25597",
        {"system": [_HI | {"cache_control": {"type": "ephemeral", "scope": "global"}}]},
        {"system": [_HI | {"cache_control": {"type": "ephemeral", "scope": "global"}}]},
        "system.0.cache_control.ephemeral.scope: Extra inputs are not permitted",
        terms=beta("prompt-caching-scope-2026-01-05"),
        lacking={},
    ),
    shape(
        "citation_says_where",
        "A citation says what it cites and where that stands.",
        SDK,
        answered(_HI | {"citations": [_SPAN]}),
        answered(_HI | {"citations": [_SPAN | {"start_char_index": "0"}]}),
        "messages.1.content.0.text.citations.0.char_location.start_char_index: Input should be a valid integer",
    ),
    shape(
        "image_type_is_known",
        "An image is JPEG, PNG, GIF or WebP.",
        "anthropics/claude-code#8184",
        _image(),
        _image(media_type="image/jpg"),
        "messages.0.content.0.image.source.base64.media_type: "
        "Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'",
    ),
    shape(
        "document_source_has_type",
        "A document's source says what it is.",
        "recorded (Bedrock)",
        _document(),
        user({"type": "document", "source": {"data": "Tides."}}),
        "messages.0.content.0.document.source.type: Field required",
    ),
    shape(
        "file_source_needs_its_beta",
        "A stored file is a source under the beta of files only.",
        "anthropics/anthropic-sdk-ruby#127",
        user({"type": "document", "source": {"type": "file", "file_id": "file_1"}}),
        user({"type": "document", "source": {"type": "file", "file_id": "file_1"}}),
        "messages.0.content.0.document.source: " + _NO_TAG.format("file", "'base64', 'content', 'text', 'url'"),
        terms=beta("files-api-2025-04-14"),
        lacking={},
    ),
    shape(
        "search_result_has_source",
        "A search result says where it is from.",
        SDK,
        user({"type": "search_result", "source": "a", "title": "b", "content": [_HI]}),
        user({"type": "search_result", "title": "b", "content": [_HI]}),
        "messages.0.content.0.search_result.source: Field required",
    ),
    shape(
        "thinking_is_signed",
        "A block of thinking comes back with its signature.",
        "langchain-ai/langchain#29971",
        answered(_HI),
        answered({"type": "thinking", "thinking": "Hm."}),
        "messages.1.content.0.thinking.signature: Field required",
    ),
    shape(
        "thinking_is_no_breakpoint",
        "A block of thinking takes no breakpoint of the cache.",
        "Wei-Shaw/sub2api#225; wire.md 8.2",
        answered(_HI),
        answered({"type": "thinking", "thinking": "Hm.", "signature": "x", "cache_control": {"type": "ephemeral"}}),
        "messages.1.content.0.thinking.cache_control: Extra inputs are not permitted",
    ),
    shape(
        "tool_use_id_is_plain",
        "The id of a call has letters, digits, `_` and `-` only.",
        "wire.md 6.3",
        _used(_GIVEN),
        _used(_GIVEN, id="call:1"),
        "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'",
    ),
    shape(
        "tool_use_name_is_short",
        "The name of a tool that was called has at most 200 characters.",
        "anthropics/claude-code#15695",
        _used(_GIVEN),
        _used(_GIVEN, name="x" * 201),
        "messages.1.content.0.tool_use.name: String should have at most 200 characters",
    ),
    shape(
        "tool_use_input_is_object",
        "The input of a call is an object.",
        "public reports (2026); `valid dictionary` until 2025: anthropics/anthropic-sdk-typescript#648",
        _used(_GIVEN),
        _used(_GIVEN, input=[]),
        "messages.1.content.0.tool_use.input: Input should be an object",
    ),
    shape(
        "tool_result_names_call",
        "A result names the call it is of.",
        "public reports (2025, 2026)",
        _used(_GIVEN),
        _used({"type": "tool_result", "content": "seen"}),
        "messages.2.content.0.tool_result.tool_use_id: Field required",
    ),
    shape(
        "tool_result_part_is_known",
        "A result is made of texts, images, documents, search results, references and states of a browser.",
        "public reports (2026)",
        _used(_GIVEN | {"content": [_HI]}),
        _used(_GIVEN | {"content": [{"type": "image_url", "image_url": "x"}]}),
        "messages.2.content.0.tool_result.content.0: " + _NO_TAG.format("image_url", _PARTS),
    ),
    shape(
        "server_tool_use_id_is_the_services",
        "The id of a server tool's call is of the service's own form.",
        "public reports (2026)",
        _searched([_HIT]),
        _searched([_HIT], id="call_1"),
        "messages.1.content.0.server_tool_use.id: String should match pattern '^srvtoolu_[a-zA-Z0-9_]+$'",
    ),
    shape(
        "server_tool_use_name_is_known",
        "Only the service's own tools are called as such.",
        "public report (September 2026)",
        _searched([_HIT]),
        _searched([_HIT], name="analyze_image"),
        "messages.1.content.0.server_tool_use.name: Input should be 'web_search', 'web_fetch', 'code_execution', "
        "'bash_code_execution', 'text_editor_code_execution', 'tool_search_tool_regex', 'tool_search_tool_bm25'",
    ),
    shape(
        "web_search_result_is_encrypted",
        "What a search found comes back with its encrypted content.",
        "public report (September 2026)",
        _searched([_HIT]),
        _searched([{"type": "web_search_result", "title": "Tides", "url": "https://tides.test"}]),
        "messages.1.content.1.web_search_tool_result.content.list[RequestWebSearchResultBlock].0.encrypted_content: "
        "Field required",
    ),
    shape(
        "compaction_block_is_as_returned",
        "A summary comes back without keys that the service did not give, null or not.",
        "wire.md 9.3; the documentation of compaction (September 2026)",
        user(_HI),
        answered(_SUMMARY | {"text": None, "citations": None}),
        "messages.1.content.0.compaction.text: Extra inputs are not permitted",
        terms=beta("compact-2026-01-12"),
    ),
    shape(
        "container_upload_names_file",
        "A file for the container is named.",
        SDK,
        user({"type": "container_upload", "file_id": "file_1"}, _HI),
        user({"type": "container_upload"}, _HI),
        "messages.0.content.0.container_upload.file_id: Field required",
    ),
    shape(
        "mcp_tool_use_names_server",
        "A call of a remote server's tool names the server.",
        SDK,
        user(_HI),
        answered({"type": "mcp_tool_use", "id": "mcptoolu_1", "name": "look", "input": {}}),
        "messages.1.content.0.mcp_tool_use.server_name: Field required",
    ),
    shape(
        "mcp_tool_result_names_call",
        "A result of a remote server's tool names the call it is of.",
        SDK,
        user(_HI),
        answered({"type": "mcp_tool_result", "content": "seen"}),
        "messages.1.content.0.mcp_tool_result.tool_use_id: Field required",
    ),
    shape(
        "tool_change_names_tool",
        "A change of tools in the middle of a conversation names the tool.",
        SDK,
        user(_HI),
        {"messages": [*user(_HI)["messages"], {"role": "system", "content": [{"type": "tool_addition"}]}]},
        "messages.1.content.0.tool_addition.tool: Field required",
        terms=beta("inline-tools-2026-09-15"),
    ),
    shape(
        "clear_at_needs_its_beta",
        "When a system message is cleared is told under its beta only.",
        "public report (September 2026)",
        {"messages": [{"role": "user", "content": "Hello"}]},
        {"messages": [{"role": "user", "content": "Hello"}, {"role": "system", "content": "Hm.", "clear_at": "never"}]},
        "messages.1.clear_at: Extra inputs are not permitted",
    ),
    shape(
        "system_is_text",
        "The system prompt is made of texts.",
        "measured by third parties (August 2026); open-webui/pipelines#116",
        {"system": [_HI]},
        {"system": ["Hi"]},
        "system.0: Input does not match the expected shape.",
    ),
)
