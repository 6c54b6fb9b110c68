"""Counts remembered by what was counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model import token_memory
from windtunnel_server.model.token_memory import forget, remembered

LONG = "from the west, and rather hard"


class Counter:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> int:
        self.asked += 1
        return self.asked


@pytest.fixture(autouse=True)
def clean() -> Iterator[None]:
    forget()
    yield
    forget()


def test_the_same_words_are_counted_once_whoever_says_them() -> None:
    count = Counter()

    first = remembered("a", LONG, count)
    again = remembered("a", "".join(list(LONG)), count)

    assert (first, again, count.asked) == (1, 1, 1)


def test_each_kind_of_counting_is_remembered_by_itself() -> None:
    assert remembered("a", LONG, lambda: 1) == 1
    assert remembered("b", LONG, lambda: 2) == 2


def test_short_texts_are_counted_every_time() -> None:
    count = Counter()

    remembered("a", "west", count)
    remembered("a", "west", count)

    assert count.asked == 2


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(), json_values, min_size=1, max_size=4))
def test_a_block_parsed_again_is_known(block: dict[str, Any]) -> None:
    written = json.dumps(block)
    count = Counter()
    forget()

    for _ in range(2):
        remembered("a", json.loads(written), count)

    assert count.asked == 1


@given(json_values, json_values)
def test_blocks_that_differ_are_told_apart(one: Any, other: Any) -> None:
    forget()
    same = json.dumps(one) == json.dumps(other)

    remembered("a", [one], lambda: 1)
    found = remembered("a", [other], lambda: 2)

    assert found == (1 if same else 2)


def test_what_cannot_be_written_is_counted_every_time() -> None:
    count = Counter()

    remembered("a", MappingProxyType({}), count)
    remembered("a", MappingProxyType({}), count)

    assert count.asked == 2


def test_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_memory, "_REMEMBERED", 2)
    count = Counter()

    for number in (1, 2, 3, 3, 1):
        remembered("a", [number], count)

    assert count.asked == 4
    assert len(token_memory._known) == 2
