"""A player that somebody watches: each miss is told as it happens, and in the end what was played and what was not."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator
from itertools import groupby
from typing import Any, Final

from windtunnel.cassette.match import Place, Source
from windtunnel.cassette.player import Miss, Player
from windtunnel_server.call import Call

#: So many misses are told in full. A client that goes round in circles must not bury the first of them.
_TOLD: Final = 20
_MORE: Final = "other requests are not recorded either; from here on they are counted, and the journal has them"


class Watched(Player):
    """Plays as any player. `tell` is given each miss that is unlike those before it; options as of Player."""

    def __init__(self, cassettes: Iterable[tuple[str, Source]], *, tell: Callable[[str], None], **options: Any) -> None:
        super().__init__(cassettes, **options)
        self._tell = tell
        self._seen: set[tuple[object, ...]] = set()
        self._played_before: set[Place] = set()
        #: Requests that nothing answered, whatever was reset since.
        self.missed_in_all = 0

    def missed(self, call: Call) -> str:
        said = super().missed(call)
        self.missed_in_all += 1
        miss = self.misses[-1]
        if _kind(miss) not in self._seen:
            self._seen.add(_kind(miss))
            if len(self._seen) <= _TOLD:
                told = fitting(miss, columns=shutil.get_terminal_size().columns)
                self._tell(told.replace("allow_repeats lets", "--allow-repeats lets"))
            elif len(self._seen) == _TOLD + 1:
                self._tell(_MORE)
        return said

    def rewind(self) -> None:
        self._played_before.update(self.played)
        super().rewind()

    def summary(self) -> str:
        """Tell in a line or several what has become of the interactions, whatever was reset since."""
        lacking = [place for place in self.unplayed if place not in self._played_before]
        told = f"{len(self) - len(lacking)} of {_count(len(self), 'interaction')} played"
        if self.missed_in_all:
            kinds = len(self._seen)
            several = f", {kinds} different ones" if 1 < kinds < self.missed_in_all else ""
            told += f"; {_count(self.missed_in_all, 'request')} not recorded{several}"
        return "\n".join([told, *(f"  not played: {line}" for line in _by_cassette(lacking))])


def unlike(misses: Iterable[Miss]) -> list[Miss]:
    """Return misses without those that are like one before them."""
    first: dict[tuple[object, ...], Miss] = {}
    for miss in misses:
        first.setdefault(_kind(miss), miss)
    return list(first.values())


def fitting(miss: Miss, *, columns: int) -> str:
    """Tell a miss as a test's report does; a difference that is wider than `columns` is told one below the other."""
    told = str(miss)
    differs = None if miss.nearest is None else miss.nearest.difference
    if differs is None or max(map(len, told.splitlines())) <= columns:
        return told
    below = f"{differs.where}\n    recorded: {differs.recorded}\n    asked:    {differs.seen}"
    return told.replace(str(differs), below, 1)


def _kind(miss: Miss) -> tuple[object, ...]:
    return miss.line, miss.place, miss.nearest


def _by_cassette(places: Iterable[Place]) -> Iterator[str]:
    for cassette, group in groupby(places, key=lambda place: place.cassette):
        yield f"{', '.join(_runs([place.number for place in group]))} of {cassette}"


def _runs(numbers: list[int]) -> Iterator[str]:
    """Write numbers that follow one another as "3 to 7"."""
    for _, group in groupby(enumerate(numbers), key=lambda pair: pair[1] - pair[0]):
        run = [number for _, number in group]
        yield str(run[0]) if len(run) == 1 else f"{run[0]}{' to ' if len(run) > 2 else ', '}{run[-1]}"


def _count(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
