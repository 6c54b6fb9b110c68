"""Imports point one way: the contracts in pyproject.toml, checked as `make check` checks them."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def lint_imports(config: Path, source_roots: list[Path]) -> subprocess.CompletedProcess[str]:
    """Run import-linter of this very environment, with those folders first on the path."""
    find = f"import sys; sys.path[:0] = {[str(root) for root in source_roots]!r}; "
    command = [sys.executable, "-c", find + LINT_IMPORTS, "--no-cache", "--config", str(config)]
    return subprocess.run(command, cwd=config.parent, capture_output=True, text=True, timeout=50)


def test_every_import_follows_the_contracts():
    run = lint_imports(ROOT / "pyproject.toml", [ROOT / "harness", ROOT / "fake_server"])

    assert run.returncode == 0, run.stdout + run.stderr


def test_an_import_against_the_arrows_is_noticed(tmp_path):
    config = tmp_path / "pyproject.toml"
    config.write_text((ROOT / "pyproject.toml").read_text(encoding="utf-8"), encoding="utf-8")
    files = {
        "windtunnel/__init__.py": "",
        "windtunnel_server/__init__.py": "",
        "windtunnel_server/plan.py": "import windtunnel\n",
        "windtunnel_server/wire/__init__.py": "from windtunnel_server import plan\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")

    run = lint_imports(config, [tmp_path])

    assert run.returncode == 1
    assert "windtunnel_server is not allowed to import windtunnel" in run.stdout
    assert "windtunnel_server.wire is not allowed to import windtunnel_server.plan" in run.stdout


def test_the_contracts_look_at_both_packages():
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert config["tool"]["importlinter"]["root_packages"] == ["windtunnel", "windtunnel_server"]
