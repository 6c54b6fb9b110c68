"""Files are gone through one by one, and those that are no good are counted."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer

from windtunnel.cassette.interaction import CassetteError
from windtunnel.commands._round import Round


def test_folders_are_looked_into(tmp_path: Path) -> None:
    for name in ("b.yml", "a.yaml", "c.txt", "inner/d.yaml"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()

    found = Round([tmp_path, tmp_path / "c.txt"]).paths

    assert [str(path.relative_to(tmp_path)) for path in found] == ["a.yaml", "b.yml", "inner/d.yaml", "c.txt"]


def test_a_folder_without_cassettes_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="2"):
        Round([tmp_path])


@pytest.mark.parametrize("error", [CassetteError("b: is none"), OSError(13, "Permission denied", "b")])
def test_what_is_no_good_is_passed_by_and_told(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    round_, done = Round([Path("a"), Path("b"), Path("c")]), []
    for path in round_.paths:
        with round_.at(path):
            if path == Path("b"):
                raise error
            done.append(path)

    with pytest.raises(typer.Exit) as ended:
        round_.end(1)

    assert (done, ended.value.exit_code) == ([Path("a"), Path("c")], 2)
    assert list(round_.errors()) == ["b"]
    assert capsys.readouterr().err.splitlines()[-1] == "windtunnel: 1 of 3 files were passed by"


def test_without_any_the_end_is_the_commands_own() -> None:
    with pytest.raises(typer.Exit) as ended:
        Round([Path("a")]).end(1)

    assert ended.value.exit_code == 1
