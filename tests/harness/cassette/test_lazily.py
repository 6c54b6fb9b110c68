from __future__ import annotations

import pytest

from windtunnel.cassette.lazily import Lazily


def test_an_item_is_made_when_it_is_asked_for_and_once() -> None:
    made: list[int] = []
    items = Lazily(3, lambda number: made.append(number) or str(number))  # type: ignore[func-returns-value]

    assert len(items) == 3
    assert made == []
    assert (items[-1], items[2], items[0]) == ("2", "2", "0")
    assert made == [2, 0]
    assert items.is_made(1) is None


def test_it_is_a_sequence_like_any_other() -> None:
    items = Lazily(4, str)

    assert list(items) == ["0", "1", "2", "3"]
    assert items[1:3] == ["1", "2"]
    assert "3" in items
    with pytest.raises(IndexError):
        items[4]
