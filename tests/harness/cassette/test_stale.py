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

    found = stale([old, old], today=TODAY, max_age_days=28)

    assert [(one.number, one.why) for one in found] == [
        (number, "recorded 29 days ago, on 2026-11-01") for number in (1, 2)
    ]
    assert stale([old], today=TODAY, max_age_days=29) == []
    assert stale([old], today=TODAY) == []


def test_an_unknown_age_is_told_where_ages_count(answered: Interaction) -> None:
    undated = replace(answered, recorded_at=None, expires=None)
    with_a_day = replace(undated, expires=TODAY + dt.timedelta(days=1))

    found = stale([with_a_day, undated], today=TODAY, max_age_days=1)

    assert [(one.number, one.why) for one in found] == [
        (2, "is of unknown age: it has neither recorded_at nor expires")
    ]
    assert stale([undated], today=TODAY) == []
