"""Where a gap lies, and how much slack it is given."""

from __future__ import annotations

import pytest

from windtunnel.policies import Envelope
from windtunnel.verdicts.account import Tolerance

HALF = Envelope(1.0, 2.0, "backoff")


@pytest.mark.parametrize(
    ("gap", "mark"), [(0.8, "early"), (0.95, "ok"), (1.5, "ok"), (2.4, "ok"), (2.6, "late"), (float("nan"), "unsure")]
)
def test_the_slack_widens_both_ends(gap, mark):
    assert Tolerance(early_s=0.1, late_s=0.5).mark(gap, HALF) == mark


def test_a_faster_clock_needs_more_slack():
    assert Tolerance(0.1, 0.5).scaled(10) == Tolerance(1.0, 5.0)


def test_an_envelope_that_is_not_known_judges_nothing():
    assert Tolerance(0, 0).mark(1.5, Envelope(0.0, 9.0, "", "unknown")) == "unsure"
