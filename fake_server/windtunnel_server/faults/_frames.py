"""Bedrock's frames as the faults see them: what an event says, and the same event saying something else."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING, Any

from windtunnel_server.plan import Plan
from windtunnel_server.script import ScriptError

if TYPE_CHECKING:
    from windtunnel_server.wire.eventstream import Frame

#: How server-sent events begin; everything else in a stream is frames.
SSE = (b"event:", b"data:")


def are_in(plan: Plan) -> bool:
    """Say whether the events of a streamed plan are AWS frames."""
    return not plan.body.startswith(SSE)


def of_invoke(plan: Plan) -> bool:
    """Say whether they are InvokeModel's, with an event of the Messages API in each; else they are Converse's."""
    found = all_of(plan.body)
    if not found:
        raise ScriptError("an earlier fault left no whole frame; lay that fault behind this one")
    return found[0].event_type == "chunk"


def all_of(body: bytes) -> list[Frame]:
    """Read the frames of a body; ScriptError where an earlier fault broke one."""
    from windtunnel_server.wire import eventstream

    try:
        return eventstream.decode(body)
    except eventstream.FrameError as broken:
        raise ScriptError(f"an earlier fault broke a frame ({broken}); lay that fault behind this one") from broken


def are_whole(data: bytes) -> bool:
    """Say whether bytes are frames to their end."""
    from windtunnel_server.wire import eventstream

    decoder = eventstream.Decoder()
    try:
        decoder.feed(data)
    except eventstream.FrameError:
        return False
    return not decoder.unfinished


def said(frame: Frame) -> bytes:
    """Return the JSON of a frame: what is wrapped up in a chunk, or the payload itself."""
    payload = _object(frame.payload)
    return base64.b64decode(payload["bytes"]) if frame.event_type == "chunk" and "bytes" in payload else frame.payload


def saying(data: bytes, text: bytes) -> bytes:
    """Return the frame with other JSON in it, or with what is none; its checksums are true."""
    from windtunnel_server.wire import eventstream

    (frame,) = all_of(data)
    if frame.event_type != "chunk":
        return eventstream.Frame(frame.headers, text).encode()
    return eventstream.chunk_of(text, pad=str(_object(frame.payload).get("p", ""))).encode()


def named(name: str) -> str:
    """Return Converse's name of an event of the Messages API: `contentBlockDelta` for `content_block_delta`."""
    return re.sub(r"_(\w)", lambda found: found[1].upper(), name)


def _object(payload: bytes) -> dict[str, Any]:
    try:
        value = json.loads(payload)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
