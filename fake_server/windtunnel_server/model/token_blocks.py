"""The tokens of one block, without what surrounds it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any

from windtunnel_server.model import pictures
from windtunnel_server.model.token_frames import DOCUMENT, ERROR, IMAGE, PARAMETER, SUMMARY, THINKING
from windtunnel_server.model.token_memory import remembered
from windtunnel_server.model.tokenizer.vocabularies import Vocabulary

Block = Mapping[str, Any]

CALLS = frozenset(("tool_use", "server_tool_use", "mcp_tool_use"))
#: So much of a text tells how it begins.
_HEAD = 64
_IMAGE = 1_500
#: Pixels of a tile's side, and for either resolution those of the long edge and the most tiles (wire.md 8.3). How the
#: service comes down to so few is unverified: here in small steps.
_TILE, _SHRINK = 28, 0.999
_STANDARD, _HIGH = (1_568, 1_568), (2_576, 4_784)
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
    """Count an image by the tiles it fills once it is made small enough; one that cannot be seen costs the usual."""
    given = source.get("data") if isinstance(source, Mapping) else None
    seen = pictures.look(given) if isinstance(given, str) else None
    if seen is None or seen.size is None:
        return _IMAGE
    return IMAGE + image_tokens(*seen.size, high=vocabulary != "v3")


def image_tokens(width: int, height: int, *, high: bool) -> int:
    """Count an image of so many pixels; `high`: for the models of high resolution, from 4.7 on (wire.md 8.3)."""
    side, most = _HIGH if high else _STANDARD
    scale = min(1.0, side / max(width, height))
    while _tiles(width * scale) * _tiles(height * scale) > most:
        scale *= _SHRINK
    return _tiles(width * scale) * _tiles(height * scale)


def _tiles(pixels: float) -> int:
    return max(1, ceil(int(pixels) / _TILE))
