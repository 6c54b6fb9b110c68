"""Content blocks in their two forms: whole, and as a start with deltas. Key order as recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from windtunnel_server.wire.message import Block
from windtunnel_server.wire.slices import Cutter

#: A delta and the characters of output it stands for.
Delta: TypeAlias = tuple[dict[str, Any], int]

#: Keys that come first, in order; the others follow as they were given.
_ORDER: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("citations", "type", "text"),
    "thinking": ("type", "thinking", "signature"),
    "redacted_thinking": ("type", "data"),
    "tool_use": ("type", "id", "name", "input", "caller"),
    "server_tool_use": ("type", "id", "name", "input", "caller"),
    "mcp_tool_use": ("type", "id", "name", "input", "server_name"),
    "mcp_tool_result": ("type", "tool_use_id", "is_error", "content"),
    "compaction": ("type", "content"),
    "fallback": ("type", "from", "to", "trigger"),
}
_ORDER_ELSE: Final = ("type", "tool_use_id", "content", "caller")

#: Keys a block of that type is never without.
_ALWAYS: Final[Mapping[str, Mapping[str, Any]]] = {
    "text": {"text": ""},
    "thinking": {"thinking": "", "signature": ""},
    "tool_use": {"input": {}, "caller": {"type": "direct"}},
    "server_tool_use": {"input": {}},
    "mcp_tool_use": {"input": {}},
}

#: What the start of a streamed block says instead of the content that its deltas bring.
_BLANK: Final[Mapping[str, Mapping[str, Any]]] = {
    "text": {"text": ""},
    "thinking": {"thinking": "", "signature": ""},
    "tool_use": {"input": {}},
    "server_tool_use": {"input": {}},
    "mcp_tool_use": {"input": {}},
    "compaction": {"content": None},
}


def whole(block: Block) -> dict[str, Any]:
    """Write a block as in the `content` of a JSON answer.

    A text block without citations has no such key; `citations: None`, which SDKs write, means the same.
    """
    kind = str(block["type"])
    said = {**_ALWAYS.get(kind, {}), **block}
    if kind == "text" and said.get("citations", ...) is None:
        del said["citations"]
    order = _ORDER.get(kind, _ORDER_ELSE)
    first = {key: said[key] for key in order if key in said}
    return first | {key: value for key, value in said.items() if key not in first}


def start(block: Block) -> dict[str, Any]:
    """Write the `content_block` of content_block_start: whole for kinds that have no deltas."""
    kind = str(block["type"])
    said = whole(block)
    if kind == "text" and "citations" in said:
        said["citations"] = []
    if kind == "compaction":
        said.pop("encrypted_content", None)
    return {key: _BLANK.get(kind, {}).get(key, value) for key, value in said.items()}


def deltas(block: Block, cutter: Cutter) -> Iterator[Delta]:
    """Cut a block into its deltas; none for kinds that arrive whole."""
    make = _DELTAS.get(str(block["type"]))
    return iter(()) if make is None else make(whole(block), cutter)


def _text(block: Block, cutter: Cutter) -> Iterator[Delta]:
    for citation in block.get("citations", ()):
        yield {"type": "citations_delta", "citation": citation}, 0
    for piece in cutter.text(block["text"]):
        yield {"type": "text_delta", "text": piece}, len(piece)


def _thinking(block: Block, cutter: Cutter) -> Iterator[Delta]:
    hidden = not block["thinking"]
    # Hidden thinking: one empty delta (wire.md 4.2), and the signature comes once the thinking is done.
    for piece in [""] if hidden else cutter.text(block["thinking"]):
        yield {"type": "thinking_delta", "thinking": piece}, len(piece)
    yield {"type": "signature_delta", "signature": block["signature"]}, 1 if hidden else 0


def _input(block: Block, cutter: Cutter) -> Iterator[Delta]:
    for piece in cutter.input(block["input"]):
        yield {"type": "input_json_delta", "partial_json": piece}, len(piece)


def _compaction(block: Block, cutter: Cutter) -> Iterator[Delta]:
    said = {key: block[key] for key in ("content", "encrypted_content") if key in block}
    yield {"type": "compaction_delta", **said}, len(str(block.get("content") or ""))


_DELTAS: Final[Mapping[str, Callable[[Block, Cutter], Iterator[Delta]]]] = {
    "text": _text,
    "thinking": _thinking,
    "tool_use": _input,
    "server_tool_use": _input,
    "mcp_tool_use": _input,
    "compaction": _compaction,
}
