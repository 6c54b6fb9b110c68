"""Cassettes in pytest: which files a test plays, how, and what is said of those that were not played out."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import pytest

from windtunnel_server.script import unknown_word

if TYPE_CHECKING:
    from windtunnel.cassette.match import Custom
    from windtunnel.cassette.plans import Pace
    from windtunnel.cassette.player import Player

NAME: Final = "windtunnel_cassette"
MARKER: Final = (
    'windtunnel_cassette(name, ..., pace="none" | "recorded" | N, match=("method", "path", "query", "body"), '
    'allow_repeats=False, unplayed="warn" | "fail" | "allow")'
)
#: Carries what was not played from the workers of pytest-xdist to the summary.
UNPLAYED: Final = "windtunnel unplayed"
#: Carries what was played: files, each with the numbers of its interactions.
PLAYED: Final = "windtunnel played"
_ASKED: Final = "windtunnel_cassettes_asked"
_SUFFIXES: Final = (".yaml", ".yml")
#: What no file system or shell minds.
_PLAIN: Final = re.compile(r"[^\w.@=+-]+")

Unplayed = Literal["warn", "fail", "allow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Options:
    """What the marker of a test says beside the names; its own words for pace and match are read by the player."""

    pace: Pace = "none"
    match: Sequence[str | Custom] = ("method", "path", "query", "body")
    allow_repeats: bool = False
    unplayed: Unplayed = "warn"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The cassettes of one test."""

    files: tuple[Path, ...]
    options: _Options
    #: How to run the test again.
    rerun: str

    def player(self) -> Player:
        """Load the cassettes. Fails the test for one that is not there, or cannot be read."""
        from windtunnel.cassette.files import CassetteMissing, load
        from windtunnel.cassette.interaction import CassetteError
        from windtunnel.cassette.match import MatchError
        from windtunnel.cassette.player import Player, as_recorded

        options = self.options
        try:
            return Player(
                [(_shown(file), load(file)) for file in self.files],
                pace=options.pace,
                match=options.match,
                allow_repeats=options.allow_repeats,
                redact=as_recorded(),
                remedy=f"record it again: {self.rerun} --windtunnel-record=new",
            )
        except CassetteMissing as error:
            pytest.fail(f"{error}: {self.rerun} --windtunnel-record=once", pytrace=False)
        except (CassetteError, MatchError, ValueError) as error:
            pytest.fail(f"windtunnel_cassette: {error}", pytrace=False)


def wanted(item: pytest.Item) -> Wanted | None:
    """Return the cassettes a test is marked with; None for a test that is not. UsageError for a mark that cannot be."""
    mark = item.get_closest_marker(NAME)
    if mark is None:
        return None
    try:
        options = _Options(**mark.kwargs)
    except TypeError as error:
        raise pytest.UsageError(f"{item.nodeid}: the marker is {MARKER}: {error}") from None
    if options.unplayed not in get_args(Unplayed):
        known = unknown_word("unplayed", options.unplayed, get_args(Unplayed))
        raise pytest.UsageError(f"{item.nodeid}: windtunnel_cassette: {known}")
    for name in mark.args:
        if not isinstance(name, (str, Path)) or not str(name):
            raise pytest.UsageError(f"{item.nodeid}: windtunnel_cassette: {name!r} is no name; the marker is {MARKER}")
    names = mark.args or (_PLAIN.sub("_", item.nodeid.rpartition("::")[2]).strip("_"),)
    files = tuple(_file(folder_of(item), str(name)) for name in names)
    return Wanted(files, options, f"pytest {item.nodeid!r}" if "[" in item.nodeid else f"pytest {item.nodeid}")


def folder_of(item: pytest.Item) -> Path:
    """Where the cassettes of a test are: in `cassettes/<test module>/` beside it, or in the folder of the ini key."""
    given = item.config.getini("windtunnel_cassette_dir")
    return item.config.rootpath / given if given else item.path.parent / "cassettes" / item.path.stem


def _file(folder: Path, name: str) -> Path:
    return folder / (name if name.endswith(_SUFFIXES) else f"{name}.yaml")


def _shown(file: Path) -> str:
    """A path as short as it can be said from here."""
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)


# --- when the test is over ---------------------------------------------------------------------------------------


def hold(item: pytest.Item, asked: Wanted, player: Player, *, passed: bool) -> None:
    """Fail a test for what its cassettes had no answer to, and tell what of them it has not played."""
    item.user_properties.append((PLAYED, json.dumps(_played(asked, player))))
    if player.misses:
        pytest.fail("\n".join(map(str, player.misses)), pytrace=False)
    if not passed or not player.unplayed or asked.options.unplayed == "allow":
        return
    told = f"not played: {', '.join(map(str, player.unplayed))}"
    if asked.options.unplayed == "fail":
        pytest.fail(
            f'{told}; let the client ask for it, record again ({asked.rerun} --windtunnel-record=all), or say unplayed="allow"',
            pytrace=False,
        )
    item.user_properties.append((UNPLAYED, told))


def _played(asked: Wanted, player: Player) -> dict[str, list[int]]:
    shown = {_shown(file): str(file.resolve()) for file in asked.files}
    played: dict[str, list[int]] = {file: [] for file in shown.values()}
    for place in player.played:
        played[shown[place.cassette]].append(place.number)
    return played


def passed(item: pytest.Item) -> bool:
    """Whether the test itself has passed."""
    return item.stash.get(_PASSED, False)


def note(item: pytest.Item, report: pytest.TestReport) -> None:
    """Remember how the test itself ended."""
    if report.when == "call":
        item.stash[_PASSED] = report.passed


_PASSED: Final = pytest.StashKey[bool]()


# --- what a run has played ---------------------------------------------------------------------------------------


def played(reports: Iterable[Any]) -> dict[str, set[int]]:
    """Put together what the tests of a run have played: the real path of each cassette, and the numbers, from 1."""
    found: dict[str, set[int]] = {}
    for report in reports:
        for name, told in report.user_properties:
            if name == PLAYED:
                for file, numbers in json.loads(told).items():
                    found.setdefault(file, set()).update(numbers)
    return dict(sorted(found.items()))


def worth(files: Iterable[str]) -> str | None:
    """Tell on one line what the calls on these cassettes used, and cost when they were made; None where that is nothing."""
    from windtunnel.cassette.conversation import told, total
    from windtunnel.cassette.files import load
    from windtunnel_server.ledger import Account

    paths = list(files)
    account = sum((total(load(file).interactions) for file in paths), Account())
    if not account.calls:
        return None
    return f"{len(paths)} cassette{' stands' if len(paths) == 1 else 's stand'} for {told(account)}"


def write_report(path: Path, found: Mapping[str, set[int]]) -> None:
    """Write what was played, for `windtunnel cassette prune --report`."""
    listed = {file: {"played": sorted(numbers)} for file, numbers in found.items()}
    path.write_text(json.dumps({"cassettes": listed}, indent=1) + "\n", encoding="utf-8")


# --- cassettes that no test asks for -----------------------------------------------------------------------------

_FILES: Final = pytest.StashKey[set[str]]()


def take_down(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    """Remember which cassettes the collected tests ask for, in a worker of pytest-xdist for the controller."""
    marked = (wanted(item) for item in items)
    files = {str(file.resolve()) for one in marked if one is not None for file in one.files}
    config.stash[_FILES] = files
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output[_ASKED] = sorted(files)


def gather(node: Any) -> None:
    """In the controller of pytest-xdist: take what a worker has collected."""
    asked: Mapping[str, Any] = getattr(node, "workeroutput", {})
    node.config.stash.setdefault(_FILES, set()).update(asked.get(_ASKED, ()))


def orphans(config: pytest.Config) -> list[str]:
    """Return the cassettes that no test asks for; none unless the run was of all tests."""
    files = {Path(file) for file in config.stash.get(_FILES, set())}
    if not files or not _is_full(config):
        return []
    given = config.getini("windtunnel_cassette_dir")
    roots = {config.rootpath / given} if given else {root for file in files if (root := _root(file)) is not None}
    there = {file for root in roots for file in _cassettes(root)}
    return sorted(_shown(file) for file in there - files)


def _is_full(config: pytest.Config) -> bool:
    option = config.option
    narrowed = (option.keyword, option.markexpr, getattr(option, "lf", False), option.deselect, option.ignore)
    return config.args_source is not pytest.Config.ArgsSource.ARGS and not any(narrowed)


def _root(file: Path) -> Path | None:
    """The folder `cassettes` that a file is in."""
    return next((folder for folder in file.parents if folder.name == "cassettes"), None)


def _cassettes(root: Path) -> Iterator[Path]:
    return (file.resolve() for file in root.rglob("*") if file.suffix in _SUFFIXES and not file.name.startswith("."))
