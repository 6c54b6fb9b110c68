"""What it costs to have us: the fixture in a test that does nothing, and the plugin in a run that does not use it."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.rounds import Row, Table, by_turns

_NOTE = (
    "fixture: ms of one whole test, with the SDK imported (dates are frozen in every module there is). "
    "plugin: ms of the import on top of `import pytest`. Less is better."
)
_TIMES_A_TEST = """
import json, os, time
import pytest

took = []

@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    began = time.perf_counter()
    try:
        return (yield)
    finally:
        took.append((time.perf_counter() - began) * 1000)

def pytest_sessionfinish():
    with open(os.environ["TOOK"], "w") as out:
        json.dump(took, out)
"""
_TESTS = {
    "empty": "import anthropic, pytest\n@pytest.mark.parametrize('n', range({count}))\ndef test_it(n): pass\n",
    "dates frozen": (
        "import anthropic, pytest\n@pytest.mark.parametrize('n', range({count}))\ndef test_it(n, windtunnel): pass\n"
    ),
    "dates left alone": (
        "import anthropic, pytest\npytestmark = pytest.mark.windtunnel(dates=False)\n"
        "@pytest.mark.parametrize('n', range({count}))\ndef test_it(n, windtunnel): pass\n"
    ),
    "real clock": (
        "import anthropic, pytest\npytestmark = pytest.mark.windtunnel(clock='real')\n"
        "@pytest.mark.parametrize('n', range({count}))\ndef test_it(n, windtunnel): pass\n"
    ),
}
_IMPORT = (
    "import time; a = time.perf_counter(); import pytest; b = time.perf_counter(); import {module}; "
    "c = time.perf_counter(); print((b - a) * 1000 if {first} else (c - b) * 1000)"
)


def measure(*, quick: bool) -> list[Table]:
    """Run inner pytests, and imports in fresh interpreters."""
    count, rounds = (2, 1) if quick else (20, 3)
    tests = by_turns({name: lambda name=name: _test_ms(name, count) for name in _TESTS}, rounds)  # type: ignore[misc]
    imports = by_turns({"plugin": lambda: _import_ms(first=False), "pytest": lambda: _import_ms(first=True)}, rounds)
    rows = [Row(f"fixture, {name}", tests[name], tests["empty"], "an empty test") for name in list(_TESTS)[1:]]
    rows.append(Row("plugin", imports["plugin"], imports["pytest"], "import pytest"))
    return [Table("start", rows, _NOTE)]


def _test_ms(name: str, count: int) -> float:
    """Median of one test's time; the first one pays for the imports and is left out."""
    with tempfile.TemporaryDirectory() as folder:
        inner, took = Path(folder), Path(folder, "took.json")
        (inner / "conftest.py").write_text(_TIMES_A_TEST, encoding="utf-8")
        (inner / "test_it.py").write_text(_TESTS[name].format(count=count), encoding="utf-8")
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "windtunnel.plugin"]
        environment = {**_environment(), "TOOK": str(took), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        run = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if run.returncode:
            raise RuntimeError(run.stdout + run.stderr)
        took_ms: list[float] = json.loads(took.read_text(encoding="utf-8"))
        return statistics.median(took_ms[1:])


def _import_ms(*, first: bool) -> float:
    program = _IMPORT.format(module="windtunnel.plugin", first=first)
    run = subprocess.run(
        [sys.executable, "-c", program], env=_environment(), capture_output=True, text=True, check=True
    )
    return float(run.stdout)


def _environment() -> dict[str, str]:
    """This process's environment, with its import path, which may not be installed."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path and Path(path).is_dir())}
