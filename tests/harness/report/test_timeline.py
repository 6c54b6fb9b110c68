"""The timeline is drawn to scale."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from windtunnel.policies import POLICIES
from windtunnel.report.timeline import MARGIN, WIDTH, timeline
from windtunnel.verdicts.backoff import judge


def rects(svg: str, kind: str) -> list[dict[str, str]]:
    return [dict(rect.attrib) for rect in ElementTree.fromstring(svg).iter("rect") if kind in rect.attrib["class"]]


def test_bars_stand_where_their_attempts_arrived(verdict):
    chain = verdict.report.chains[1]

    bars = rects(timeline(chain), "attempt")

    scale = (WIDTH - 2 * MARGIN) / 5.0  # from 400.0 to 405.0
    assert [float(bar["x"]) for bar in bars] == pytest.approx(
        [MARGIN + s * scale for s in (0.0, 0.1, 2.9, 5.0)], abs=0.01
    )


def test_the_allowed_wait_is_shaded_from_its_low_to_its_high_end(verdict):
    first, second = rects(timeline(verdict.report.chains[1]), "allowed")

    scale = (WIDTH - 2 * MARGIN) / 5.0
    assert float(first["x"]) == pytest.approx(MARGIN + 0.375 * scale, abs=0.01)
    assert float(first["width"]) == pytest.approx(0.125 * scale, abs=0.02)
    assert float(second["x"]) == pytest.approx(MARGIN + (0.1 + 0.75) * scale, abs=0.01)


def test_attempts_outside_what_is_allowed_stand_out(verdict):
    assert len(rects(timeline(verdict.report.chains[1]), "bad")) == 3
    assert not rects(timeline(verdict.report.chains[0]), "bad")


def test_a_wait_that_was_cut_short_leaves_room_for_the_one_allowed(entries):
    entries[1].arrived_at = entries[1].ended_at = 30.0
    (chain, _) = judge(entries, POLICIES["anthropic_python"], finished=True).report.chains

    (allowed,) = rects(timeline(chain), "allowed")

    assert float(allowed["x"]) == pytest.approx(WIDTH - MARGIN)


def test_the_axis_says_from_when_to_when(verdict):
    texts = [text.text for text in ElementTree.fromstring(timeline(verdict.report.chains[0])).iter("text")]

    assert texts[-2:] == ["0.000 s", "5 min 0.000 s"]
