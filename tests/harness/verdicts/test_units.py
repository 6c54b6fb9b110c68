"""How times and numbers are written."""

from __future__ import annotations

import math

import pytest

from windtunnel.verdicts.units import counted, duration, span


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.0, "0.000 s"),
        (0.000_012, "12 µs"),
        (0.437, "0.437 s"),
        (59.9996, "1 min 0.000 s"),
        (300.0, "5 min 0.000 s"),
        (3600.0, "1 h 0 min 0.000 s"),
        (-0.5, "-0.500 s"),
        (math.inf, "any time"),
    ],
)
def test_a_time_has_the_units_a_reader_would_choose(seconds, text):
    assert duration(seconds) == text


def test_a_range_with_equal_ends_is_one_time():
    assert span(2.0, 2.0) == "2.000 s"
    assert span(0.375, 0.5) == "0.375 s to 0.500 s"


def test_numbers_and_nouns_agree():
    assert [counted(n, w) for n, w in ((1, "retry"), (2, "retry"), (0, "gap"))] == ["1 retry", "2 retries", "0 gaps"]
