"""Ratios are taken round by round, and rounds take turns."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))
from benchmarks.rounds import Range, Row, Table, by_turns
from benchmarks.table import figure, lines


def test_subjects_take_turns_and_swap_places_every_other_round() -> None:
    asked: list[str] = []

    by_turns({"a": lambda: asked.append("a") or 1.0, "b": lambda: asked.append("b") or 2.0}, 3)

    assert asked == ["a", "b", "b", "a", "a", "b"]


def test_a_ratio_compares_figures_of_one_round() -> None:
    row = Row("x", Range((10.0, 40.0, 30.0)), Range((5.0, 10.0, 15.0)), "other")

    assert row.ratio.values == (2.0, 4.0, 2.0)
    assert (row.ratio.middle, row.ratio.low, row.ratio.high) == (2.0, 2.0, 4.0)


def test_a_table_shows_both_figures_the_ratio_and_its_spread() -> None:
    table = Table("title", [Row("x", Range((10.0, 40.0)), Range((5.0, 10.0)), "other", "uvloop")], "note")

    title, head, row, note = lines(table)

    assert title.startswith("title") and "2 rounds" in title
    assert head.split() == ["what", "ours", "the", "other", "ratio", "spread", "against", "loop"]
    assert row.split() == ["x", "25", "7.5", "3×", "2–4", "other", "uvloop"]
    assert note == "  note"


@pytest.mark.parametrize(("value", "shown"), [(0.001234, "0.00123"), (12345.6, "12,346"), (99.95, "100"), (1.0, "1")])
def test_figures_keep_three_digits_that_count(value: float, shown: str) -> None:
    assert figure(value) == shown
