"""What every test of this project shares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

#: For the tests that run pytest itself; it may be named nowhere but here.
pytest_plugins = ["pytester"]

ROOT = Path(__file__).parent


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Folder of recorded exchanges; a test that needs it is skipped where it is absent."""
    folder = Path(os.environ.get("WINDTUNNEL_CORPUS", ROOT.parent / "shared" / "corpus"))
    if not folder.is_dir():
        pytest.skip(f"the recorded corpus is not here ({folder}); set WINDTUNNEL_CORPUS to its folder")
    return folder
