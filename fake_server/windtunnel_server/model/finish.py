"""A scripted reply made whole: ids, signatures, stop reason and usage where the script left them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from windtunnel_server.model.mint import Mint
from windtunnel_server.model.models import find
from windtunnel_server.model.overlay import overlay
from windtunnel_server.model.tokens import count_input, count_output, count_thinking
from windtunnel_server.script import ReplySpec, ScriptError
from windtunnel_server.wire.message import Block, Reply, Usage


def finish(
    spec: ReplySpec, request: Mapping[str, Any], *, ids: Mint, seed: int = 0, prompt: Usage | None = None
) -> Reply:
    """Turn what a script says into a reply. `prompt` is the input side of its usage; None: counted here.

    Ids of tool calls are minted, results without a `tool_use_id` go to the first call before them that has none yet,
    thinking is signed, the stop reason follows from the content, and usage is counted; the usage keys the script
    gives replace the counted ones. Nothing here is left to chance but the ids, so `seed` changes nothing.

    Raises ScriptError for a result without a call and for usage keys that are none.
    """
    content = _linked(spec.content, ids)
    stop_reason = spec.stop_reason or _stop_reason(spec, content)
    known = find(str(request.get("model")))
    return Reply(
        content=content,
        stop_reason=stop_reason,
        stop_sequence=spec.stop_sequence,
        stop_details=spec.stop_details,
        usage=overlay(usage_of(content, request, stop_reason=stop_reason, prompt=prompt), spec.usage or {}),
        model=spec.model or (None if known is None else known.id),
        id=spec.id,
        container=spec.container,
        context_management=spec.context_management,
    )


def usage_of(
    content: Iterable[Block], request: Mapping[str, Any], *, stop_reason: str, prompt: Usage | None = None
) -> Usage:
    """Count a reply; `prompt` is the input side, where that has been counted already.

    An answer that `max_tokens` cut has used just that many, unless more was scripted. Thinking tokens are named where
    there is thinking, and always (0) from Opus 4.7 on, as recorded since July 2026.
    """
    # What a compaction writes is a round of its own in `iterations` (wire.md 8.1).
    blocks = tuple(block for block in content if block.get("type") != "compaction")
    model = str(request.get("model"))
    cut = stop_reason == "max_tokens"
    output = count_output(blocks, model, ended=not cut, request=request)
    if cut and isinstance(request.get("max_tokens"), int):
        output = request["max_tokens"]
    known = find(model)
    thinks = any(block.get("type") in ("thinking", "redacted_thinking") for block in blocks)
    tells = thinks or known is None or known.era.vocabulary != "v3"
    return replace(
        prompt or Usage(input_tokens=count_input(request)),
        output_tokens=output,
        thinking_tokens=min(output, count_thinking(blocks, model)) if tells else None,
        server_tool_use=_server_tools(blocks),
    )


def _server_tools(blocks: Iterable[Block]) -> Mapping[str, int] | None:
    """Count the runs of the web tools; both counts are told wherever any tool of the service ran (recorded, 2026)."""
    names = [block.get("name") for block in blocks if block.get("type") in ("server_tool_use", "mcp_tool_use")]
    return {f"{name}_requests": names.count(name) for name in ("web_search", "web_fetch")} if names else None


def _stop_reason(spec: ReplySpec, content: Iterable[Block]) -> str:
    if spec.stop_details is not None:
        return "refusal"
    if spec.stop_sequence is not None:
        return "stop_sequence"
    return "tool_use" if any(block.get("type") == "tool_use" for block in content) else "end_turn"


def _linked(content: Iterable[Block], ids: Mint) -> tuple[Block, ...]:
    open_calls: dict[str, list[str]] = {"server_tool_use": [], "mcp_tool_use": []}
    done: list[Block] = []
    for place, block in enumerate(content):
        whole = _with_result_id(block, open_calls, place) if _is_result(block) else _with_id(block, ids)
        if whole["type"] in open_calls:
            open_calls[whole["type"]].append(whole["id"])
        done.append(whole)
    return tuple(done)


def _with_id(block: Block, ids: Mint) -> Block:
    kind = block["type"]
    if kind == "thinking":
        return block if block.get("signature") else {**block, "signature": ids.signature(block.get("thinking") or "")}
    mints = {"tool_use": ids.tool_use, "server_tool_use": ids.server_tool_use, "mcp_tool_use": ids.mcp_tool_use}
    if kind not in mints:
        return block
    called = {
        "type": kind,
        "id": block.get("id") or mints[kind](),
        "name": block.get("name"),
        "input": block.get("input", {}),
    }
    direct = {"caller": {"type": "direct"}} if kind == "tool_use" else {}
    return {**called, **direct, **{key: value for key, value in block.items() if key not in called}}


def _is_result(block: Block) -> bool:
    return str(block["type"]).endswith("_tool_result")


def _with_result_id(block: Block, open_calls: Mapping[str, list[str]], place: int) -> Block:
    """Tie a result to its call: the one it names, else the first that still waits."""
    kind = "mcp_tool_use" if block["type"] == "mcp_tool_result" else "server_tool_use"
    waiting = open_calls[kind]
    named = block.get("tool_use_id")
    if named is None and not waiting:
        raise ScriptError(
            f"reply: content[{place}] is a {block['type']} and no {kind} before it waits for a result; "
            f"put the {kind} block in front of it, or give it a tool_use_id"
        )
    chosen = waiting[0] if named is None else named
    if chosen in waiting:
        waiting.remove(chosen)
    rest = {key: value for key, value in block.items() if key not in ("type", "tool_use_id")}
    return {"type": block["type"], "tool_use_id": chosen, **rest}
