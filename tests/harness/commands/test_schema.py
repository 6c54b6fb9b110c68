"""`windtunnel schema`: the JSON Schema of scenario files."""

from __future__ import annotations

import json
from pathlib import Path


def test_it_is_printed_or_written(windtunnel_command, tmp_path: Path):
    printed = windtunnel_command("schema")
    written = windtunnel_command("schema", "--output", "s.json")

    assert (printed.exit_code, written.exit_code, written.stdout) == (0, 0, "")
    assert json.loads(printed.stdout) == json.loads((tmp_path / "s.json").read_text(encoding="utf-8"))
    assert json.loads(printed.stdout)["required"] == ["name"]


def test_a_file_that_cannot_be_written_ends_with_2(windtunnel_command):
    ended = windtunnel_command("schema", "--output", "no/folder/s.json")

    assert ended.exit_code == 2
    assert ended.stderr == "windtunnel: --output no/folder/s.json: cannot be written: No such file or directory\n"
