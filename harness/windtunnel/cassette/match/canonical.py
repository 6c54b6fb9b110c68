"""A request's body without what clients vary from run to run and from version to version.

Left out or brought into one form: order of keys, `1.0` for `1`, members that are null, empty lists of tools and the like,
`stream: false`, `is_error: false`, a text for a list of one text block, `cache_control` and cache points (they move from
turn to turn), `metadata.user_id`, order of betas, the boundary of forms. The ids of tool calls are the service's own: they
are numbered in their order, so that requests agree where their ids can be mapped one to one. The input of tools and
schemas stay as they are, but for the order of keys. The requests of a batch are treated like any.
"""

from __future__ import annotations

import hashlib
import json
import marshal
import re
from typing import Any, Final

#: Members that say nothing of what is asked, wherever they stand.
_LEFT_OUT: Final = frozenset({"cache_control"})
#: Members whose values are the caller's own.
_AS_SENT: Final = frozenset({"input", "input_schema", "json", "schema"})
#: Members of a request that are as good as absent when there is nothing in them.
_EMPTY: Final = ("mcp_servers", "metadata", "stop_sequences", "system", "tools")
_BOUNDARY: Final = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_BOM: Final = b"\xef\xbb\xbf"
#: Where the ids of Converse stand.
_CONVERSE: Final = ("toolUse", "toolResult")
#: What stands in every body that has a tool call or its result.
_CALLS: Final = (b"tool_use", b"tool_result", b"toolUse", b"\\u")
_METADATA: Final = b'"metadata":'


def canonical(body: bytes, content_type: str | None = None) -> Any:
    """Return a body as it is compared: JSON values, a text, or bytes."""
    try:
        value = _JSON.decode(body.removeprefix(_BOM).decode("utf-8"))
    except (ValueError, RecursionError):
        return _unread(body, content_type or "")
    # Most requests call no tool, and need not be gone through for it.
    return _request(value, calls=any(name in body for name in _CALLS)) if isinstance(value, dict) else value


def digest(value: Any) -> bytes:
    """Return a short digest of a canonical body; equal ones have equal digests."""
    data = value if isinstance(value, bytes) else _ENCODER.encode(value).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=20).digest()


def surely_same(one: Any, other: Any) -> bool:
    """Tell whether two canonical bodies are the same, faster than by their digests; False where they may yet be."""
    try:
        # This format has no references and knows true from 1; the order of keys matters to it.
        return marshal.dumps(one, 2) == marshal.dumps(other, 2)
    except ValueError:  # nested too deeply for it
        return False


def but_for_the_user(body: bytes) -> bytes:
    """Return a body without `metadata.user_id`, if that can be told without reading all of it.

    Bodies of which this leaves the same bytes are the same. Clients write a name of the session there that is another one
    at every run, and a long conversation would have to be parsed each time.
    """
    head, name, tail = body.rpartition(_METADATA)
    if not name or head[-1:] not in (b",", b"{", b" "):
        return body
    try:
        # If it can be read from here on, to the end and no further, it is a member of the request itself.
        rest = json.loads(b"{" + name + tail)
    except (ValueError, RecursionError):
        return body
    if not isinstance(rest["metadata"], dict) or "user_id" not in rest["metadata"]:
        return body
    del rest["metadata"]["user_id"]
    return head + json.dumps(rest).encode("ascii")


def _whole(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


_JSON: Final = json.JSONDecoder(parse_float=_whole)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False)


def _unread(body: bytes, content_type: str) -> Any:
    boundary = _BOUNDARY.search(content_type)
    return body if boundary is None else body.replace(boundary[1].encode(), b"boundary")


def _request(body: dict[str, Any], *, calls: bool) -> dict[str, Any]:
    found: dict[str, Any] = _plain(body)
    if isinstance(found.get("metadata"), dict):
        found["metadata"].pop("user_id", None)
    for name in _EMPTY:
        if name in found and found[name] in ([], {}, ""):
            del found[name]
    if found.get("stream") is False:
        del found["stream"]
    if isinstance(found.get("system"), str):
        found["system"] = _text(found["system"])
    if isinstance(found.get("anthropic_beta"), list):
        found["anthropic_beta"] = sorted(map(str, found["anthropic_beta"]))
    if calls:
        _number_calls(found.get("messages"))
    for request in found["requests"] if isinstance(found.get("requests"), list) else ():
        if isinstance(request, dict) and isinstance(request.get("params"), dict):
            request["params"] = _request(request["params"], calls=calls)
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: (item if key in _AS_SENT else _content(item) if key == "content" else _plain(item))
            for key, item in value.items()
            if item is not None and key not in _LEFT_OUT
        }
    if isinstance(value, list):
        return [_plain(item) for item in value if not (isinstance(item, dict) and "cachePoint" in item)]
    return value


def _content(content: Any) -> Any:
    return _text(content) if isinstance(content, str) else _plain(content)


def _text(text: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": text}]


def _number_calls(messages: Any) -> None:
    """Number the ids of tool calls in the order in which they appear."""
    numbers: dict[str, str] = {}
    for message in messages if isinstance(messages, list) else ():
        content = message.get("content") if isinstance(message, dict) else None
        for block in content if isinstance(content, list) else ():
            if isinstance(block, dict):
                _number_block(block, numbers)


def _number_block(block: dict[str, Any], numbers: dict[str, str]) -> None:
    kind = str(block.get("type", ""))
    if kind.endswith("tool_use"):
        _number(block, "id", numbers)
    _number(block, "tool_use_id", numbers)
    if kind.endswith("tool_result"):
        if block.get("is_error") is False:
            del block["is_error"]
        if block.get("content") == []:
            del block["content"]
    if isinstance(block.get("caller"), dict):
        _number(block["caller"], "tool_id", numbers)
    for name in _CONVERSE:
        if isinstance(block.get(name), dict):
            _number(block[name], "toolUseId", numbers)


def _number(holder: dict[str, Any], key: str, numbers: dict[str, str]) -> None:
    id = holder.get(key)
    if isinstance(id, str):
        holder[key] = numbers.setdefault(id, f"tool call {len(numbers) + 1}")
