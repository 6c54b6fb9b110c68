"""The marker brings the fixture: a test that is marked with a cassette and does not ask for `windtunnel` gets it, too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

import pytest

from windtunnel.cassette_tests.marker import MARKER, is_marked

FIXTURE: Final = "windtunnel"
_OPENED: Final = pytest.StashKey[bool]()


def bring(items: Iterable[pytest.Item]) -> None:
    """Let marked tests have the fixture, before all others that are for one test alone."""
    for item in items:
        names = getattr(item, "fixturenames", None)
        if is_marked(item) and names is not None and FIXTURE not in names:
            names.insert(_first_for_one_test(item, names), FIXTURE)


def opened(item: pytest.Item) -> None:
    """Remember that a test has its tunnel."""
    item.stash[_OPENED] = True


def check_opened(item: pytest.Item) -> None:
    """Fail a marked test that has been set up without a tunnel: its calls would go to the service."""
    if not item.stash.get(_OPENED, False) and not getattr(item.config.option, "setupplan", False):
        pytest.fail(
            f"{MARKER.partition('(')[0]} is for test functions that have the fixture {FIXTURE} of this plugin, and this "
            "test has not: its calls would go to the service",
            pytrace=False,
        )


def _first_for_one_test(item: pytest.Item, names: list[str]) -> int:
    """Return the place of the first fixture of the scope of a function; wider ones are set up before them anyway."""
    # Not public, but what pytest's own usefixtures comes to; other plugins rely on it, too.
    known: Any = getattr(getattr(item, "_fixtureinfo", None), "name2fixturedefs", {})
    return next(
        (at for at, name in enumerate(names) if name in known and known[name][-1].scope == "function"), len(names)
    )
