"""Put a message together again from its events, as the streaming helper of a client does."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

_Block: TypeAlias = dict[str, Any]

#: What each delta adds to its block; the input of a tool is gathered as text first.
_ADD: Mapping[str, Callable[[_Block, Mapping[str, Any]], None]] = {
    "text_delta": lambda block, delta: block.update(text=block["text"] + delta["text"]),
    "thinking_delta": lambda block, delta: block.update(thinking=block["thinking"] + delta["thinking"]),
    "signature_delta": lambda block, delta: block.update(signature=delta["signature"]),
    "citations_delta": lambda block, delta: block.setdefault("citations", []).append(delta["citation"]),
    "input_json_delta": lambda block, delta: block.update(input=(block["input"] or "") + delta["partial_json"]),
    "compaction_delta": lambda block, delta: block.update({k: v for k, v in delta.items() if k != "type"}),
}


def from_events(events: list[tuple[str, str]]) -> dict[str, Any]:
    """Return the message that (name, data) events describe; ValueError or LookupError where they are not whole."""
    message: dict[str, Any] = {}
    for _, data in events:
        payload = json.loads(data)
        if payload["type"] == "message_start":
            message = payload["message"]
        elif payload["type"] == "content_block_start":
            message["content"].append(payload["content_block"])
        elif payload["type"] == "content_block_delta":
            _ADD[payload["delta"]["type"]](message["content"][payload["index"]], payload["delta"])
        elif payload["type"] == "content_block_stop":
            _parse_input(message["content"][payload["index"]])
        elif payload["type"] == "message_delta":
            _finish(message, payload)
    if "usage" not in message:
        raise LookupError("the stream has no message_start")
    return message


def _parse_input(block: _Block) -> None:
    if isinstance(block.get("input"), str):
        block["input"] = json.loads(block["input"] or "{}")


def _finish(message: dict[str, Any], payload: Mapping[str, Any]) -> None:
    message.update(payload["delta"])
    message["usage"].update(payload["usage"])
    if "context_management" in payload:
        message["context_management"] = payload["context_management"]
