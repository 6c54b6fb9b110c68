"""Replies as InvokeModel writes them: first-party shapes with Bedrock's ids, counts and metrics.

The last recordings of a stream are of September 2025, of a whole answer of mid-2026; what the newer models stream is
taken to have changed in the same places (unverified).
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from random import Random
from typing import Any, Final

from windtunnel_server.providers.bedrock.framing import Piece
from windtunnel_server.wire import events, eventstream
from windtunnel_server.wire.events import Event
from windtunnel_server.wire.generation import Generation
from windtunnel_server.wire.ids import Ids
from windtunnel_server.wire.message import Reply

#: From here on answers name a service tier, a stop_details, and a longer id (one recording, Opus 4.8).
_NEWER: Final = (4, 7)
_METRICS: Final = "amazon-bedrock-invocationMetrics"
_INPUT_COUNTS: Final = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
#: So many bytes are the 52 base32 characters of the recorded id.
_ID_BYTES: Final = 32


def message_id(ids: Ids, generation: Generation, rng: Random) -> str:
    """Mint the id of a message: `msg_bdrk_01…`, on newer models 52 characters of base32 (FACTS, "Ids")."""
    if generation < _NEWER:
        return ids.message(0.0)
    return "msg_bdrk_" + base64.b32encode(rng.randbytes(_ID_BYTES)).decode("ascii").rstrip("=").lower()


def message(reply: Reply, *, model: str, id: str, generation: Generation) -> dict[str, Any]:
    """Write a reply as the body of InvokeModel's answer."""
    return _as_here(events.message(reply, model=model, message_id=id), generation)


def pieces(
    said: Iterable[Event], *, generation: Generation, rng: Random, metrics: Mapping[str, int]
) -> Iterator[Piece]:
    """Write the events of a reply as the chunks of a stream, one in each."""
    for event in said:
        if event.payload is not None:
            payload = _EVENTS.get(event.name, _same)(event, generation, metrics)
            yield Piece(event.name, eventstream.chunk(payload, pad=eventstream.padding(rng)), event.tokens)


def metrics(usage: Mapping[str, Any], *, taken_s: float, first_byte_s: float) -> dict[str, int]:
    """Write the metrics of the last chunk; cache counts only where the cache was used (recorded so)."""
    out = {
        "inputTokenCount": usage["input_tokens"],
        "outputTokenCount": usage["output_tokens"],
        "invocationLatency": round(taken_s * 1000),
        "firstByteLatency": round(first_byte_s * 1000),
    }
    if usage["cache_read_input_tokens"] or usage["cache_creation_input_tokens"]:
        out["cacheReadInputTokenCount"] = usage["cache_read_input_tokens"]
        out["cacheWriteInputTokenCount"] = usage["cache_creation_input_tokens"]
    return out


def _as_here(said: Mapping[str, Any], generation: Generation) -> dict[str, Any]:
    """Take away what only the direct API says."""
    newer = generation >= _NEWER
    gone = ("inference_geo",) if newer else ("inference_geo", "service_tier", "output_tokens_details")
    out = {key: value for key, value in said.items() if newer or key != "stop_details"}
    return out | {"usage": {key: value for key, value in said["usage"].items() if key not in gone}}


def _start(event: Event, generation: Generation, metrics: Mapping[str, int]) -> Mapping[str, Any]:
    assert event.payload is not None
    return {**event.payload, "message": _as_here(event.payload["message"], generation)}


def _delta(event: Event, generation: Generation, metrics: Mapping[str, int]) -> Mapping[str, Any]:
    """The counts of the end are those of the output alone (recorded until 2025-09)."""
    assert event.payload is not None
    newer = generation >= _NEWER
    gone = _INPUT_COUNTS if newer else (*_INPUT_COUNTS, "output_tokens_details")
    usage = {key: value for key, value in event.payload["usage"].items() if key not in gone}
    delta = {key: value for key, value in event.payload["delta"].items() if newer or key != "stop_details"}
    return {**event.payload, "delta": delta, "usage": usage}


def _stop(event: Event, generation: Generation, metrics: Mapping[str, int]) -> Mapping[str, Any]:
    return {"type": "message_stop", _METRICS: metrics}


def _same(event: Event, generation: Generation, metrics: Mapping[str, int]) -> Mapping[str, Any]:
    assert event.payload is not None
    return event.payload


_EVENTS: Final = {"message_start": _start, "message_delta": _delta, "message_stop": _stop}
