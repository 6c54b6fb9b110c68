"""Where `cache_control` may stand and how the marks go together, in the order in which the service looks (measured by
others on `count_tokens`, September 2026).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from windtunnel_server.model.breakpoints import MISMATCH, MOST_BREAKPOINTS
from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.rule import Asked, Example, Rule
from windtunnel_server.wire.errors import KINDS

_TOO_MANY: Final = KINDS["too_many_cache_breakpoints"]
_LONG_FIRST: Final = (
    "a ttl='1h' cache_control block must not come after a ttl='5m' cache_control block. "
    "Note that blocks are processed in the following order: `tools`, `system`, `messages`."
)
#: Blocks that no mark on the request lands on.
_PASSED_OVER: Final = ("thinking", "redacted_thinking")


class _Mark(NamedTuple):
    path: str
    ttl: str
    block: Mapping[str, Any]


def _marks(asked: Asked) -> list[_Mark]:
    """Find every marked block in the order of the prompt; a part of a tool result counts as its result."""
    found = [_Mark(f"tools.{place}", ttl, tool) for place, tool in _marked(asked.tools) if (ttl := _ttl(tool))]
    system = asked.request.get("system")
    if isinstance(system, list):
        found += [_Mark(f"system.{place}", ttl, block) for place, block in _marked(system) if (ttl := _ttl(block))]
    for number, message in enumerate(asked.messages):
        content = message["content"]
        if isinstance(content, list):
            for place, block in enumerate(content):
                ttl = _ttl(block) if "cache_control" in block else None
                if ttl is None and block["type"] == "tool_result":
                    ttl = _inner_ttl(block)
                if ttl is not None:
                    found.append(_Mark(f"messages.{number}.content.{place}", ttl, block))
    return found


def _marked(blocks: Iterable[Mapping[str, Any]]) -> list[tuple[int, Mapping[str, Any]]]:
    return [(place, block) for place, block in enumerate(blocks) if "cache_control" in block]


def _ttl(block: Mapping[str, Any]) -> str | None:
    mark = block.get("cache_control")
    return None if mark is None else mark.get("ttl") or "5m"


def _inner_ttl(block: Mapping[str, Any]) -> str | None:
    parts = block.get("content")
    for part in parts if isinstance(parts, list) else ():
        if "cache_control" in part:
            return _ttl(part)
    return None


def _not_on_empty(asked: Asked) -> Iterator[Problem]:
    for mark in asked.once(_marks):
        if mark.block.get("type") == "text" and not mark.block.get("text"):
            tail = ".text" if mark.path.startswith("messages.") else ""
            yield invalid(mark.path + tail, "cache_control cannot be set for empty text blocks")


def _few(asked: Asked) -> Iterator[Problem]:
    count = len(asked.once(_marks)) + (_ttl(asked.request) is not None)
    if count > MOST_BREAKPOINTS:
        yield Problem(_TOO_MANY.name, _TOO_MANY.text({"count": count}))


def _long_first(asked: Asked) -> Iterator[Problem]:
    marks = [mark for mark in asked.once(_marks) if mark.ttl in ("5m", "1h")]
    short = False
    for mark in marks:
        if short and mark.ttl == "1h":
            yield invalid(f"{mark.path}.cache_control.ttl", _LONG_FIRST)
        short = short or mark.ttl == "5m"
    last = asked.once(_last_ttl)
    own = _ttl(asked.request)
    if short and own == "1h" and last in (None, own):
        yield invalid("cache_control", _LONG_FIRST)


def _one_lifetime(asked: Asked) -> Iterator[Problem]:
    own = _ttl(asked.request)
    last = asked.once(_last_ttl) if own is not None else None
    if last is not None and last != own:
        yield invalid("", MISMATCH.format(own=own, found=last))


def _last_ttl(asked: Asked) -> str | None:
    """Give the mark of the block that a mark on the request lands on, if it is one of a message."""
    for message in reversed(asked.messages):
        content = message["content"]
        if isinstance(content, str) and content:
            return None
        for block in reversed(content) if isinstance(content, list) else ():
            if block["type"] not in _PASSED_OVER and not (block["type"] == "text" and not block.get("text")):
                return _ttl(block)
    return None


_FIVE: Final = {"cache_control": {"type": "ephemeral"}}
_HOUR: Final = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
_TEXT: Final = {"type": "text", "text": "Hello"}


def _asking(*content: Any, **more: Any) -> Example:
    return Example({"messages": [{"role": "user", "content": list(content)}], **more})


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="cache_marks_on_content",
        about="An empty text is not marked for the cache.",
        source="anthropics/claude-code#62379; wire.md 8.2",
        passes=_asking(_TEXT | _FIVE),
        fails=_asking(_TEXT, {"type": "text", "text": "", **_FIVE}),
        says="messages.0.content.1.text: cache_control cannot be set for empty text blocks",
        check=_not_on_empty,
    ),
    Rule(
        name="cache_marks_few",
        about="At most four blocks are marked, the mark on the request included.",
        source="wire.md 6.3, 8.2",
        passes=_asking(*[_TEXT | _FIVE] * 4),
        fails=_asking(*[_TEXT | _FIVE] * 4, **_FIVE),
        says="A maximum of 4 blocks with cache_control may be provided. Found 5.",
        check=_few,
        kind="too_many_cache_breakpoints",
    ),
    Rule(
        name="cache_marks_match",
        about="The mark on the request has the lifetime of the one on the block it lands on.",
        source="wire.md 8.2; measured by others (September 2026)",
        passes=_asking(_TEXT | _HOUR, **_HOUR),
        fails=_asking(_TEXT | _HOUR, **_FIVE),
        says=MISMATCH.format(own="5m", found="1h"),
        check=_one_lifetime,
    ),
    Rule(
        name="cache_marks_longest_first",
        about="No mark of an hour comes after one of five minutes.",
        source="public reports, many (2026)",
        passes=_asking(_TEXT | _HOUR, _TEXT | _FIVE),
        fails=_asking(_TEXT | _FIVE, _TEXT | _HOUR),
        says=f"messages.0.content.1.cache_control.ttl: {_LONG_FIRST}",
        check=_long_first,
    ),
)
