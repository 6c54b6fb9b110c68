"""One page of a list."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.paging import page
from windtunnel_server.model.problem import Problem


def items(count: int) -> list[dict[str, Any]]:
    return [{"id": f"item_{n}"} for n in range(count)]


def test_an_empty_list_has_no_ends() -> None:
    assert page([], {}) == {"data": [], "has_more": False, "first_id": None, "last_id": None}


def test_twenty_come_at_once() -> None:
    answer = page(items(21), {})

    assert isinstance(answer, dict)
    assert (len(answer["data"]), answer["has_more"]) == (20, True)


def test_an_unknown_cursor_is_refused() -> None:
    assert isinstance(page(items(3), {"after_id": ["nobody"]}), Problem)


@given(st.integers(0, 40), st.integers(1, 9))
def test_forwards_and_backwards_see_every_item_once(count: int, limit: int) -> None:
    whole = [item["id"] for item in items(count)]

    assert walk(count, limit, "after_id", "last_id") == whole
    if whole:
        assert sorted(walk(count, limit, "before_id", "first_id")) == sorted(whole[:-1])


def walk(count: int, limit: int, cursor: str, end: str) -> list[str]:
    query: dict[str, list[str]] = {"limit": [str(limit)]}
    if cursor == "before_id" and count:
        query[cursor] = [f"item_{count - 1}"]
    seen: list[str] = []
    while True:
        answer = page(items(count), query)
        assert isinstance(answer, dict)
        seen += [item["id"] for item in answer["data"]]
        if not answer["has_more"]:
            return seen
        query[cursor] = [answer[end]]
