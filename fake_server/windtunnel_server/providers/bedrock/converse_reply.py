"""Replies as Converse writes them: its own blocks, keys in the order of the alphabet (recorded, 2024 to 2026)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from random import Random
from typing import Any, Final

from windtunnel_server.providers.bedrock.framing import Piece
from windtunnel_server.wire import eventstream
from windtunnel_server.wire.events import Event
from windtunnel_server.wire.generation import Generation
from windtunnel_server.wire.message import Reply

#: From here on usage has no count of what was written to the cache where nothing was (recorded: Sonnet 5).
_NEWER: Final = (4, 7)
#: Models before these do not cache, and say nothing of it.
_FIRST_WITH_CACHE: Final = (3, 7)

#: Stop reasons under another name; `refusal` and `pause_turn` are unverified.
_STOPS: Final = {"refusal": "content_filtered", "pause_turn": "end_turn"}


def answer(reply: Reply, *, usage: Mapping[str, Any], generation: Generation, taken_s: float) -> dict[str, Any]:
    """Write a reply as the body of Converse's answer. `usage` has first-party keys."""
    content = [part for block in reply.content if (part := _block(block)) is not None]
    return {
        "metrics": {"latencyMs": round(taken_s * 1000)},
        "output": {"message": {"content": content, "role": "assistant"}},
        "stopReason": stop_reason(reply),
        "usage": _usage(usage, cache=generation >= _FIRST_WITH_CACHE, quiet=generation >= _NEWER),
    }


def stop_reason(reply: Reply) -> str:
    return _STOPS.get(reply.stop_reason, reply.stop_reason)


def pieces(
    said: Iterable[Event], *, stop_reason: str, usage: Mapping[str, Any], rng: Random, taken_s: float
) -> Iterator[Piece]:
    """Write the events of a reply as the frames of ConverseStream."""
    for event in said:
        for name, payload in _EVENTS.get(event.name, _nothing)(event):
            yield _piece(name, payload, rng, event.tokens)
    yield _piece("messageStop", {"stopReason": stop_reason}, rng)
    metadata = {"metrics": {"latencyMs": round(taken_s * 1000)}, "usage": _usage(usage, cache=False, quiet=True)}
    yield _piece("metadata", metadata, rng)


def _piece(name: str, payload: Mapping[str, Any], rng: Random, tokens: int = 0) -> Piece:
    padded = {**payload, "p": eventstream.padding(rng)}
    return Piece(name, eventstream.event(name, dict(sorted(padded.items()))), tokens)


# --- blocks ----------------------------------------------------------------------------------------------------------


def _block(block: Mapping[str, Any]) -> dict[str, Any] | None:
    """Write a block; None for one that Converse has no word for (server tools, compaction)."""
    kind = block["type"]
    if kind == "text":
        return _cited(block) if block.get("citations") else {"text": block["text"]}
    if kind == "tool_use":
        use = {"input": block["input"], "name": block["name"], "toolUseId": block["id"], "type": "tool_use"}
        return {"toolUse": use}
    if kind == "thinking":
        said = {"signature": block.get("signature", ""), "text": block.get("thinking", "")}
        return {"reasoningContent": {"reasoningText": said}}
    if kind == "redacted_thinking":
        return {"reasoningContent": {"redactedContent": block["data"]}}
    return None


def _cited(block: Mapping[str, Any]) -> dict[str, Any]:
    citations = [_citation(one) for one in block["citations"]]
    return {"citationsContent": {"citations": citations, "content": [{"text": block["text"]}]}}


def _citation(citation: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {"sourceContent": [{"text": citation.get("cited_text", "")}]}
    for start, place in _PLACES.items():
        if start in citation and "document_index" in citation:
            end = citation[start.replace("start", "end")]
            where = {"documentIndex": citation["document_index"], "end": end, "start": citation[start]}
            out = {"location": {place: where}, **out}
    if "search_result_index" in citation:
        found = {"end": citation["end_block_index"], "searchResultIndex": citation["search_result_index"]}
        where = {"searchResultLocation": found | {"start": citation["start_block_index"]}}
        return {"location": where, "source": citation["source"], **out, "title": citation["title"] or ""}
    return out | {"title": citation.get("document_title") or citation.get("title") or ""}


#: First-party key → where a citation points, in Converse's word.
_PLACES: Final = {
    "start_char_index": "documentChar",
    "start_page_number": "documentPage",
    "start_block_index": "documentChunk",
}


# --- events ----------------------------------------------------------------------------------------------------------


def _message_start(event: Event) -> Iterator[tuple[str, dict[str, Any]]]:
    yield "messageStart", {"role": "assistant"}


def _block_start(event: Event) -> Iterator[tuple[str, dict[str, Any]]]:
    """Only tools have one (FACTS), with a type since 2026; thinking that is hidden comes as a delta."""
    assert event.payload is not None
    index, block = event.payload["index"], event.payload["content_block"]
    if block["type"] == "tool_use":
        start = {"toolUse": {"name": block["name"], "toolUseId": block["id"], "type": "tool_use"}}
        yield "contentBlockStart", {"contentBlockIndex": index, "start": start}
    elif block["type"] == "redacted_thinking":
        delta = {"reasoningContent": {"redactedContent": block["data"]}}
        yield "contentBlockDelta", {"contentBlockIndex": index, "delta": delta}


def _block_delta(event: Event) -> Iterator[tuple[str, dict[str, Any]]]:
    assert event.payload is not None
    delta = event.payload["delta"]
    if delta["type"] in _DELTAS:
        said = _DELTAS[delta["type"]](delta)
        yield "contentBlockDelta", {"contentBlockIndex": event.payload["index"], "delta": said}


def _block_stop(event: Event) -> Iterator[tuple[str, dict[str, Any]]]:
    assert event.payload is not None
    yield "contentBlockStop", {"contentBlockIndex": event.payload["index"]}


def _nothing(event: Event) -> Iterator[tuple[str, dict[str, Any]]]:
    yield from ()


_EVENTS: Final[Mapping[str, Callable[[Event], Iterator[tuple[str, dict[str, Any]]]]]] = {
    "message_start": _message_start,
    "content_block_start": _block_start,
    "content_block_delta": _block_delta,
    "content_block_stop": _block_stop,
}

_DELTAS: Final[Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "text_delta": lambda delta: {"text": delta["text"]},
    "input_json_delta": lambda delta: {"toolUse": {"input": delta["partial_json"]}},
    "thinking_delta": lambda delta: {"reasoningContent": {"text": delta["thinking"]}},
    "signature_delta": lambda delta: {"reasoningContent": {"signature": delta["signature"]}},
    "citations_delta": lambda delta: {"citation": _citation(delta["citation"])},
}


def _usage(usage: Mapping[str, Any], *, cache: bool, quiet: bool) -> dict[str, Any]:
    """Write the counts. `cache`: those of the cache too, used or not; `quiet`: not that of writing, where it is 0."""
    read, written = usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]
    out: dict[str, Any] = {}
    lifetimes = usage.get("cache_creation") or {}
    details = [
        {"inputTokens": lifetimes[f"ephemeral_{ttl}_input_tokens"], "ttl": ttl}
        for ttl in ("1h", "5m")
        if lifetimes.get(f"ephemeral_{ttl}_input_tokens")
    ]
    if details:
        out["cacheDetails"] = details
    if cache or read or written:
        out |= {"cacheReadInputTokenCount": read, "cacheReadInputTokens": read}
        if written or not quiet:
            out |= {"cacheWriteInputTokenCount": written, "cacheWriteInputTokens": written}
    given, said = usage["input_tokens"], usage["output_tokens"]
    out |= {"inputTokens": given, "outputTokens": said, "serverToolUsage": {}}
    return out | {"totalTokens": given + said + read + written}
