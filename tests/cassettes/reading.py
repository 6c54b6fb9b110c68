"""The words of `expected.yaml`: what a client holds in its hands, told so that a person can read it and a test compare it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

#: Texts up to this length, in characters, stand there whole; of longer ones the beginning and a hash.
_WHOLE: Final = 120
_BEGINNING: Final = 60


def told(text: str) -> str:
    """Tell a text: all of it, or how it begins, how long it is, and a hash of the whole."""
    if len(text) <= _WHOLE:
        return text
    beginning = " ".join(text[:_BEGINNING].split())
    return f"{beginning}… ({len(text)} characters, sha256 {_hashed(text.encode())})"


def answer(status: int, body: bytes) -> str:
    """Tell what came over the wire."""
    return f"{status}, {len(body)} bytes, sha256 {_hashed(body)}"


def _hashed(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()[:16]


def in_runs(names: Iterable[str]) -> list[str]:
    """Tell event types in order, with a number before one that comes several times on end; pings, no client shows."""
    runs = ((name, len(list(same))) for name, same in itertools.groupby(name for name in names if name != "ping"))
    return [name if count == 1 else f"{count} {name}" for name, count in runs]


def one_by_one(runs: Iterable[str]) -> list[str]:
    """Undo `in_runs`."""
    pairs = (run.rpartition(" ") for run in runs)
    return [name for count, _, name in pairs for _ in range(int(count or 1))]


def message(said: Mapping[str, Any]) -> dict[str, Any]:
    """Tell a message of the Messages API."""
    return {
        "message": said["id"],
        "model": said["model"],
        "stop_reason": said["stop_reason"],
        "content": [_block(block) for block in said["content"]],
        "usage": said["usage"],
    }


def _block(block: Mapping[str, Any]) -> dict[str, Any]:
    match block["type"]:
        case "text":
            return {"text": told(block["text"])}
        case "thinking":
            return {"thinking": told(block["thinking"]), "signature": told(block["signature"])}
        case "redacted_thinking":
            return {"redacted_thinking": told(block["data"])}
        case "tool_use" | "server_tool_use" as kind:
            return {kind: block["name"], "id": block["id"], "input": block["input"]}
        case kind:
            content = json.dumps(block["content"], sort_keys=True, ensure_ascii=False)
            return {kind: told(content), "tool_use_id": block["tool_use_id"]}


def converse_block(block: Mapping[str, Any]) -> dict[str, Any]:
    """Tell a content block of Converse in the same words."""
    if "text" in block:
        return {"text": told(block["text"])}
    if "toolUse" in block:
        call = block["toolUse"]
        return {"tool_use": call["name"], "id": call["toolUseId"], "input": call["input"]}
    reasoning = block["reasoningContent"]
    if "redactedContent" in reasoning:
        return {"redacted_thinking": told(base64.b64encode(reasoning["redactedContent"]).decode())}
    # A stream leaves out one of the two boxes.
    said = reasoning.get("reasoningText", reasoning)
    return {"thinking": told(said["text"]), "signature": told(said["signature"])}
