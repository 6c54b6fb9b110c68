"""A prompt as a chain of digests, one link a block, each block hashed once: equal links mean equal prefixes.

What changes a whole section (a forced tool, thinking, an image: wire.md 8.2) is part of the section's beginning, so
that it changes the links of that section and all behind it.
"""

from __future__ import annotations

import json
import marshal
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from hashlib import blake2b
from typing import Any

from windtunnel_server.model.tokens import Piece

_hash = partial(blake2b, digest_size=16)
#: The last format of marshal that writes equal values alike, whoever else holds them.
_FORMAT = 2
#: Made once: `json.dumps` with an option makes an encoder for every block.
_JSON = json.JSONEncoder(separators=(",", ":"))


def chain(request: Mapping[str, Any], pieces: Sequence[Piece], root: str) -> Iterator[bytes]:
    """Give a digest of the prompt up to each block. `root` parts one workspace and model from all others."""
    link, section = _hash(root.encode()).digest(), ""
    for piece in pieces:
        if piece.section != section:
            section = piece.section
            link = _hash(link + _opening(request, section)).digest()
        # Switching the search on or off keeps what was cached of the other tools (documented).
        if not (section == "tools" and _is_search(piece.block)):
            link = _hash(link + _written(piece)).digest()
        yield link


def _opening(request: Mapping[str, Any], section: str) -> bytes:
    """What a whole section depends on, besides its own words and what stands before it."""
    if section == "tools":
        return b"tools"
    search = any(_is_search(tool) for tool in request.get("tools") or ())
    cited, images = _cited_and_pictured(request)
    settled = [section, search, cited, request.get("speed")]
    if section == "messages":
        effort = (request.get("output_config") or {}).get("effort")
        settled += [request.get("tool_choice") or {"type": "auto"}, request.get("thinking"), effort, images]
    return _dumped(settled)


def _written(piece: Piece) -> bytes:
    block = piece.block
    if block.get("type") == "text" and not block.keys() - {"type", "text", "cache_control"}:
        return f"{piece.role}\ntext\n{block['text']}".encode("utf-8", "surrogatepass")
    bare = _bare(block)
    try:
        return piece.role.encode() + b"\n" + marshal.dumps(bare, _FORMAT)
    except ValueError:
        # Not plain JSON: a mapping of another class, say.
        return piece.role.encode() + b"\n" + _dumped(bare)


def _bare(block: Mapping[str, Any]) -> Any:
    """Leave the marks out: where a prompt is cached is no part of it."""
    if "cache_control" not in block and not isinstance(block.get("content"), list):
        return block
    bare: dict[str, Any] = {key: value for key, value in block.items() if key != "cache_control"}
    if isinstance(bare.get("content"), list):
        bare["content"] = [_bare(part) if isinstance(part, Mapping) else part for part in bare["content"]]
    return bare


def _dumped(value: Any) -> bytes:
    return _JSON.encode(value).encode()


def _is_search(tool: Any) -> bool:
    return isinstance(tool, Mapping) and str(tool.get("type")).startswith("web_search")


def _is_cited(block: Mapping[str, Any]) -> bool:
    cited = block.get("citations")
    return isinstance(cited, Mapping) and cited.get("enabled") is True


def _cited_and_pictured(request: Mapping[str, Any]) -> tuple[bool, bool]:
    """Say whether citations are asked for anywhere, and whether there is an image anywhere."""
    cited = pictured = False
    for message in request.get("messages") or ():
        for block in _all_blocks(message):
            pictured = pictured or block.get("type") == "image"
            cited = cited or ("citations" in block and _is_cited(block))
    return cited, pictured


def _all_blocks(holder: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    content = holder.get("content")
    for block in content if isinstance(content, list) else ():
        if isinstance(block, Mapping):
            yield block
            yield from _all_blocks(block)
