"""Every code block of the documentation runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from windtunnel_server.words import step_from_json, step_to_json

pytest.importorskip("anthropic")
pytest.importorskip("httpx2")


@pytest.mark.usefixtures("command")
def test_a_block_runs(snippet: Any):
    code = compile("\n" * (snippet.line - 1) + snippet.code, snippet.page, "exec")

    exec(code, {"__name__": "__main__"})


def test_a_script_in_json_can_be_read(steps_block: Any):
    for step in json.loads(steps_block.code):
        read = step_from_json(step)

        assert step_from_json(step_to_json(read)) == read


def test_a_scenario_can_be_read_and_editors_take_it(scenario_block: Any):
    from windtunnel.scenario.load import loads
    from windtunnel.scenario.schema import schema
    from windtunnel.scenario.yaml import read

    jsonschema = pytest.importorskip("jsonschema")

    scenarios = loads(scenario_block.code, name=scenario_block.page)

    jsonschema.validate(read(scenario_block.code)[0].value, schema())
    for scenario in scenarios:
        assert loads(scenario.to_yaml()) == [scenario.model_copy(update={"variables": {}})]


@pytest.mark.slow
def test_blocks_that_are_tests_pass_under_pytest(inner_tests: list[Any], tmp_path: Path):
    for number, block in enumerate(inner_tests):
        (tmp_path / f"test_block_{number}.py").write_text(block.code, encoding="utf-8")
    installed = entry_points(group="pytest11", name="windtunnel")
    plugin = [] if installed else ["-p", "windtunnel.plugin"]
    expected = sum(len(re.findall(r"^def test_", block.code, re.MULTILINE)) for block in inner_tests)

    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-p", "no:cacheprovider", *plugin, tmp_path],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        encoding="utf-8",
        timeout=50,
    )

    assert run.returncode == 0, run.stdout
    assert expected >= 4
    assert f"{expected} passed" in run.stdout
