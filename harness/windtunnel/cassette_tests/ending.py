"""When a test is over: it is held to what it has played, and leaves word of it for the end of the run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from windtunnel.cassette.player import Player
from windtunnel.cassette_tests.asked import askers, is_picked
from windtunnel.cassette_tests.marker import Unplayed, Wanted
from windtunnel.cassette_tests.names import shown

#: Carries what a test has played from the workers of pytest-xdist to the summary.
PLAYED: Final = "windtunnel played"
_PASSED: Final = pytest.StashKey[bool]()


@dataclass(frozen=True, slots=True)
class Played:
    """What one test has played of one cassette."""

    test: str
    #: Real path.
    file: str
    #: Numbers of interactions, from 1, and how many there are.
    numbers: tuple[int, ...]
    count: int
    passed: bool
    unplayed: Unplayed
    #: Whether what is left may fail the run: False where tests that also ask for it may not have been found.
    is_sure: bool

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Played:
        """Undo `to_json`."""
        return cls(**values | {"numbers": tuple(values["numbers"])})


def note(item: pytest.Item, report: pytest.TestReport) -> None:
    """Remember how the test itself ended."""
    if report.when == "call":
        item.stash[_PASSED] = report.passed


def passed(item: pytest.Item) -> bool:
    """Whether the test itself has passed."""
    return item.stash.get(_PASSED, False)


def hold(item: pytest.Item, asked: Wanted, player: Player) -> None:
    """Fail a test for what its cassettes had no answer to, and for what of them it alone was to play and has not."""
    found = [_played(item, asked, player, file) for file in dict.fromkeys(asked.files)]
    item.user_properties.append((PLAYED, json.dumps([each.to_json() for each in found])))
    if player.misses:
        pytest.fail("\n".join(map(str, player.misses)), pytrace=False)
    if asked.options.unplayed == "fail" and passed(item):
        _hold_to_all(item, asked, player, found)


def _hold_to_all(item: pytest.Item, asked: Wanted, player: Player, found: list[Played]) -> None:
    own = {shown(Path(file)) for file in asked.files if is_alone(item.config, str(file.resolve()))}
    sure = all(each.is_sure for each in found)
    rest = [place for place in player.unplayed if place.cassette in own]
    if sure and rest:
        pytest.fail(
            f"not played: {', '.join(map(str, rest))}; let the client ask for it, record again ({asked.rerun} "
            '--windtunnel-record=all), or say unplayed="allow"',
            pytrace=False,
        )


def is_alone(config: pytest.Config, file: str) -> bool:
    """Say whether one test alone asks for a cassette, as far as is known."""
    return len(askers(config, file)) <= 1


def _played(item: pytest.Item, asked: Wanted, player: Player, file: Path) -> Played:
    name = shown(file)
    numbers = tuple(place.number for place in player.played if place.cassette == name)
    rest = sum(place.cassette == name for place in player.unplayed)
    return Played(
        item.nodeid,
        str(file.resolve()),
        numbers,
        len(numbers) + rest,
        passed(item),
        asked.options.unplayed,
        asked.is_own or not is_picked(item.config),
    )
