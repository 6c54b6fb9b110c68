"""Which recordings have grown old."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from windtunnel.cassette.interaction import Interaction
from windtunnel.cassette.stale import stale

TODAY = dt.date(2026, 11, 30)


def test_a_recording_is_stale_from_its_day_on(answered: Interaction) -> None:
    one = replace(answered, expires=TODAY)

    assert [found.why for found in stale([one], today=TODAY)] == ["expired on 2026-11-30"]
    assert stale([one], today=TODAY - dt.timedelta(days=1)) == []


def test_an_age_is_counted_only_where_a_limit_is_given(answered: Interaction) -> None:
    old = replace(answered, expires=None, recorded_at=dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC))
    undated = replace(old, recorded_at=None)

    found = stale([undated, old], today=TODAY, max_age_days=28)

    assert [(one.number, one.why) for one in found] == [(2, "recorded 29 days ago, on 2026-11-01")]
    assert stale([old], today=TODAY, max_age_days=29) == []
    assert stale([old], today=TODAY) == []
