"""Which cassettes the tests of a run have begun to write, in whatever process: the first writer of each may replace it.

A run is all workers of pytest-xdist, those too that take the place of one that crashed.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest


class Made:
    """Notes in a folder of the run, one for each cassette."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def of(cls, request: pytest.FixtureRequest) -> Made:
        """Find the notes of the run that a test belongs to."""
        folder: Path = request.getfixturevalue("tmp_path_factory").getbasetemp()
        worker = getattr(request.config, "workerinput", None)
        if worker is None:
            return cls(folder / "windtunnel made")
        # Each worker has its folder in one of the controller's, or at least of the user's.
        return cls(folder.parent / f"windtunnel made {worker['testrunuid']}")

    def __contains__(self, file: Path) -> bool:
        return self._note(file).exists()

    def is_first(self, file: Path) -> bool:
        """Take down that a cassette is written; say whether for the first time in this run. Its lock is held."""
        note = self._note(file)
        if note.exists():
            return False
        note.parent.mkdir(parents=True, exist_ok=True)
        note.touch()
        return True

    def was_found(self, file: Path) -> bool:
        """Say whether a cassette was there before the run. Its lock need not be held: it is noted before it is made."""
        return file.exists() and file not in self

    def _note(self, file: Path) -> Path:
        return self._folder / hashlib.sha256(str(file.resolve()).encode()).hexdigest()
