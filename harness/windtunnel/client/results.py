"""What a tool returned, made into what the API takes as the content of a result."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from windtunnel.client.request import Block

#: The content of a result: text, or content blocks.
Result: TypeAlias = "str | Sequence[Block]"

#: The blocks that a result may consist of, and what makes one (the API's reference of the Messages endpoint).
_PARTS: Final[Mapping[str, str]] = {
    "text": "text",
    "image": "source",
    "document": "source",
    "search_result": "content",
    "tool_reference": "tool_name",
}
_HALVES: Final = re.compile("[\ud800-\udfff]")


def content_of(returned: object) -> Result:
    """Return text and blocks as they are, None as nothing, bytes as text, and what else JSON has as JSON.

    Raises TypeError or ValueError for what is none of these.
    """
    if returned is None:
        return ""
    if isinstance(returned, str):
        return spelt(returned)
    if isinstance(returned, (bytes, bytearray, memoryview)):
        return _decoded(bytes(returned))
    if isinstance(returned, (list, tuple)) and returned and all(map(_is_part, returned)):
        # An empty text is refused by the API, as one alone and as one of several.
        return [copied(part) for part in returned if part.get("text") != ""]
    return spelt(_json(returned))


def spelt(text: str) -> str:
    """Put a sign in the place of half characters, as names of files may have them: no request can hold one."""
    return _HALVES.sub("\ufffd", text)


def _is_part(value: Any) -> bool:
    if not isinstance(value, Mapping) or not isinstance(value.get("type"), str):
        return False
    kind = value["type"]
    return _PARTS.get(kind) in value and (kind != "text" or isinstance(value["text"], str))


def copied(block: Mapping[str, Any]) -> Block:
    """Return a copy of a block that a request can hold. Raises TypeError where it is no JSON."""
    copy: Block = json.loads(spelt(_json(dict(block))))
    return copy


def _decoded(returned: bytes) -> str:
    try:
        return returned.decode()
    except UnicodeDecodeError as error:
        raise ValueError(
            f"the tool returned bytes that are no UTF-8 ({error}); an image or a document has to be a content block"
        ) from error


def _json(value: Any) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError) as error:
        what = type(value).__name__
        raise TypeError(
            f"the tool returned a value of type {what}, which is neither text, content blocks nor JSON: {error}"
        ) from error
