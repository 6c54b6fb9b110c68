from __future__ import annotations

from pathlib import Path

import pytest

from windtunnel.cassette.interaction import CassetteError
from windtunnel.cassette.writing import alone, real, replace


def test_a_file_is_replaced_and_nothing_is_left_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "a.yaml"

    for content in (b"one", b"two"):
        with alone(file):
            replace(file, content)

    assert file.read_bytes() == b"two"
    assert list(file.parent.iterdir()) == [file]


def test_links_are_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "a.yaml")

    assert real(tmp_path / "link") == real(tmp_path / "a.yaml")


def test_a_file_that_cannot_be_replaced_is_an_error_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").mkdir()

    with pytest.raises(
        CassetteError, match=r"a.yaml: the cassette cannot be written: Is a directory; what was there is"
    ):
        replace(tmp_path / "a.yaml", b"one")

    assert [file.name for file in tmp_path.iterdir()] == ["a.yaml"]


def test_an_error_of_what_is_done_under_the_lock_stays_what_it_was(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), alone(tmp_path / "a.yaml"):
        raise FileNotFoundError
