"""The file of rules that holds for a cassette."""

from __future__ import annotations

from pathlib import Path

import pytest

from windtunnel.cassette.interaction import CassetteError
from windtunnel.cassette.rules_beside import NAME, rules_beside


def test_the_nearest_above_a_cassette_holds_for_it(tmp_path: Path):
    inner = tmp_path / "cassettes" / "test_one"
    inner.mkdir(parents=True)
    (tmp_path / NAME).touch()

    assert rules_beside([inner / "a.yaml", tmp_path / "b.yaml"]) == tmp_path / NAME

    (inner / NAME).touch()

    assert rules_beside([inner / "a.yaml"]) == inner / NAME


def test_two_that_differ_are_refused(tmp_path: Path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / NAME).touch()

    with pytest.raises(CassetteError, match="lie under different rules of redaction, .* and none; say which hold"):
        rules_beside([tmp_path / "a" / "a.yaml", tmp_path / "b.yaml"])


def test_there_may_be_none(tmp_path: Path):
    assert rules_beside([tmp_path / "a.yaml"]) is None
    assert rules_beside([]) is None
