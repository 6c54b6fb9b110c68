"""Where a prompt is marked for the prompt cache: four marks there are, and the caller's own come first (wire.md 8.2)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeAlias

#: In the order of the prompt: tools, parts of the system prompt, blocks of messages, and the mark on the request itself.
Place: TypeAlias = tuple[int, ...]

MOST_MARKS: Final = 4

_TOOLS, _SYSTEM, _MESSAGES, _REQUEST = range(4)
_MARK: Final = {"cache_control": {"type": "ephemeral"}}
#: What takes no mark.
_UNMARKED: Final = frozenset({"thinking", "redacted_thinking"})


class _Own(NamedTuple):
    """A mark of the caller's."""

    place: Place
    is_for_an_hour: bool


def marked(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return a body with marks: at the end of the history, before the last part of the system prompt, behind it, and behind
    the tools; as many of them, in this order, as the body's own leave.
    """
    own = list(_own_marks(body))
    taken = {mark.place for mark in own}
    # A mark for five minutes before one for an hour is an error (wire.md 8.2).
    earliest = max((mark.place for mark in own if mark.is_for_an_hour), default=())
    wanted = [place for place in _worthy(body) if place not in taken and place >= earliest]
    out = dict(body)
    for place in wanted[: max(MOST_MARKS - len(own), 0)]:
        _mark(out, place)
    return out


def _worthy(body: Mapping[str, Any]) -> Iterator[Place]:
    messages, system, tools = _listed(body, "messages"), _listed(body, "system"), _listed(body, "tools")
    if messages and "cache_control" not in body:
        blocks = _blocks(messages[-1])
        if blocks and blocks[-1].get("type") not in _UNMARKED and blocks[-1].get("text") != "":
            yield _MESSAGES, len(messages) - 1, len(blocks) - 1
    # What changes most stands last: what is before it is the same for more requests.
    yield from ((_SYSTEM, place) for place in (len(system) - 2, len(system) - 1) if place >= 0)
    if tools:
        yield _TOOLS, len(tools) - 1


def _own_marks(body: Mapping[str, Any]) -> Iterator[_Own]:
    for section, name in ((_TOOLS, "tools"), (_SYSTEM, "system")):
        for place, block in enumerate(_listed(body, name)):
            yield from _marks_of(block, (section, place))
    for number, message in enumerate(_listed(body, "messages")):
        for place, block in enumerate(_blocks(message)):
            parts = block.get("content") if block.get("type") == "tool_result" else None
            # A part of a result counts as its result.
            inner = [part for part in parts if "cache_control" in part] if isinstance(parts, list) else []
            yield from _marks_of(inner[0] if inner else block, (_MESSAGES, number, place))
    yield from _marks_of(body, (_REQUEST,))


def _marks_of(block: Mapping[str, Any], place: Place) -> Iterator[_Own]:
    mark = block.get("cache_control")
    if mark is not None:
        yield _Own(place, mark.get("ttl") == "1h")


def _mark(body: dict[str, Any], place: Place) -> None:
    section, number, *inside = place
    name = ("tools", "system", "messages")[section]
    items = list(body[name])
    if inside:
        blocks = _blocks(items[number])
        blocks[inside[0]] = {**blocks[inside[0]], **_MARK}
        items[number] = {**items[number], "content": blocks}
    else:
        items[number] = {**items[number], **_MARK}
    body[name] = items


def _listed(body: Mapping[str, Any], name: str) -> list[Any]:
    value = body.get(name)
    return list(value) if isinstance(value, (list, tuple)) else []


def _blocks(message: Mapping[str, Any]) -> list[Any]:
    content = message["content"]
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
