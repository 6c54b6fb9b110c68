"""Where scenarios come from."""

from __future__ import annotations

from pathlib import Path

import pytest

from windtunnel.scenario.library import find, shipped
from windtunnel.scenario.load import ScenarioError


def test_nothing_asked_for_is_the_whole_library():
    found = find([])

    assert {one.path for one in found} == set(shipped())
    assert all(one.shipped for one in found)
    assert len(shipped()) >= 40


def test_names_files_and_folders_are_found_and_each_file_once(tmp_path: Path):
    for name in ("b.yaml", "a.yml", "notes.txt"):
        (tmp_path / name).write_text(f"name: {name}", encoding="utf-8")
    (tmp_path / "folder.yaml").mkdir()

    found = find(["refusal", str(tmp_path), str(tmp_path / "b.yaml")])

    assert [one.id for one in found] == ["refusal", "a", "b"]
    assert [one.shipped for one in found] == [True, False, False]


def test_a_file_here_goes_before_a_name_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "refusal").write_text("name: mine", encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    (one,) = find(["refusal"])

    assert one.scenario.name == "mine"


def test_the_mistakes_of_all_files_are_told_at_once(tmp_path: Path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("nam: x", encoding="utf-8")

    with pytest.raises(ScenarioError) as refused:
        find([str(tmp_path)])

    assert {Path(mistake.file).name for mistake in refused.value.mistakes} == {"a.yaml", "b.yaml"}


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("rate-limited-with-hnt", "nearest there: rate-limited-with-hint, "),
        ("no/such/file.yaml", "neither a file or folder here nor a scenario of the library"),
    ],
)
def test_what_is_not_there_is_named_with_what_is_nearest(asked: str, said: str):
    with pytest.raises(ScenarioError, match=said):
        find([asked])


def test_a_folder_without_scenarios_is_a_mistake(tmp_path: Path):
    with pytest.raises(ScenarioError, match=r"no scenario in this folder; they end in \.yaml or \.yml"):
        find([str(tmp_path)])
