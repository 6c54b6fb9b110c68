"""Who writes a cassette first in a run, whichever process asks."""

from __future__ import annotations

from pathlib import Path

from windtunnel.cassette_tests.made import Made


def test_only_the_first_writer_is_the_first(tmp_path: Path):
    file, one, other = tmp_path / "a.yaml", Made(tmp_path / "notes"), Made(tmp_path / "notes")

    told = [one.is_first(file), one.is_first(file), other.is_first(file), other.is_first(tmp_path / "b.yaml")]

    assert told == [True, False, False, True]


def test_a_cassette_goes_by_its_real_path(tmp_path: Path):
    made = Made(tmp_path / "notes")
    (tmp_path / "link.yaml").symlink_to(tmp_path / "a.yaml")

    made.is_first(tmp_path / "link.yaml")

    assert tmp_path / "a.yaml" in made


def test_what_the_run_has_made_was_not_found_by_it(tmp_path: Path):
    made = Made(tmp_path / "notes")
    there, new = tmp_path / "there.yaml", tmp_path / "new.yaml"
    there.touch()
    made.is_first(new)
    new.touch()

    assert made.was_found(there)
    assert not made.was_found(new)
    assert not made.was_found(tmp_path / "none.yaml")
