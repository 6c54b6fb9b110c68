"""Where scenarios come from: the library that ships with the tunnel, files and folders."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from windtunnel.scenario.load import Mistake, ScenarioError, load
from windtunnel.scenario.schema import Scenario

#: The folder scenarios/ of the project, which the wheel has as a part of this package.
LIBRARY: Final = Path(__file__).parent / "library"
SUFFIXES: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Found:
    """A scenario and where it stands."""

    #: Name of the file without its ending: what one types to run it.
    id: str
    path: Path
    scenario: Scenario

    @property
    def shipped(self) -> bool:
        return self.path.is_relative_to(LIBRARY)


def shipped() -> list[Path]:
    """Return the files of the library, by name."""
    return _files(LIBRARY)


def _files(folder: Path) -> list[Path]:
    found = (path for path in folder.rglob("*") if path.suffix in SUFFIXES and path.is_file())
    return sorted(found, key=lambda path: path.as_posix())


def find(asked: Iterable[str]) -> list[Found]:
    """Read the scenarios asked for by name, file or folder; nothing asked: the library.

    Every mistake in any of the files is in the one ScenarioError that is raised.
    """
    listed = list(asked)
    paths = [path for one in listed for path in _paths(one)] if listed else shipped()
    found: list[Found] = []
    mistakes: list[Mistake] = []
    for path in dict.fromkeys(paths):
        try:
            found += [Found(path.stem, path, scenario) for scenario in load(path)]
        except ScenarioError as error:
            mistakes += error.mistakes
    if mistakes:
        raise ScenarioError(mistakes)
    return found


def _paths(asked: str) -> Iterator[Path]:
    path = Path(asked)
    by_name = {shipped.stem: shipped for shipped in shipped()}
    if asked in by_name and not path.is_file():
        yield by_name[asked]
    elif path.is_dir():
        files = _files(path)
        if not files:
            raise ScenarioError([Mistake(asked, 0, f"no scenario in this folder; they end in {' or '.join(SUFFIXES)}")])
        yield from files
    elif path.is_file():
        yield path
    else:
        nearest = difflib.get_close_matches(asked, by_name, n=3, cutoff=0.5)
        hint = f"; nearest there: {', '.join(nearest)}" if nearest else ""
        why = f"is neither a file or folder here nor a scenario of the library{hint} (`windtunnel run --list` has all)"
        raise ScenarioError([Mistake(asked, 0, why)])
