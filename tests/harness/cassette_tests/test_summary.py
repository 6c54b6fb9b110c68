"""What is left of a cassette when all tests are over (what the plugin then says: tests/plugin/test_cassettes_shared.py)."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from windtunnel.cassette_tests.ending import Played
from windtunnel.cassette_tests.summary import Left, left, played, worth


def seen(test: str, *numbers: int, **others: Any) -> Played:
    usual: dict[str, Any] = {"file": "a.yaml", "count": 3, "passed": True, "unplayed": "warn", "is_sure": True}
    return Played(test=test, numbers=numbers, **usual | others)


@pytest.fixture
def config() -> Any:
    return SimpleNamespace(stash=pytest.Stash())


def test_what_one_has_played_is_played(config: Any):
    assert left(config, [seen("one", 1, 2), seen("two", 2, 3)]) == []
    assert left(config, [seen("one", 1), seen("two", 1)]) == [Left("a.yaml", ("one", "two"), (2, 3), fails=False)]


def test_the_strictest_wish_counts(config: Any):
    allowed = seen("one", 1, unplayed="allow")

    assert left(config, [allowed]) == []
    assert [each.fails for each in left(config, [allowed, seen("two", 1)])] == [False]


def test_nobody_can_tell_where_one_has_failed(config: Any):
    assert left(config, [seen("one", 1), seen("two", 1, passed=False)]) == []


def test_a_word_survives_the_way_between_processes():
    word = seen("one", 1, 2)

    assert Played.from_json(word.to_json()) == word


def test_played_is_put_together_by_file():
    assert played([seen("one", 1), seen("two", 3), seen("two", 2, file="b.yaml")]) == {"a.yaml": {1, 3}, "b.yaml": {2}}


def test_a_cassette_that_is_not_there_is_worth_nothing(tmp_path: Path):
    assert worth([str(tmp_path / "none.yaml")]) is None
