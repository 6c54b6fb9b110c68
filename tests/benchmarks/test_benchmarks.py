"""Every benchmark runs, with tiny numbers, and prints its ratios; how large they are is nobody's business here."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RATIO = re.compile(r"\d×  +\d[\d.,e-]*–\d")


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m benchmarks` as a user does, with this process's import path."""
    path = os.pathsep.join([str(ROOT), *(entry for entry in sys.path if entry)])
    return subprocess.run(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=50,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["requests", "large", "tokens", "pacing", "virtual", "start", "sdk", "cassettes", "replay"]
)
def test_a_benchmark_prints_a_ratio_on_every_line(name: str) -> None:
    pytest.importorskip("uvicorn")
    pytest.importorskip("anthropic")
    if name == "cassettes":
        pytest.importorskip("vcr")

    run = bench(name, "--quick")

    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    head, *rows = [line for line in run.stdout.splitlines() if re.search(r"  +(ratio|\d[\d,.]*×)  ", line)]
    assert "ours" in head and "the other" in head
    assert rows and all(RATIO.search(row) for row in rows if "×" in row)


def test_a_benchmark_that_is_not_there_is_a_usage_error() -> None:
    run = bench("speed")

    assert run.returncode == 2
    assert "no benchmark speed; on offer: requests, large, tokens, pacing" in run.stderr
