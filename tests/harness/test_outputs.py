"""Where results go: each file whole or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from windtunnel.outputs import OutputError, Outputs, put, read
from windtunnel.results import Result

RESULT = Result(
    scenario="a", id="a", client="naive", provider="anthropic", seed=0, status="skip", reason="no \ud800 way"
)


def test_all_that_is_asked_for_is_written_and_can_be_read(tmp_path: Path):
    outputs = Outputs(json=tmp_path / "a" / "r.json", junit=tmp_path / "r.xml", html=tmp_path / "r.html")

    outputs.prepare()
    outputs.write([RESULT], title="a run", seed=7)

    document, (result,) = read(tmp_path / "a" / "r.json")
    assert outputs.written == [tmp_path / "a" / "r.json", tmp_path / "r.xml", tmp_path / "r.html"]
    assert all(path.stat().st_size > 0 for path in outputs.written)
    assert (document["seed"], result.scenario, result.status) == (7, "a", "skip")


def test_nothing_asked_for_is_nothing_written(tmp_path: Path):
    outputs = Outputs()

    outputs.prepare()
    outputs.write([RESULT], title="a run")

    assert (outputs.written, list(tmp_path.iterdir())) == ([], [])


def test_what_cannot_be_written_is_said_before_anything_is_run(tmp_path: Path):
    (tmp_path / "file").write_text("", encoding="utf-8")

    with pytest.raises(OutputError, match=r"--json .*/file/r\.json: its folder cannot be made: "):
        Outputs(json=tmp_path / "file" / "r.json").prepare()
    with pytest.raises(OutputError, match="--html .*: cannot be written"):
        Outputs(html=tmp_path).prepare()


def test_a_file_is_replaced_whole_and_nothing_else_is_left(tmp_path: Path):
    path = tmp_path / "r.json"
    path.write_bytes(b"old")

    put(path, b"new")

    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]
    with pytest.raises(OutputError, match="cannot be written"):
        put(tmp_path, b"a folder is in its place")
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "said"), [(b"{", "is not JSON"), (b"\xff", "is not JSON"), (b"[]", "no runs in it")]
)
def test_a_file_that_has_no_results_in_it_says_so(tmp_path: Path, content: bytes, said: str):
    path = tmp_path / "r.json"
    path.write_bytes(content)

    with pytest.raises(OutputError, match=rf"r\.json: .*{said}"):
        read(path)
