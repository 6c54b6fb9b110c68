"""One wheel holds both packages, typed, with the command and the plugin."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.Path:
    """The root of a wheel built from this tree, without the network."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50)
    assert run.returncode == 0, run.stdout + run.stderr
    [file] = folder.glob("*.whl")
    return zipfile.Path(file)


@pytest.mark.parametrize("package", ["windtunnel", "windtunnel_server"])
def test_both_packages_are_in_it_and_typed(wheel: zipfile.Path, package: str):
    assert (wheel / package / "__init__.py").is_file()
    assert (wheel / package / "py.typed").is_file()


def test_nothing_else_of_the_repository_is_in_it(wheel: zipfile.Path):
    [metadata] = [entry.name for entry in wheel.iterdir() if entry.name.endswith(".dist-info")]

    assert {entry.name for entry in wheel.iterdir()} == {"windtunnel", "windtunnel_server", metadata}


def test_it_brings_the_command_and_the_plugin(wheel: zipfile.Path):
    [metadata] = [entry for entry in wheel.iterdir() if entry.name.endswith(".dist-info")]

    entry_points = (metadata / "entry_points.txt").read_text(encoding="utf-8")

    assert "[console_scripts]\nwindtunnel = windtunnel.cli:main" in entry_points
    assert "[pytest11]\nwindtunnel = windtunnel.plugin" in entry_points
