"""The tokens of one block, without what surrounds it."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any

from windtunnel_server.model.token_frames import DOCUMENT, ERROR, PARAMETER, SUMMARY, THINKING
from windtunnel_server.model.token_memory import remembered
from windtunnel_server.model.tokenizer.vocabularies import Vocabulary

Block = Mapping[str, Any]

CALLS = frozenset(("tool_use", "server_tool_use", "mcp_tool_use"))
#: So much of a text tells how it begins.
_HEAD = 64
_IMAGE = 1_500
#: A page, as recorded for PDFs of one page.
_PDF = 1_590


def text_tokens(text: str, vocabulary: Vocabulary) -> int:
    """Count a text that stands by itself, without any frame."""
    return remembered(vocabulary, text, lambda: _count(text, vocabulary))


def _count(text: str, vocabulary: Vocabulary) -> int:
    # Late: the vocabularies are read at the first count, not at import.
    from windtunnel_server.model.tokenizer.count import tokenizer

    return tokenizer(vocabulary).count(text)


def opening_tokens(text: str, vocabulary: Vocabulary) -> int:
    """Count what a frame adds before a text whose first word does not begin like one: a digit, a line end (0 or 1)."""
    from windtunnel_server.model.tokenizer.count import tokenizer

    head = text[:_HEAD]
    return tokenizer(vocabulary).count(head) - tokenizer(vocabulary).count(head, opens=False)


def block_tokens(block: Block, vocabulary: Vocabulary) -> int:
    """Count a content block of any kind."""
    kind = block.get("type")
    if kind == "text":
        return _tokens_of(block.get("text"), vocabulary)
    return remembered(f"{vocabulary} {'call' if kind in CALLS else ''}", block, lambda: _other(block, vocabulary))


def _other(block: Block, vocabulary: Vocabulary) -> int:
    kind = block.get("type")
    if kind == "image":
        return _image(block.get("source"), vocabulary)
    if kind == "document":
        return _document(block, vocabulary)
    if kind in CALLS:
        return _call(block, vocabulary)
    if kind == "thinking":
        return thinking_tokens(block, vocabulary)
    total = sum(_tokens_of(block.get(name), vocabulary) for name in ("text", "content", "title", "data"))
    if kind == "compaction" and total:
        return total + SUMMARY
    return total + (ERROR if block.get("is_error") else 0)


def _tokens_of(content: Any, vocabulary: Vocabulary) -> int:
    if isinstance(content, str):
        return text_tokens(content, vocabulary)
    if not isinstance(content, Iterable):
        return 0
    return sum(block_tokens(block, vocabulary) for block in content if isinstance(block, Mapping))


def thinking_tokens(block: Block, vocabulary: Vocabulary) -> int:
    """Count a block of thinking; where its text is hidden, guess from the length of its signature."""
    if block.get("thinking"):
        return THINKING + text_tokens(str(block["thinking"]), vocabulary)
    # unverified: recorded signatures are about 170 bytes longer than the text they seal, in base64.
    return max(1, round((len(str(block.get("signature") or "")) * 0.75 - 170) / 4.5))


def _call(block: Block, vocabulary: Vocabulary) -> int:
    """Count a tool call as the model writes it: in tags, one line a parameter."""
    given = block.get("input")
    parameters = given if isinstance(given, Mapping) else {}
    lines = [f'<invoke name="{block.get("name", "")}">']
    lines += [f'<parameter name="{name}">{_written(value)}</parameter>' for name, value in parameters.items()]
    return _count("\n".join([*lines, "</invoke>"]), vocabulary) + PARAMETER * len(parameters)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else _json(value)


def tool_tokens(tool: Mapping[str, Any], vocabulary: Vocabulary) -> int:
    """Count a tool definition as the model reads it (recorded: one line of ASCII JSON in a function tag)."""
    return remembered(f"{vocabulary} tool", tool, lambda: _count(_tool_line(tool), vocabulary))


def _tool_line(tool: Mapping[str, Any]) -> str:
    told = {"description": tool.get("description"), "name": tool.get("name"), "parameters": tool.get("input_schema")}
    said = {key: value for key, value in told.items() if value not in (None, "")}
    return f"<function>{json.dumps(said)}</function>"


def schema_tokens(schema: Any, vocabulary: Vocabulary) -> int:
    """Count the schema of a structured output (recorded: indented JSON)."""
    count = lambda: _count(json.dumps(schema, ensure_ascii=False, indent=2), vocabulary)  # noqa: E731
    return remembered(f"{vocabulary} schema", schema, count)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _document(block: Block, vocabulary: Vocabulary) -> int:
    source = block.get("source")
    source = source if isinstance(source, Mapping) else {}
    if source.get("type") not in ("text", "content"):
        return _PDF
    texts = (source.get("data"), source.get("content"), block.get("title"), block.get("context"))
    return DOCUMENT + sum(_tokens_of(text, vocabulary) for text in texts)


def _image(source: Any, vocabulary: Vocabulary) -> int:
    size = _png_size(source.get("data")) if isinstance(source, Mapping) else None
    if size is None:
        return _IMAGE
    limit = 1_568 if vocabulary == "v3" else 4_784
    return min(limit, ceil(size[0] / 28) * ceil(size[1] / 28))


def _png_size(data: Any) -> tuple[int, int] | None:
    """Read width and height out of a base64 PNG's first 24 bytes; None for any other picture."""
    if not isinstance(data, str):
        return None
    try:
        head = base64.b64decode(data[:32])
    except (binascii.Error, ValueError):
        return None
    if not head.startswith(b"\x89PNG\r\n\x1a\n"):
        return None
    return int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
