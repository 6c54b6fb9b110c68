"""The shape of what was answered: which fields there are, of what types, whatever their values.

A path names a field: `usage.input_tokens`, `content[text].text`. What stands in square brackets is the `type` of a block, an
event or a delta, so that fields are compared with those of their own kind. Fields of one kind are put together.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from windtunnel.cassette.entries import entry
from windtunnel.cassette.interaction import Interaction
from windtunnel.cassette.reported import kind_of, named
from windtunnel_server.wire.eventstream import CONTENT_TYPE as FRAMES
from windtunnel_server.wire.eventstream import FrameError
from windtunnel_server.wire.eventstream import decode as frames
from windtunnel_server.wire.sse import decode as events

_NAMES: Final = {
    str: "text",
    bool: "truth",
    int: "number",
    float: "number",
    type(None): "null",
    list: "list",
    dict: "object",
}
#: Below these a caller's own names stand, and no fields of the API.
_FREE: Final = ("input", "schema", "input_schema")


@dataclass(slots=True)
class Shape:
    """Types and values by path."""

    types: dict[str, set[str]] = field(default_factory=dict)
    values: dict[str, list[Any]] = field(default_factory=dict)

    def add(self, path: str, value: Any) -> None:
        self.types.setdefault(path, set()).add(_NAMES.get(type(value), "?"))
        if isinstance(value, Mapping):
            if path.rpartition(".")[2] not in _FREE:
                for key, inner in value.items():
                    self.add(_below(path, key, inner), inner)
        elif isinstance(value, list):
            for inner in value:
                self.add(f"{path}[{_type(inner)}]", inner)
        else:
            self.values.setdefault(path, []).append(value)


def shape(interaction: Interaction) -> Shape:
    """Return the shape of an answer; an empty one for a body that is neither JSON nor events."""
    found = Shape()
    for name, value in said(interaction):
        found.add(f"[{name}]" if name else "", value)
    return found


def order(interaction: Interaction) -> list[str]:
    """Return the names of a stream's events in their order: pings left out, content blocks once, however many there are."""
    names: list[str] = []
    for name, _ in said(interaction):
        plain = "content_block" if name.startswith("content") else name
        if name and name != "ping" and plain not in names[-1:]:
            names.append(plain)
    return names


def said(interaction: Interaction) -> Iterator[tuple[str, Any]]:
    """Give what an answer says: each event with its name, or the body with none. What cannot be read is left out."""
    body = b"".join(entry(interaction).sent)
    kind = kind_of(named(interaction.response.headers), body)
    if kind == "text/event-stream":
        yield from ((name, value) for name, text in events(body) if (value := _json(text)) is not None)
    elif kind == FRAMES:
        yield from _framed(body)
    elif (value := _json(body)) is not None:
        yield "", value


def _framed(body: bytes) -> Iterator[tuple[str, Any]]:
    import base64

    try:
        for frame in frames(body):
            value = _json(frame.payload)
            if frame.event_type == "chunk" and isinstance(value, dict) and isinstance(value.get("bytes"), str):
                value = _json(base64.b64decode(value["bytes"]))
                yield str(value.get("type", "chunk")) if isinstance(value, dict) else "chunk", value
            elif value is not None:
                yield frame.event_type or "exception", value
    except FrameError:
        return


def _json(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _below(path: str, key: str, value: Any) -> str:
    kind = _type(value) if key in ("delta", "content_block") else ""
    return f"{path}.{key}".lstrip(".") + (f"[{kind}]" if kind else "")


def _type(value: Any) -> str:
    kind = value.get("type") if isinstance(value, Mapping) else None
    return kind if isinstance(kind, str) else ""
