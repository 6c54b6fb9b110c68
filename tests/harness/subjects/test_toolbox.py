"""Tools and their canned results."""

from __future__ import annotations

import pytest

from windtunnel.subjects import toolbox


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("list_files", {"folder": "."}, "README.md\nvane.py\ntest_vane.py"),
        ("read_file", {"path": "./vane.py"}, "def direction"),
        ("search_text", {"text": "test_north"}, "test_vane.py:4: def test_north():"),
        ("search_text", {"text": "gale"}, "Nothing contains 'gale'."),
        ("run_command", {"command": "pytest"}, "$ pytest\n1 passed"),
        ("get_weather", {"city": "Kiel"}, "Kiel: 12 °C"),
    ],
)
def test_a_tool_answers_the_same_each_time(name, given, said):
    first, second = toolbox.run(name, given), toolbox.run(name, given)

    assert first == second
    assert first.text.startswith(said) and not first.failed


@pytest.mark.parametrize(
    ("name", "given", "said"),
    [
        ("fly", {}, "There is no tool 'fly'; there are list_files, read_file"),
        ("read_file", {}, "read_file needs 'path', a string."),
        ("read_file", {"path": 3}, "read_file needs 'path'"),
        ("read_file", {"path": "none.py"}, "none.py: no such file"),
        ("list_files", {"folder": "src"}, "src: no such folder"),
    ],
)
def test_a_call_that_cannot_be_run_is_told_to_the_model(name, given, said):
    ran = toolbox.run(name, given)

    assert ran.failed and ran.text.startswith(said)
