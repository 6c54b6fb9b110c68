"""Which cassettes the tests of a run ask for, and which files no test asks for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pytest

from windtunnel.cassette.rules_beside import NAME as RULES
from windtunnel.cassette_tests.marker import wanted
from windtunnel.cassette_tests.names import SUFFIXES, shown

#: Where a worker of pytest-xdist leaves it for the controller.
OUTPUT: Final = "windtunnel_cassettes_asked"
#: The real path of each cassette, with the ids of the tests that ask for it.
_ASKED: Final = pytest.StashKey[dict[str, list[str]]]()


def note(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Remember what tests ask for that were found, even if others are chosen; a mark that cannot be is met later."""
    for item in items:
        with contextlib.suppress(pytest.UsageError):
            take_down(config, [item])


def take_down(config: pytest.Config, items: Iterable[pytest.Item]) -> None:
    """Remember what tests ask for. UsageError for a mark that cannot be."""
    for item in items:
        marked = wanted(item)
        for file in () if marked is None else marked.files:
            _add(config, str(file.resolve()), [item.nodeid])


def hand_over(config: pytest.Config) -> None:
    """In a worker of pytest-xdist: leave it for the controller."""
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output[OUTPUT] = config.stash.get(_ASKED, {})


def gather(node: Any) -> None:
    """In the controller of pytest-xdist: take what a worker has collected."""
    output: Mapping[str, Mapping[str, list[str]]] = getattr(node, "workeroutput", {})
    for file, tests in output.get(OUTPUT, {}).items():
        _add(node.config, file, tests)


def askers(config: pytest.Config, file: str) -> list[str]:
    """Return the ids of the tests that ask for the cassette with that real path."""
    return config.stash.get(_ASKED, {}).get(file, [])


def _add(config: pytest.Config, file: str, tests: Iterable[str]) -> None:
    there = config.stash.setdefault(_ASKED, {}).setdefault(file, [])
    there += [test for test in tests if test not in there]


def is_picked(config: pytest.Config) -> bool:
    """Say whether single tests were picked by name, so that others, which ask for the same, may not have been found."""
    return any("::" in str(arg) for arg in config.args) or bool(getattr(config.option, "lf", False))


# --- cassettes that no test asks for -----------------------------------------------------------------------------


def orphans(config: pytest.Config) -> list[str]:
    """Return the cassettes that no test asks for; none unless the run was of all tests."""
    files = {Path(file) for file in config.stash.get(_ASKED, {})}
    if not files or not _is_full(config):
        return []
    given = config.getini("windtunnel_cassette_dir")
    roots = {config.rootpath / given} if given else {root for file in files if (root := _root(file)) is not None}
    there = {file for root in roots for file in _cassettes(root)}
    return sorted(shown(file) for file in there - files)


def _is_full(config: pytest.Config) -> bool:
    option = config.option
    narrowed = (option.keyword, option.markexpr, getattr(option, "lf", False), option.deselect, option.ignore)
    return config.args_source is not pytest.Config.ArgsSource.ARGS and not any(narrowed)


def _root(file: Path) -> Path | None:
    """The folder `cassettes` that a file is in."""
    return next((folder for folder in file.parents if folder.name == "cassettes"), None)


def _cassettes(root: Path) -> Iterator[Path]:
    files = (file for file in root.rglob("*") if file.suffix in SUFFIXES and not file.name.startswith("."))
    return (file.resolve() for file in files if file.name != RULES)
