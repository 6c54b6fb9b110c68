"""The reply nobody scripted: sensible for the request, plainly made up, the same for the same request and seed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from random import Random
from typing import Any, Final

from windtunnel_server.model import calls, citing, deciding, hosted, prose, question
from windtunnel_server.model.cutting import Said, limited, stopped
from windtunnel_server.model.finish import finish, usage_of
from windtunnel_server.model.mint import Mint
from windtunnel_server.model.models import find
from windtunnel_server.model.schema import example
from windtunnel_server.wire.message import Block, Reply, Usage

__all__ = ["compose", "finish"]

#: A conversation with this in it is thought over behind closed doors (recorded: Sonnet 4.5 and 4.6).
_REDACTS: Final = "ANTHROPIC_MAGIC_STRING_TRIGGER_REDACTED_THINKING_"
#: How often a word is said before tools are called (recorded: about every other time).
_ANNOUNCES: Final = 0.5


def compose(request: Mapping[str, Any], *, seed: int, ids: Mint, prompt: Usage | None = None, at: float = 0.0) -> Reply:
    """Answer a valid Messages request. `prompt` is the input side of its usage; None: counted here. `at`: POSIX seconds.

    A forced tool choice gives a call whose input fits the tool's schema, a structured output format gives fitting JSON,
    everything else a text, which cites what may be cited. Tools left to choice are called where the question plainly
    asks for them, once or twice (`deciding.py`), so that an agent's loop comes to an end; those the service runs are
    run. Thinking comes first where it was asked for; `stop_sequences` and `max_tokens` cut.
    """
    rng = prose.rng_for(request, seed)
    said = _say(request, seed, rng, ids, at)
    said = limited(stopped(said, request.get("stop_sequences") or ()), request, ids)
    known = find(str(request.get("model")))
    return Reply(
        content=said.content,
        stop_reason=said.stop_reason,
        stop_sequence=said.stop_sequence,
        usage=usage_of(said.content, request, stop_reason=said.stop_reason, prompt=prompt),
        model=None if known is None else known.id,
        container=said.container,
    )


def _say(request: Mapping[str, Any], seed: int, rng: Random, ids: Mint, at: float) -> Said:
    before = _thinking(request, rng, ids)
    forced = calls.forced(request)
    if forced:
        return Said((*before, calls.block(rng.choice(forced), ids.tool_use(), rng)), "tool_use")
    tools = deciding.wanted(request, seed=seed)
    if tools:
        return _calling(request, tools, before, rng, ids, at)
    ran = hosted.run(request, rng, ids, at)
    if ran is None:
        return Said((*before, *_answer(request, rng)))
    cited = (ran.cited,) if ran.cited and _format(request) is None else ()
    container = hosted.container(request, ids, at) if ran.contained else None
    return Said((*before, *ran.blocks, *_answer(request, rng), *cited), container=container)


def _calling(
    request: Mapping[str, Any],
    tools: deciding.Tools,
    before: tuple[Block, ...],
    rng: Random,
    ids: Mint,
    at: float,
) -> Said:
    said: list[Block] = list(before)
    if rng.random() < _ANNOUNCES:
        said.append({"type": "text", "text": prose.announcement(tools)})
    hidden = deciding.undiscovered(request, tools)
    searches = [tool for tool in request["tools"] if str(tool.get("type")).startswith("tool_search_tool_")]
    if hidden and searches:
        around = hosted.Circumstances(text=question.words(request), rng=rng, ids=ids, at=at)
        said += hosted.search_tools(searches[0], [tool["name"] for tool in hidden], around).blocks
    said += [calls.block(tool, ids.tool_use(), rng) for tool in tools]
    return Said(tuple(said), "tool_use")


def _answer(request: Mapping[str, Any], rng: Random) -> tuple[Block, ...]:
    schema = _format(request)
    if schema is not None:
        return ({"type": "text", "text": _json(example(schema, rng))},)
    text: Block = {"type": "text", "text": prose.answer(request, rng)}
    cited = citing.cited(request)
    return (text,) if cited is None else (text, cited)


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
    if any(_REDACTS in question.text_of(message) for message in question.conversation(request)):
        return ({"type": "redacted_thinking", "data": ids.signature()},)
    known = find(str(request.get("model")))
    usual = "omitted" if known is not None and known.era.hides_thinking else "summarized"
    text = prose.thought(rng) if asked.get("display", usual) != "omitted" else ""
    return ({"type": "thinking", "thinking": text, "signature": ids.signature(text)},)
