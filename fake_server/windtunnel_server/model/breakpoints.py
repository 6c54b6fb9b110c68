"""Where a prompt is to be cached: the marks of its blocks, and the one on the whole request (wire.md 8.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from windtunnel_server.model.problem import Problem
from windtunnel_server.model.prompt import Prompt
from windtunnel_server.wire.errors import KINDS

MOST_BREAKPOINTS: Final = 4
#: Measured by others (September 2026).
MISMATCH: Final = (
    "Top-level cache_control has ttl='{own}' but the target block already has cache_control with ttl='{found}'. "
    "When both are specified on the same block, they must have matching TTLs."
)


@dataclass(frozen=True, slots=True)
class Breakpoint:
    """A place in the prompt up to which it is to be cached."""

    #: Index of the block it stands on.
    at: int
    ttl: str


def breakpoints(request: Mapping[str, Any], prompt: Prompt) -> tuple[Breakpoint, ...] | Problem:
    """Find where a prompt is to be cached: on the marked blocks, and on the last one for a mark on the request."""
    marked = {index: ttl for index, piece in enumerate(prompt.pieces) if (ttl := _ttl(piece.block))}
    slots = len(marked)
    whole = _own_ttl(request)
    last = _last_cacheable(prompt) if whole else None
    if whole and last is not None:
        if marked.get(last, whole) != whole:
            return Problem("invalid_request", MISMATCH.format(own=whole, found=marked[last]))
        slots += last not in marked or slots == MOST_BREAKPOINTS
        marked[last] = whole
    if slots > MOST_BREAKPOINTS:
        name = "too_many_cache_breakpoints"
        return Problem(name, KINDS[name].text({"count": slots}))
    return tuple(Breakpoint(index, marked[index]) for index in sorted(marked))


def _own_ttl(holder: Mapping[str, Any]) -> str | None:
    mark = holder.get("cache_control")
    if not isinstance(mark, Mapping):
        return None
    return "1h" if mark.get("ttl") == "1h" else "5m"


def _ttl(block: Mapping[str, Any]) -> str | None:
    """Give a block's mark; one on a part of a tool result counts for the result."""
    inner = block.get("content")
    if not isinstance(inner, list):
        return _own_ttl(block) if "cache_control" in block else None
    parts = inner
    marks = [_own_ttl(part) for part in (block, *parts) if isinstance(part, Mapping)]
    return next((mark for mark in marks if mark is not None), None)


def _last_cacheable(prompt: Prompt) -> int | None:
    for index in range(len(prompt.pieces) - 1, -1, -1):
        block = prompt.pieces[index].block
        is_empty = block.get("type") == "text" and not block.get("text")
        if block.get("type") not in ("thinking", "redacted_thinking") and not is_empty:
            return index
    return None
