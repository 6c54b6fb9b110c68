"""The bar shows on which side of the envelope a gap lies, and how far."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.policies import Envelope
from windtunnel.report.bar import WIDTH, bar

HALF = Envelope(1.0, 2.0, "")


@pytest.mark.parametrize(
    ("gap", "drawn"),
    [
        (1.0, "   ●───┤   "),
        (1.5, "   ├─●─┤   "),
        (2.0, "   ├───●   "),
        (0.9, "  ◆├───┤   "),
        (0.0, "◆  ├───┤   "),
        (2.1, "   ├───┤◆  "),
        (99.0, "   ├───┤  ◆"),
    ],
)
def test_a_gap_is_drawn_where_it_lies(gap, drawn):
    assert bar(gap, HALF) == drawn


def test_an_envelope_without_width_is_met_in_its_middle_or_missed():
    exact = Envelope(2.0, 2.0, "")

    assert bar(2.0, exact) == "   ├─●─┤   "
    assert bar(1.9, exact).startswith("  ◆")
    assert bar(4.0, exact).endswith("◆")


def test_what_is_not_known_is_not_drawn():
    assert bar(1.0, Envelope(0.0, math.inf, "", "unknown")) == ""


@given(low=st.floats(0, 1e6), width=st.floats(0, 1e6), gap=st.floats(-1e6, 1e9))
def test_a_bar_has_its_width_and_one_mark_on_the_right_side(low, width, gap):
    high = low + width
    drawn = bar(gap, Envelope(low, high, ""), ascii_only=True)

    assert len(drawn) == WIDTH
    assert drawn.count("o") + drawn.count("x") == 1
    if gap < low - 1e-6:
        assert "x" in drawn[:3]
    elif gap > high + 1e-6:
        assert "x" in drawn[8:]
    else:
        assert "o" in drawn[3:8]
