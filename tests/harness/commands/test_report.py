"""`windtunnel report`: what was kept, shown once more."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest


@pytest.fixture
def results(windtunnel_command, tmp_path: Path) -> Path:
    windtunnel_command("run", "--client", "naive", "refusal", "server-error-once", "--json", "r.json")
    return tmp_path / "r.json"


def test_the_page_lies_beside_the_file_and_the_table_is_printed(windtunnel_command, results: Path):
    ended = windtunnel_command("report", "r.json")

    assert ended.exit_code == 0
    assert "fail: backoff" in ended.stdout and "1 passed, 1 failed" in ended.stdout
    assert ended.stdout.endswith("page: r.html\n")
    assert "server-error-once" in results.with_suffix(".html").read_text(encoding="utf-8")


def test_page_and_junit_go_where_they_are_asked_for(windtunnel_command, results: Path, tmp_path: Path):
    ended = windtunnel_command("report", "r.json", "--html", "a/p.html", "--junit", "b/j.xml")

    assert ended.exit_code == 0
    assert (tmp_path / "a" / "p.html").is_file()
    assert not results.with_suffix(".html").exists()
    assert ElementTree.parse(tmp_path / "b" / "j.xml").getroot()[0].get("failures") == "1"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "r.json: cannot be read: No such file or directory"),
        ("{", "r.json: is not JSON"),
        ("[]", "r.json: it has no runs in it; results are what `windtunnel run --json FILE` writes"),
        ('{"runs": [], "format": 99, "windtunnel": "9"}', "it is in format 99, and this windtunnel reads 1"),
        ('{"runs": [{}], "format": 1}', "a run in it is not as it was written: KeyError"),
    ],
)
def test_a_file_that_has_no_results_ends_with_2_and_leaves_no_page(
    windtunnel_command, tmp_path: Path, text: str | None, said: str
):
    if text is not None:
        (tmp_path / "r.json").write_text(text, encoding="utf-8")

    ended = windtunnel_command("report", "r.json")

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert said in ended.stderr
    assert not (tmp_path / "r.html").exists()
