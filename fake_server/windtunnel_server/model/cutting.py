"""Where an answer ends before it is done: at a stop sequence, or where `max_tokens` is used up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from windtunnel_server.model.mint import Mint
from windtunnel_server.model.tokens import count_output
from windtunnel_server.wire.message import Block


@dataclass(frozen=True, slots=True)
class Said:
    """What a model has to say, and why it ends there."""

    content: tuple[Block, ...]
    stop_reason: str = "end_turn"
    stop_sequence: str | None = None
    container: Mapping[str, Any] | None = None


def stopped(said: Said, sequences: Sequence[str]) -> Said:
    """End before the first stop sequence in a text."""
    for place, block in enumerate(said.content):
        text = str(block.get("text", "")) if block["type"] == "text" else ""
        found = [(text.index(sequence), sequence) for sequence in sequences if sequence in text]
        if found:
            end, sequence = min(found)
            content = (*said.content[:place], *_text(block, text[:end]))
            return replace(said, content=content, stop_reason="stop_sequence", stop_sequence=sequence)
    return said


def limited(said: Said, request: Mapping[str, Any], ids: Mint) -> Said:
    """End where `max_tokens` is used up; `ids` signs a thought anew that was broken off."""
    limit, model = request.get("max_tokens"), str(request.get("model"))
    if limit is None or count_output(said.content, model) <= limit:
        return said
    kept: list[Block] = []
    for block in said.content:
        if count_output([*kept, block], model, ended=False) <= limit:
            kept.append(block)
            continue
        kept += _cut(kept, block, limit, model, ids)
        break
    return replace(said, content=tuple(kept), stop_reason="max_tokens", stop_sequence=None)


def _cut(kept: Sequence[Block], block: Block, limit: int, model: str, ids: Mint) -> Sequence[Block]:
    """Shorten a block to what is left.

    A text or a thought ends anywhere, a call keeps the parameters that were whole (recorded: an empty input), and a
    call of a tool that the service runs was not made.
    """
    if limit <= count_output(kept, model, ended=False):
        return ()
    if block["type"] == "tool_use":
        return (_call(kept, block, limit, model),)
    key = {"text": "text", "thinking": "thinking"}.get(block["type"])
    if key is None:
        return ()
    fits, beyond = 0, len(block[key]) + 1
    while beyond - fits > 1:
        middle = (fits + beyond) // 2
        short = {**block, key: block[key][:middle]}
        fits, beyond = (middle, beyond) if count_output([*kept, short], model, ended=False) <= limit else (fits, middle)
    left = block[key][:fits]
    return _text(block, left) if key == "text" else ({**block, key: left, "signature": ids.signature(left)},)


def _call(kept: Sequence[Block], block: Block, limit: int, model: str) -> Block:
    given = list(block["input"].items())
    for count in range(len(given), 0, -1):
        short = {**block, "input": dict(given[:count])}
        if count_output([*kept, short], model, ended=False) <= limit:
            return short
    return {**block, "input": {}}


def _text(block: Block, text: str) -> tuple[Block, ...]:
    """Write a text anew; one of blanks alone is none, since nobody could send it back."""
    return ({**block, "text": text},) if text.strip() else ()
