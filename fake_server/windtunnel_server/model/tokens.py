"""Token counts: one approximation, used for count_tokens and for usage alike.

Text is counted by kinds of characters (words, digits, signs, line ends) with one weight each. Measured over the
recorded requests and answers (`tests/conformance/test_tokens.py` bounds it), the median error is 7 % for input text,
6 % for output text and 4 % for requests with tools; nine in ten are within 61 %, 25 % and 18 %. Among the worst are
very short texts and fixtures whose recorded count cannot belong to their text (18,128 tokens for some ten words).
What surrounds the text (frame, end of turn, overhead of a tool call) is taken from the recorded constants. Images are
counted by their size where it can be read (PNG) and by a flat number otherwise, PDFs by a flat number: both are guesses.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any

from windtunnel_server.model.eras import CLAUDE_5, Era, Vocabulary
from windtunnel_server.model.models import find
from windtunnel_server.wire.message import Block


@dataclass(frozen=True, slots=True)
class Weights:
    """Tokens per word, per letter beyond the sixth, per digit, line end, ASCII sign, wide and other character."""

    word: float
    letter: float
    digit: float
    newline: float
    sign: float
    wide: float
    other: float


_V3 = Weights(word=1.02, letter=0.08, digit=1.0, newline=1.0, sign=0.88, wide=1.5, other=2.0)
_V4 = Weights(word=1.26, letter=0.25, digit=1.5, newline=1.0, sign=1.38, wide=1.5, other=2.5)
# Fitted to tokens.jsonl.gz by trimmed least squares, then rounded towards what a vocabulary can do.
_WEIGHTS: Mapping[Vocabulary, Weights] = {"v3": _V3, "v4.7": _V4, "v4.8": _V4}

#: Tokens of the frame: for the request, for each turn (recorded).
_FRAME: Mapping[Vocabulary, tuple[int, int]] = {"v3": (4, 3), "v4.7": (9, 2), "v4.8": (4, 2)}
#: Tokens behind the last block of a finished turn (recorded).
_END: Mapping[Vocabulary, int] = {"v3": 3, "v4.7": 4, "v4.8": 2}

_WORD = re.compile(r"[A-Za-z]+")
_DIGIT = re.compile(r"[0-9]")
_SIGN = re.compile(r"[!-/:-@\[-`{-~]")
_WIDE = re.compile(r"[\u2e80-\U0010ffff]")
_OTHER = re.compile(r"[\x80-\u2e7f]")

_IMAGE = 1_500
_PDF = 2_000


@lru_cache(maxsize=512)
def text_weight(text: str, vocabulary: Vocabulary) -> float:
    """Weigh a text in tokens; not rounded, and never less for a longer text than for its beginning."""
    weights = _WEIGHTS[vocabulary]
    words = _WORD.findall(text)
    return (
        weights.word * len(words)
        + weights.letter * sum(len(word) - 6 for word in words if len(word) > 6)
        + weights.digit * len(_DIGIT.findall(text))
        + weights.newline * text.count("\n")
        + weights.sign * len(_SIGN.findall(text))
        + weights.wide * len(_WIDE.findall(text))
        + weights.other * len(_OTHER.findall(text))
    )


def count_input(request: Mapping[str, Any]) -> int:
    """Count the input tokens of a Messages request: system, tools, messages, and what surrounds them."""
    era = _era(request.get("model"))
    messages = request.get("messages") or []
    first, each = _FRAME[era.vocabulary]
    total: float = first + each * _turns(messages)
    total += _content(request.get("system"), era) + _tools(request, era)
    total += sum(_content(message.get("content"), era) for message in messages)
    return max(1, round(total))


def count_output(content: Iterable[Block], model: str, *, ended: bool = True) -> int:
    """Count the output tokens of an answer; `ended` False for one that `max_tokens` cut short."""
    era = _era(model)
    calls = 0
    total = float(_END[era.vocabulary] if ended else 0)
    for block in content:
        if block.get("type") in ("tool_use", "server_tool_use", "mcp_tool_use"):
            total += _call(block, era, first=calls == 0)
            calls += 1
        elif not str(block.get("type")).endswith("_tool_result"):
            total += _block(block, era)
    return max(0, round(total))


def count_thinking(content: Iterable[Block], model: str) -> int:
    """Count the thinking in an answer; hidden thinking is guessed from the length of its signature."""
    era = _era(model)
    return round(sum(_block(block, era) for block in content if block.get("type") == "thinking"))


def _era(model: object) -> Era:
    known = find(model) if isinstance(model, str) else None
    return CLAUDE_5 if known is None else known.era


def _turns(messages: Iterable[Mapping[str, Any]]) -> int:
    roles = [message.get("role") for message in messages]
    return sum(1 for place, role in enumerate(roles) if place == 0 or role != roles[place - 1])


def _content(content: Any, era: Era) -> float:
    if isinstance(content, str):
        return text_weight(content, era.vocabulary)
    return sum(_block(block, era) for block in content or () if isinstance(block, Mapping))


def _block(block: Mapping[str, Any], era: Era) -> float:
    kind = block.get("type")
    if kind == "image":
        return _image(block.get("source"), era)
    if kind == "document":
        return _document(block, era)
    if kind in ("tool_use", "server_tool_use", "mcp_tool_use"):
        return _call(block, era, first=True)
    if kind == "thinking":
        return _thinking(block, era)
    texts = (block.get(name) for name in ("text", "content", "title", "data"))
    return sum(_content(text, era) for text in texts if isinstance(text, (str, list)))


def _thinking(block: Mapping[str, Any], era: Era) -> float:
    if block.get("thinking"):
        return text_weight(block["thinking"], era.vocabulary)
    # unverified: recorded signatures are about 170 bytes longer than the text they seal, in base64.
    return max(1.0, (len(block.get("signature") or "") * 0.75 - 170) / 4.5)


def _call(block: Mapping[str, Any], era: Era, *, first: bool) -> float:
    """Weigh a tool call: recorded overhead of 25 (7 for a further one) and 6 for each parameter."""
    given = block.get("input")
    parameters = given if isinstance(given, Mapping) else {}
    words = [str(block.get("name", "")), *map(str, parameters)]
    words += [value if isinstance(value, str) else _json(value) for value in parameters.values()]
    return (25 if first else 7) + 6 * len(parameters) + sum(text_weight(word, era.vocabulary) for word in words)


def _tools(request: Mapping[str, Any], era: Era) -> float:
    tools = [tool for tool in request.get("tools") or () if isinstance(tool, Mapping)]
    if not tools:
        return 0.0
    choice = request.get("tool_choice") or {}
    forced = choice.get("type") in ("any", "tool")
    return era.tool_prompt[forced] + sum(text_weight(_line(tool), era.vocabulary) for tool in tools)


def _line(tool: Mapping[str, Any]) -> str:
    """Write a tool as the model reads it (recorded: one line of JSON in a function tag)."""
    told = {
        "description": tool.get("description", ""),
        "name": tool.get("name"),
        "parameters": tool.get("input_schema"),
    }
    return f"<function>{_json(told)}</function>"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _document(block: Mapping[str, Any], era: Era) -> float:
    source = block.get("source")
    source = source if isinstance(source, Mapping) else {}
    if source.get("type") == "text":
        return text_weight(str(source.get("data", "")), era.vocabulary)
    if source.get("type") == "content":
        return _content(source.get("content"), era)
    return float(_PDF)


def _image(source: Any, era: Era) -> float:
    size = _png_size(source.get("data")) if isinstance(source, Mapping) else None
    if size is None:
        return float(_IMAGE)
    limit = 1_568 if era.vocabulary == "v3" else 4_784
    return float(min(limit, ceil(size[0] / 28) * ceil(size[1] / 28)))


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
