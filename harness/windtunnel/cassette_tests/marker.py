"""What the marker of a test says, and the cassettes that it asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, get_args

import pytest

from windtunnel.cassette_tests.names import file_of, own_file, shown
from windtunnel_server.script import unknown_word

if TYPE_CHECKING:
    from windtunnel.cassette.match import Custom
    from windtunnel.cassette.match.reel import Source
    from windtunnel.cassette.plans import Pace
    from windtunnel.cassette.player import Player

NAME: Final = "windtunnel_cassette"
MARKER: Final = (
    'windtunnel_cassette(name, ..., pace="none" | "recorded" | N, match=("method", "path", "query", "body"), '
    'allow_repeats=False, allow_no_calls=False, unplayed="warn" | "fail" | "allow")'
)

Unplayed = Literal["warn", "fail", "allow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the marker of a test says beside the names; its own words for pace and match are read by the player."""

    pace: Pace = "none"
    match: Sequence[str | Custom] = ("method", "path", "query", "body")
    allow_repeats: bool = False
    allow_no_calls: bool = False
    unplayed: Unplayed = "warn"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The cassettes of one test."""

    files: tuple[Path, ...]
    options: Options
    #: How to run the test again.
    rerun: str
    #: Called as the test, so that no other test asks for it.
    is_own: bool
    #: Rules of redaction, where those are not beside the cassettes: a file, or MODULE:NAME.
    rules: str | None = None

    def player(self) -> Player:
        """Load the cassettes. Fails the test for one that is not there, or cannot be read."""
        from windtunnel.cassette.files import CassetteMissing
        from windtunnel.cassette.interaction import CassetteError
        from windtunnel.cassette.match import MatchError
        from windtunnel.cassette.player import Player, as_recorded

        options = self.options
        try:
            return Player(
                [(shown(file), self._source(file)) for file in self.files],
                pace=options.pace,
                match=options.match,
                allow_repeats=options.allow_repeats,
                redact=as_recorded(self.files, self.rules),
                remedy=f"record it again: {self.rerun} --windtunnel-record=new",
            )
        except CassetteMissing as error:
            pytest.fail(f"{error}: {self.rerun} --windtunnel-record=once", pytrace=False)
        except (CassetteError, MatchError, ValueError) as error:
            pytest.fail(f"windtunnel_cassette: {error}", pytrace=False)

    def _source(self, file: Path) -> Source:
        from windtunnel.cassette.files import load

        # Of a test that made no call, nothing was recorded; one that it makes now is a miss.
        return [] if self.options.allow_no_calls and not file.exists() else load(file)


def is_marked(item: pytest.Item) -> bool:
    """Say whether a test is marked with a cassette."""
    return item.get_closest_marker(NAME) is not None


def wanted(item: pytest.Item) -> Wanted | None:
    """Return the cassettes a test is marked with; None for a test that is not. UsageError for a mark that cannot be."""
    mark = item.get_closest_marker(NAME)
    if mark is None:
        return None
    try:
        options = Options(**mark.kwargs)
    except TypeError as error:
        raise pytest.UsageError(f"{item.nodeid}: the marker is {MARKER}: {error}") from None
    if options.unplayed not in get_args(Unplayed):
        known = unknown_word("unplayed", options.unplayed, get_args(Unplayed))
        raise pytest.UsageError(f"{item.nodeid}: windtunnel_cassette: {known}")
    for name in mark.args:
        if not isinstance(name, (str, Path)) or not str(name):
            raise pytest.UsageError(f"{item.nodeid}: windtunnel_cassette: {name!r} is no name; the marker is {MARKER}")
    files = tuple(file_of(item, str(name)) for name in mark.args) or (own_file(item),)
    rerun = f"pytest {item.nodeid!r}" if "[" in item.nodeid else f"pytest {item.nodeid}"
    return Wanted(files, options, rerun, is_own=not mark.args, rules=_rules(item.config))


def _rules(config: pytest.Config) -> str | None:
    """Return what the ini key says; a file counts from the root folder."""
    given = str(config.getini("windtunnel_redact"))
    if not given or ":" in given:
        return given or None
    return str(config.rootpath / given)
