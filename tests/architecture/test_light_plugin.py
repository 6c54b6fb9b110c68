"""pytest loads our plugin in every run of everyone who has us installed, so loading it must cost next to nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
HEAVY = {
    "anthropic",
    "anyio",
    "asyncio",
    "freezegun",
    "httptools",
    "httpx",
    "httpx2",
    "pydantic",
    "rich",
    "ssl",
    "trio",
    "typer",
    "uvloop",
    "yaml",
}
SHOW_WHAT_IT_BRINGS = """
import json, sys
sys.path[:0] = {roots!r}
import pytest, _pytest.config, _pytest.main
before = set(sys.modules)
import {module}
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def brought_by(module: str) -> set[str]:
    """Modules that importing `module` adds to what pytest itself has imported, in a fresh interpreter."""
    program = SHOW_WHAT_IT_BRINGS.format(roots=[str(ROOT / "harness"), str(ROOT / "fake_server")], module=module)
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=50)
    assert run.returncode == 0, run.stderr
    return set(json.loads(run.stdout))


def test_the_plugin_imports_nothing_heavy():
    brought = brought_by("windtunnel.plugin")

    assert {name.partition(".")[0] for name in brought} & HEAVY == set()


def test_a_heavy_import_would_be_seen():
    assert "asyncio" in brought_by("asyncio")
