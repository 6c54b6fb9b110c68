"""A reply as a JSON message, and as a stream of events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from windtunnel_server.wire import blocks, sse, usage
from windtunnel_server.wire.grammar import EVENT_GRAMMAR, check_grammar
from windtunnel_server.wire.message import Block, Reply
from windtunnel_server.wire.slices import NATURAL, Cutter, Slicing

__all__ = [
    "EVENT_GRAMMAR",
    "NATURAL",
    "Event",
    "Slicing",
    "check_grammar",
    "encode_stream",
    "message",
    "ping",
    "stream",
]

#: Characters a token stands for where the reply does not say how many it has.
_CHARACTERS_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event. `payload` is None for a ping; `tokens` are the output tokens it brings, for pacing."""

    name: str
    payload: Mapping[str, Any] | None = None
    tokens: int = 0


def ping() -> Event:
    return Event("ping")


def message(reply: Reply, *, model: str, message_id: str) -> dict[str, Any]:
    """Write a reply as the value of a non-streamed answer (key order of 2026-08).

    `model` and `message_id` stand in where the reply names none.
    """
    model = reply.model or model
    out = _head(reply, model, message_id) | {"content": [blocks.whole(block) for block in reply.content]}
    if reply.container is not None:
        out["container"] = reply.container
    out |= {**_stop(reply), "usage": usage.full(reply.usage, model=model)}
    if reply.context_management is not None:
        out["context_management"] = reply.context_management
    return out


def stream(
    reply: Reply, *, model: str, message_id: str, rng: Random, slicing: Slicing = NATURAL, estimates: bool = False
) -> list[Event]:
    """Write a reply as events, message_start to message_stop, with the usual ping behind the first block's start.

    `estimates`: deltas of thinking tell how much of it there is about (beta `thinking-token-count-2026-05-13`).

    Joined, the deltas are the reply's content again. The tokens of the events sum up to the reply's `output_tokens`
    (thinking deltas share the thinking tokens), or to a quarter of the characters where it has none. What a compaction
    wrote comes on top, where `iterations` count it.
    """
    model = reply.model or model
    said = list(_content(reply, Cutter(model, slicing, rng)))
    started = _head(reply, model, message_id) | {
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "stop_details": None,
        "usage": usage.at_start(reply.usage, model=model, rng=rng),
    }
    return [
        Event("message_start", {"type": "message_start", "message": started}),
        *(_estimated(said, reply) if estimates else said),
        Event("message_delta", _message_delta(reply)),
        Event("message_stop", {"type": "message_stop"}),
    ]


def encode_stream(events: Iterable[Event], rng: Random) -> list[tuple[str, bytes]]:
    """Write events as (name, bytes), each but a ping padded at random."""
    return [(event.name, _bytes(event, rng)) for event in events]


def _bytes(event: Event, rng: Random) -> bytes:
    if event.payload is None:
        return sse.PING
    return sse.encode(event.name, event.payload, pad=rng.randint(0, sse.MAX_PAD))


def _head(reply: Reply, model: str, message_id: str) -> dict[str, Any]:
    return {"model": model, "id": reply.id or message_id, "type": "message", "role": "assistant"}


def _stop(reply: Reply) -> dict[str, Any]:
    return {"stop_reason": reply.stop_reason, "stop_sequence": reply.stop_sequence, "stop_details": reply.stop_details}


def _message_delta(reply: Reply) -> dict[str, Any]:
    delta = _stop(reply)
    if reply.container is not None:
        delta["container"] = reply.container
    payload = {"type": "message_delta", "delta": delta, "usage": usage.at_end(reply.usage)}
    if reply.context_management is not None:
        payload["context_management"] = reply.context_management
    return payload


def _content(reply: Reply, cutter: Cutter) -> Iterator[Event]:
    cut = [_deltas(block, reply, cutter) for block in reply.content]
    tokens = iter(_tokens(reply, cut))
    for index, (block, deltas) in enumerate(zip(reply.content, cut, strict=True)):
        opening = blocks.whole(block) if _arrives_whole(block) else blocks.start(block)
        place = {"type": "content_block_start", "index": index}
        yield Event("content_block_start", place | {"content_block": opening})
        if index == 0:
            yield ping()
        for delta, _ in deltas:
            payload = {"type": "content_block_delta", "index": index, "delta": delta}
            yield Event("content_block_delta", payload, next(tokens))
        if not _breaks_off(block, reply):
            yield Event("content_block_stop", {"type": "content_block_stop", "index": index})


def _estimated(events: Iterable[Event], reply: Reply) -> Iterator[Event]:
    """Tell the tokens of hidden thinking in a delta of their own, before the empty one (one recording, 2026-08).

    Rounded up to 50, as recorded. That deltas with a text have the key too, and null, is unverified.
    """
    tokens = -(-(reply.usage.thinking_tokens or 1) // 50) * 50
    for event in events:
        delta = (event.payload or {}).get("delta") or {}
        if event.payload is None or delta.get("type") != "thinking_delta":
            yield event
            continue
        if not delta["thinking"]:
            yield Event(event.name, {**event.payload, "delta": {**delta, "estimated_tokens": tokens}})
        yield Event(event.name, {**event.payload, "delta": {**delta, "estimated_tokens": None}}, event.tokens)


def _deltas(block: Block, reply: Reply, cutter: Cutter) -> list[blocks.Delta]:
    return [] if _arrives_whole(block) else list(blocks.deltas(block, cutter))


def _arrives_whole(block: Block) -> bool:
    # Compaction on demand (wire.md 9.4): its blocks are signed, and no delta could bring a signature.
    return block["type"] == "compaction" and bool(block.get("signature"))


def _breaks_off(block: Block, reply: Reply) -> bool:
    # Eager tool input (a string: not valid JSON) that max_tokens cut off has no stop (one recording, 2025).
    return block is reply.content[-1] and isinstance(block.get("input"), str) and reply.stop_reason == "max_tokens"


def _tokens(reply: Reply, cut: Sequence[Sequence[blocks.Delta]]) -> list[int]:
    placed = [
        (str(block["type"]), weight) for block, deltas in zip(reply.content, cut, strict=True) for _, weight in deltas
    ]
    summary = _in_summaries(reply)
    weights = [0 if summary and kind == "compaction" else weight for kind, weight in placed]
    summarised = spread(summary, [weight if kind == "compaction" else 0 for kind, weight in placed])
    thought = [kind == "thinking" for kind, _ in placed]
    answered = _answered(reply, weights, thought)
    return [a + b for a, b in zip(summarised, answered, strict=True)]


def _in_summaries(reply: Reply) -> int:
    """Count the output of the iterations that compacted; the reply's own count is without it."""
    rounds = reply.usage.iterations or ()
    return sum(int(one.get("output_tokens") or 0) for one in rounds if one.get("type") == "compaction")


def _answered(reply: Reply, weights: Sequence[int], thought: Sequence[bool]) -> list[int]:
    total = reply.usage.output_tokens or -(-sum(weights) // _CHARACTERS_A_TOKEN)
    thinking = min(reply.usage.thinking_tokens or 0, total)
    inside = [weight if mine else 0 for weight, mine in zip(weights, thought, strict=True)]
    outside = [0 if mine else weight for weight, mine in zip(weights, thought, strict=True)]
    if not thinking or not any(inside) or not any(outside):
        return spread(total, weights)
    inner, outer = spread(thinking, inside), spread(total - thinking, outside)
    return [a + b for a, b in zip(inner, outer, strict=True)]


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Share `total` out by weight, in whole numbers that sum up to it; nothing where all weights are 0."""
    whole = sum(weights)
    if not whole:
        return [0] * len(weights)
    shares, seen, given = [], 0, 0
    for weight in weights:
        seen += weight
        shares.append(total * seen // whole - given)
        given += shares[-1]
    return shares
