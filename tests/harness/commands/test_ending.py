"""Exit codes: a bug is the tunnel's own failure, whatever command it is in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from windtunnel.cassette import files
from windtunnel.cli import main


def _main(monkeypatch: pytest.MonkeyPatch, *words: str) -> int | str | None:
    monkeypatch.setattr(sys, "argv", ["windtunnel", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.mark.parametrize("words", [("cassette", "show", "a.yaml"), ("cassette", "verify", "a.yaml")])
def test_a_bug_ends_with_3_and_is_told_from_what_was_found(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    def broken(path: object) -> None:
        raise ZeroDivisionError("of ours")

    monkeypatch.chdir(tmp_path)
    files.save("a.yaml", [], expected=None)
    monkeypatch.setattr(files, "load", broken)

    code = _main(monkeypatch, *words)

    err = capsys.readouterr().err
    assert code == 3
    assert "Traceback" in err
    assert err.endswith("windtunnel: a bug of windtunnel's own: ZeroDivisionError: of ours\n")


def test_a_mistake_is_no_bug(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)

    code = _main(monkeypatch, "cassette", "show", "none.yaml")

    assert (code, capsys.readouterr().err) == (
        2,
        "windtunnel: none.yaml: there is no such cassette; record it first\n",
    )
