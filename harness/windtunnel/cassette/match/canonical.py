"""A request's body without what clients vary from run to run and from version to version.

Left out or brought into one form: order of keys, `1.0` for `1`, members that are null, `stream: false`, a text for a list
of one text block, `cache_control` and cache points (they move from turn to turn), `metadata.user_id`, order of betas, the
boundary of forms. The ids of tool calls are the service's own: they are numbered in their order, so that requests agree
where their ids can be mapped one to one. The input of tools and their schemas stay as they are, but for the order of keys.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, Final

#: Members of a request that say nothing of what is asked.
_LEFT_OUT: Final = ("cache_control",)
_BOUNDARY: Final = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
#: Where the ids of Converse stand.
_CONVERSE: Final = ("toolUse", "toolResult")


def canonical(body: bytes, content_type: str | None = None) -> Any:
    """Return a body as it is compared: JSON values, a text, or bytes."""
    try:
        value = _JSON.decode(body.decode("utf-8"))
    except (ValueError, RecursionError):
        return _unread(body, content_type or "")
    return _request(value) if isinstance(value, dict) else value


def digest(value: Any) -> bytes:
    """Return a short digest of a canonical body; equal ones have equal digests."""
    data = value if isinstance(value, bytes) else _ENCODER.encode(value).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=20).digest()


def _whole(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


_JSON: Final = json.JSONDecoder(parse_float=_whole)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False)


def _unread(body: bytes, content_type: str) -> Any:
    boundary = _BOUNDARY.search(content_type)
    return body if boundary is None else body.replace(boundary[1].encode(), b"boundary")


def _request(body: Mapping[str, Any]) -> dict[str, Any]:
    ids = _Ids()
    read = {"system": ids.content, "messages": ids.messages, "tools": _tools, "toolConfig": _tool_config}
    found = {
        name: read[name](value) if name in read else value
        for name, value in body.items()
        if value is not None and name not in _LEFT_OUT
    }
    if found.get("stream") is False:
        del found["stream"]
    if isinstance(found.get("anthropic_beta"), list):
        found["anthropic_beta"] = sorted(map(str, found["anthropic_beta"]))
    return _without_user(found)


def _without_user(request: dict[str, Any]) -> dict[str, Any]:
    metadata = request.pop("metadata", None)
    kept = (
        {key: value for key, value in metadata.items() if key != "user_id"} if isinstance(metadata, dict) else metadata
    )
    return request | {"metadata": kept} if kept else request


def _tools(tools: Any) -> Any:
    return [_bare(tool) for tool in tools] if isinstance(tools, list) else tools


def _tool_config(config: Any) -> Any:
    if not isinstance(config, dict) or not isinstance(config.get("tools"), list):
        return config
    return config | {"tools": [tool for tool in config["tools"] if not _is_cache_point(tool)]}


def _bare(item: Any) -> Any:
    if not isinstance(item, dict):
        return item
    return {key: value for key, value in item.items() if value is not None and key != "cache_control"}


def _is_cache_point(item: Any) -> bool:
    return isinstance(item, dict) and "cachePoint" in item


class _Ids:
    """The ids of tool calls in one request, numbered in the order in which they appear."""

    def __init__(self) -> None:
        self._numbers: dict[str, str] = {}

    def messages(self, messages: Any) -> Any:
        if not isinstance(messages, list):
            return messages
        return [
            message | {"content": self.content(message.get("content"))} if isinstance(message, dict) else message
            for message in messages
        ]

    def content(self, content: Any) -> Any:
        if isinstance(content, str):
            return [{"type": "text", "text": content}]
        if not isinstance(content, list):
            return content
        return [self._block(block) for block in content if not _is_cache_point(block)]

    def _block(self, block: Any) -> Any:
        if not isinstance(block, dict):
            return block
        found = _bare(block)
        kind = str(found.get("type", ""))
        if kind.endswith("tool_use"):
            self._number(found, "id")
        self._number(found, "tool_use_id")
        if kind.endswith("tool_result") and isinstance(found.get("content"), (str, list)):
            found["content"] = self.content(found["content"])
        if isinstance(found.get("caller"), dict) and "tool_id" in found["caller"]:
            found["caller"] = self._number(dict(found["caller"]), "tool_id")
        for name in _CONVERSE:
            if isinstance(found.get(name), dict):
                found[name] = self._number(dict(found[name]), "toolUseId")
        return found

    def _number(self, holder: dict[str, Any], key: str) -> dict[str, Any]:
        id = holder.get(key)
        if isinstance(id, str):
            holder[key] = self._numbers.setdefault(id, f"tool call {len(self._numbers) + 1}")
        return holder
