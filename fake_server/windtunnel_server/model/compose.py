"""The reply nobody scripted: sensible for the request, plainly made up, the same for the same request and seed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from windtunnel_server.model import calls, prose
from windtunnel_server.model.finish import finish, usage_of
from windtunnel_server.model.mint import Mint
from windtunnel_server.model.models import find
from windtunnel_server.model.schema import example
from windtunnel_server.model.tokens import count_output
from windtunnel_server.wire.message import Block, Reply, Usage

__all__ = ["compose", "finish"]


@dataclass(frozen=True, slots=True)
class _Said:
    content: tuple[Block, ...]
    stop_reason: str = "end_turn"
    stop_sequence: str | None = None


def compose(request: Mapping[str, Any], *, seed: int, ids: Mint, prompt: Usage | None = None) -> Reply:
    """Answer a valid Messages request. `prompt` is the input side of its usage; None: counted here.

    A forced tool choice gives a call whose input fits the tool's schema, a structured output format gives fitting JSON,
    everything else a text; tools left to choice are not called, so that an agent's loop comes to an end. Thinking comes
    first where it was asked for; `stop_sequences` and `max_tokens` cut.
    """
    rng = prose.rng_for(request, seed)
    said = _say(request, rng, ids)
    if said.stop_reason == "end_turn":
        said = _stopped(said, request.get("stop_sequences") or ())
    said = _limited(said, request)
    known = find(str(request.get("model")))
    return Reply(
        content=said.content,
        stop_reason=said.stop_reason,
        stop_sequence=said.stop_sequence,
        usage=usage_of(said.content, request, stop_reason=said.stop_reason, prompt=prompt),
        model=None if known is None else known.id,
    )


def _say(request: Mapping[str, Any], rng: Random, ids: Mint) -> _Said:
    before = _thinking(request, rng, ids)
    tools = calls.forced(request)
    if tools:
        tool = rng.choice(tools)
        block = {"type": "tool_use", "id": ids.tool_use(), "name": tool["name"], "input": calls.call(tool, rng)}
        return _Said((*before, block | {"caller": {"type": "direct"}}), "tool_use")
    schema = _format(request)
    text = prose.answer(request, rng) if schema is None else _json(example(schema, rng))
    return _Said((*before, {"type": "text", "text": text}))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _format(request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Give the JSON Schema the answer has to fit; None for free text."""
    config = request.get("output_config") or {}
    wanted = config.get("format") or request.get("output_format") or {}
    schema = wanted.get("schema")
    return schema if isinstance(schema, Mapping) else None


def _thinking(request: Mapping[str, Any], rng: Random, ids: Mint) -> tuple[Block, ...]:
    asked = request.get("thinking") or {}
    if asked.get("type") not in ("enabled", "adaptive"):
        return ()
    known = find(str(request.get("model")))
    usual = "omitted" if known is not None and known.era.hides_thinking else "summarized"
    text = prose.thought(rng) if asked.get("display", usual) != "omitted" else ""
    return ({"type": "thinking", "thinking": text, "signature": ids.signature()},)


def _stopped(said: _Said, sequences: Sequence[str]) -> _Said:
    """End the text before the first stop sequence in it."""
    *before, last = said.content
    text = last["text"]
    found = [(text.index(sequence), sequence) for sequence in sequences if sequence in text]
    if not found:
        return said
    place, sequence = min(found)
    return _Said(tuple(_with_text(before, last, text[:place])), "stop_sequence", sequence)


def _with_text(before: Sequence[Block], last: Block, text: str) -> list[Block]:
    return [*before, {**last, "text": text}] if text else list(before)


def _limited(said: _Said, request: Mapping[str, Any]) -> _Said:
    """End the answer where `max_tokens` is used up."""
    limit, model = request.get("max_tokens"), str(request.get("model"))
    if limit is None or count_output(said.content, model) <= limit:
        return said
    kept: list[Block] = []
    for block in said.content:
        if count_output([*kept, block], model, ended=False) <= limit:
            kept.append(block)
            continue
        kept += _cut(kept, block, limit, model)
        break
    return replace(said, content=tuple(kept), stop_reason="max_tokens", stop_sequence=None)


def _cut(kept: Sequence[Block], block: Block, limit: int, model: str) -> list[Block]:
    """Shorten a text to what is left; a call keeps its name and loses its input, thinking its text, if anything is left."""
    if limit <= count_output(kept, model, ended=False):
        return []
    if block["type"] == "tool_use":
        return [{**block, "input": {}}]
    if block["type"] == "thinking":
        return [{**block, "thinking": ""}]
    fits, beyond = 0, len(block["text"]) + 1
    while beyond - fits > 1:
        middle = (fits + beyond) // 2
        short = {**block, "text": block["text"][:middle]}
        fits, beyond = (middle, beyond) if count_output([*kept, short], model, ended=False) <= limit else (fits, middle)
    return [{**block, "text": block["text"][:fits]}] if fits else []
