"""Files are made clean and small in place, in one step, or left as they were."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from windtunnel.cassette import files, layout
from windtunnel.cassette.interaction import CassetteError, Interaction
from windtunnel.cassette.scrubbing import played_of, prune, scrub


def test_scrubbing_changes_what_holds_a_secret_only(three: list[Interaction], tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
    leaky = replace(three[1], request=replace(three[1].request, headers=(("authorization", f"Bearer {token}"),)))
    path.write_bytes(layout.document(map(layout.block, [leaky, leaky])))

    changed = scrub(path, environ={})

    assert changed == [1, 2]
    assert token.encode() not in path.read_bytes()
    assert scrub(path, environ={}) == []


def test_a_secret_in_lines_of_ones_own_goes_with_them(three: list[Interaction], tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    raw = layout.document(map(layout.block, three))
    key = b"sk-ant-api03-" + b"Ab1" * 31 + b"-AA"
    path.write_bytes(raw.replace(b"# --- 1 ---\n", b"# --- 1 ---\n# with %s\n" % key))

    scrub(path, environ={})

    assert key not in path.read_bytes()


def test_nothing_is_made_of_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CassetteError, match="no such cassette"):
        scrub(tmp_path / "a.yaml")

    assert not list(tmp_path.iterdir())


def test_pruning_keeps_what_was_played_as_it_stood(three: list[Interaction], tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    files.save(path, three, expected=None)

    assert prune(path, {1, 3}) == [2]
    assert list(files.load(path).interactions) == [three[0], three[2]]


def test_a_report_names_files_by_their_real_paths(tmp_path: Path) -> None:
    report = tmp_path / "r.json"
    report.write_text(
        json.dumps({"cassettes": {str(tmp_path / "b" / ".." / "a.yaml"): {"played": [2, 1]}}}), encoding="utf-8"
    )

    assert played_of(report) == {(tmp_path / "a.yaml").resolve(): {1, 2}}
    report.write_text("[]", encoding="utf-8")
    with pytest.raises(CassetteError, match="no report of cassettes"):
        played_of(report)
