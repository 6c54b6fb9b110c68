"""Bedrock's answers in first-party shapes: frames as events, Converse's messages as messages, Amazon's errors."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from windtunnel.verdicts._message_reader import MessageReader
from windtunnel_server.journal import Entry
from windtunnel_server.wire.eventstream import CONTENT_TYPE, Decoder, Frame, FrameError

#: Converse's counts and what the API calls them.
_COUNTS: Final = {
    "inputTokens": "input_tokens",
    "outputTokens": "output_tokens",
    "cacheReadInputTokens": "cache_read_input_tokens",
    "cacheWriteInputTokens": "cache_creation_input_tokens",
}

#: A block of ConverseStream has a beginning only where it is a tool call; of the others the first delta tells the type.
_BEGUN_BY: Final = {
    "text": ("text", "text"),
    "toolUse": ("tool_use", "input"),
    "reasoningContent": ("thinking", "thinking"),
}


def is_stream(entry: Entry, body: bytes) -> bool:
    """Say whether the answer is a stream of frames: by its body, which clients go by too; one that is empty by its head."""
    return body.lstrip()[:1] != b"{" if body.strip() else _named(entry) == CONTENT_TYPE


def doubts_about(entry: Entry, *, streamed: bool) -> list[str]:
    """Say what is doubtful about the head of an answer."""
    expected, named = CONTENT_TYPE if streamed else "application/json", _named(entry)
    doubts = [] if named == expected else [f"the content-type is {named or 'missing'}"]
    if streamed and entry.response_header("content-encoding") is not None:
        doubts.append("the frames are compressed, and botocore reads them as they come")
    return doubts


def _named(entry: Entry) -> str:
    return (entry.response_header("content-type") or "").partition(";")[0].strip().lower()


def refusal(entry: Entry, body: bytes) -> tuple[str | None, str | None]:
    """Return the name Amazon gives an error, and its message."""
    named = (entry.response_header("x-amzn-errortype") or "").partition(":")[0]
    said = _object(body)
    inner = said.get("error")
    message = inner.get("message") if isinstance(inner, dict) else said.get("message", said.get("Message"))
    return named or entry.error_type, message if isinstance(message, str) else None


def message(entry: Entry, said: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the message of an answer in one piece; None where it is none."""
    if said is None or not entry.path.endswith("/converse"):
        return said
    try:
        content = [block for part in said["output"]["message"]["content"] for block in _blocks(part)]
        return {"content": content, "stop_reason": said["stopReason"], "usage": _usage(said["usage"])}
    except (LookupError, TypeError):
        return None


def read_stream(body: bytes, reader: MessageReader) -> list[str]:
    """Hand the events of a stream to `reader` as far as they can be read; return what is doubtful about the rest."""
    frames, doubts = _frames(body)
    converse = _Converse(reader)
    for frame in frames:
        if frame.exception is not None:
            type, text = frame.exception
            reader.event("error", json.dumps({"error": {"type": type, "message": text}}))
        elif frame.event_type == "chunk":
            _take_chunk(_inside(frame), reader)
        elif frame.event_type is not None:
            converse.take(frame.event_type, _object(frame.payload))
    if doubts:
        reader.lost = True
    return doubts


def _take_chunk(data: bytes, reader: MessageReader) -> None:
    """Hand on the event in a chunk. One without a type is dropped by clients; one that is no JSON they raise for."""
    said = _object(data)
    if not said:
        reader.event("message", data.decode("utf-8", "replace"))
    elif isinstance(said.get("type"), str):
        reader.event(said["type"], data.decode("utf-8", "replace"))


class _Converse:
    """Turns the frames of ConverseStream into events of the Messages API."""

    def __init__(self, reader: MessageReader) -> None:
        self._reader = reader
        self._begun: set[int] = set()

    def take(self, name: str, said: Mapping[str, Any]) -> None:
        make = getattr(self, f"_{name}", None)
        if make is None:
            return
        try:
            for event in make(said):
                self._reader.event(event["type"], json.dumps(event))
        except (LookupError, TypeError, StopIteration):
            self._reader.event("message", "")

    def _messageStart(self, said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"type": "message_start", "message": {}}

    def _contentBlockStart(self, said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        tool = said["start"]["toolUse"]
        block = {"type": "tool_use", "id": tool["toolUseId"], "name": tool["name"], "input": {}}
        yield self._begin(said["contentBlockIndex"], block)

    def _contentBlockDelta(self, said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        index, (kind, value) = said["contentBlockIndex"], next(iter(said["delta"].items()))
        if kind not in _BEGUN_BY:
            return
        type, key = _BEGUN_BY[kind]
        if index not in self._begun:
            yield self._begin(index, {"type": type, key: "" if type != "tool_use" else {}})
        if kind == "text":
            yield _delta(index, {"type": "text_delta", "text": value})
        elif kind == "toolUse":
            yield _delta(index, {"type": "input_json_delta", "partial_json": value["input"]})
        elif "text" in value:
            yield _delta(index, {"type": "thinking_delta", "thinking": value["text"]})

    def _contentBlockStop(self, said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"type": "content_block_stop", "index": said["contentBlockIndex"]}

    def _messageStop(self, said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        yield {"type": "message_delta", "delta": {"stop_reason": said["stopReason"]}}

    def _metadata(self, said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        # The counts come last of all, and behind the stop reason.
        yield {"type": "message_delta", "delta": {}, "usage": _usage(said["usage"])}
        yield {"type": "message_stop"}

    def _begin(self, index: int, block: dict[str, Any]) -> dict[str, Any]:
        self._begun.add(index)
        return {"type": "content_block_start", "index": index, "content_block": block}


def _delta(index: int, delta: dict[str, Any]) -> dict[str, Any]:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def _frames(body: bytes) -> tuple[list[Frame], list[str]]:
    """Read frames up to the first that is broken. Botocore's reader stops there with an exception."""
    decoder, found = Decoder(), []
    # One at a time: what stands before a broken frame was read.
    while body:
        size = int.from_bytes(body[:4], "big") or len(body)
        try:
            found += decoder.feed(body[:size])
        except FrameError as broken:
            return found, [str(broken)]
        body = body[size:]
    return found, []


def _inside(frame: Frame) -> bytes:
    try:
        return base64.b64decode(_object(frame.payload)["bytes"])
    except (LookupError, TypeError, ValueError):
        return b""


def _blocks(part: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if "text" in part:
        yield {"type": "text", "text": part["text"]}
    elif "citationsContent" in part:
        yield {"type": "text", "text": "".join(piece["text"] for piece in part["citationsContent"]["content"])}
    elif "toolUse" in part:
        use = part["toolUse"]
        yield {"type": "tool_use", "id": use["toolUseId"], "name": use["name"], "input": use["input"]}
    elif "reasoningText" in part.get("reasoningContent", {}):
        yield {"type": "thinking", "thinking": part["reasoningContent"]["reasoningText"]["text"]}


def _usage(usage: Mapping[str, Any]) -> dict[str, Any]:
    return {ours: usage[theirs] for theirs, ours in _COUNTS.items() if theirs in usage}


def _object(data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
