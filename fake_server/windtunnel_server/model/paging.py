"""One page of a list: `after_id`, `before_id`, `limit`, and the envelope around it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from windtunnel_server.model.problem import Problem, invalid

Query = Mapping[str, Sequence[str]]

DEFAULT_LIMIT = 20
MAX_LIMIT = 1000


def page(items: Sequence[Mapping[str, Any]], query: Query) -> dict[str, Any] | Problem:
    """Cut the page that `query` asks for out of `items` (newest first) and put the list envelope around it.

    `has_more` looks in the direction of travel: behind the page, or before it when `before_id` was given.
    """
    limit = _limit(query)
    if isinstance(limit, Problem):
        return limit
    start, stop = 0, len(items)
    for name in ("after_id", "before_id"):
        if name not in query:
            continue
        at = _place(items, query[name][-1])
        if at is None:
            # unverified: what the service answers to a cursor it does not know.
            return invalid(name, f"no object with id '{query[name][-1]}'")
        start, stop = (at + 1, stop) if name == "after_id" else (start, at)
    if "before_id" in query and "after_id" not in query:
        first = max(start, stop - limit)
        return _envelope(items[first:stop], has_more=first > start)
    return _envelope(items[start : min(stop, start + limit)], has_more=start + limit < stop)


def _limit(query: Query) -> int | Problem:
    text = query["limit"][-1] if query.get("limit") else str(DEFAULT_LIMIT)
    # The three texts are pydantic's own; unverified that the service passes them on.
    try:
        limit = int(text)
    except ValueError:
        return invalid("limit", "Input should be a valid integer, unable to parse string as an integer")
    if limit < 1:
        return invalid("limit", "Input should be greater than or equal to 1")
    if limit > MAX_LIMIT:
        return invalid("limit", f"Input should be less than or equal to {MAX_LIMIT}")
    return limit


def _place(items: Sequence[Mapping[str, Any]], wanted: str) -> int | None:
    return next((place for place, item in enumerate(items) if item["id"] == wanted), None)


def _envelope(items: Sequence[Mapping[str, Any]], *, has_more: bool) -> dict[str, Any]:
    return {
        "data": [dict(item) for item in items],
        "has_more": has_more,
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
    }
