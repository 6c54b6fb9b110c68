"""Recordings are given the day from which on they are stale."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest

from windtunnel.cassette import files
from windtunnel.cassette.expiring import Expiry, expire, expiry
from windtunnel.cassette.interaction import CassetteError, Interaction

DAY = dt.date(2027, 1, 31)


@pytest.fixture
def path(tmp_path: Path, three: list[Interaction]) -> Path:
    """A cassette of three, of which the second has no instant and none expires."""
    dated = dt.datetime(2026, 11, 1, 23, tzinfo=dt.UTC)
    recorded = [replace(one, expires=None, recorded_at=at) for one, at in zip(three, (dated, None, dated), strict=True)]
    files.save(tmp_path / "a.yaml", recorded, expected=None)
    return tmp_path / "a.yaml"


def days(path: Path) -> list[dt.date | None]:
    return [one.expires for one in files.load(path).interactions]


@pytest.mark.parametrize(
    ("word", "expected"),
    [("2027-01-31", Expiry(on=DAY)), ("90d", Expiry(after_days=90)), ("never", Expiry())],
)
def test_a_day_days_or_never_can_be_said(word: str, expected: Expiry) -> None:
    assert expiry(word) == expected


@pytest.mark.parametrize("word", ["", "90", "-1d", "tomorrow", "2027-02-30", "d", "1234567d"])
def test_anything_else_is_no_day(word: str) -> None:
    with pytest.raises(ValueError, match="is neither a day like 2027-01-31, nor days like 90d, nor never"):
        expiry(word)


def test_a_day_is_the_same_for_all_and_can_be_taken_back(path: Path) -> None:
    assert expire(path, Expiry(on=DAY)) == [1, 2, 3]
    assert days(path) == [DAY] * 3
    assert expire(path, Expiry(on=DAY)) == []
    assert expire(path, Expiry()) == [1, 2, 3]
    assert days(path) == [None] * 3


def test_days_count_from_the_recording(path: Path) -> None:
    changed = expire(path, Expiry(after_days=30), only=[1])

    assert changed == [1]
    assert days(path) == [dt.date(2026, 12, 1), None, None]


def test_days_cannot_count_from_an_instant_that_is_not_known(path: Path) -> None:
    before = path.read_bytes()

    with pytest.raises(CassetteError, match="a.yaml, interaction 2: it has no recorded_at for days to count from"):
        expire(path, Expiry(after_days=30))

    assert path.read_bytes() == before


def test_lines_of_ones_own_stay(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"# --- 1 ---\n", b"# --- 1 ---\n# Source: us\n"))

    expire(path, Expiry(on=DAY))

    assert b"# --- 1 ---\n# Source: us\n# 2026-11-01" in path.read_bytes()


def test_nothing_is_made_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(files.CassetteMissing):
        expire(tmp_path / "none.yaml", Expiry())

    assert not list(tmp_path.iterdir())
