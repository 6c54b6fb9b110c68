"""Into the cassette with what was taken down: redacted, one by one as they end, in the order in which they began.

What a later one gives away is taken out of the earlier ones in the same write.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from windtunnel.cassette.interaction import CassetteError, Interaction

if TYPE_CHECKING:
    from windtunnel.cassette.redact import Guard

#: "none": only play; "once": record where there is no cassette yet, else play; "new": play, and record what is lacking;
#: "all": record everything afresh.
Mode: TypeAlias = Literal["none", "once", "new", "all"]
Change: TypeAlias = Callable[[Sequence[Interaction]], Sequence[Interaction]]
Update: TypeAlias = Callable[[Path, Change], object]


class Writer:
    """A sink that writes to a cassette from a thread of its own, so that no call waits for the disk.

    The file is whole after every write: a process that is killed leaves what had been complete. With `afresh` the first
    write takes the place of what was there.
    """

    def __init__(
        self, path: Path, *, afresh: bool = False, guard: Guard | None = None, update: Update | None = None
    ) -> None:
        self._path, self._afresh = path, afresh
        self._guard = guard or _guard(path)
        self._update = update or _update
        #: How many interactions have been written, and not taken out again.
        self.count = 0
        #: When each of them began: that is what tells them from what was there before.
        self._ours: set[dt.datetime | None] = set()
        #: What the file was looked through for last, in `known` of the guard.
        self._looked_for = 0
        self._waiting: list[Interaction] = []
        self._news = threading.Condition()
        self._is_closing = self._is_busy = False
        self._failures: list[BaseException] = []
        self._thread = threading.Thread(target=self._run, name="windtunnel cassette", daemon=True)
        self._thread.start()

    def __call__(self, interaction: Interaction) -> None:
        with self._news:
            self._waiting.append(interaction)
            self._news.notify_all()

    def settle(self) -> None:
        """Return when all that has been handed over is written, or has failed to be."""
        with self._news:
            self._news.wait_for(lambda: not (self._waiting or self._is_busy))

    def close(self) -> None:
        """Write what is waiting, look through the file once more, and stop.

        Raises what kept interactions from being written, or made it take them out again; the first, if they differ in
        kind, and else one that tells of all.
        """
        with self._news:
            self._is_closing = True
            self._news.notify_all()
        self._thread.join()
        if self._failures:
            raise _together(self._failures)

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: bool(self._waiting) or self._is_closing)
                taken, self._waiting = self._waiting, []
                self._is_busy = bool(taken)
            try:
                if taken:
                    self._write([redacted for interaction in taken for redacted in self._redacted(interaction)])
                else:
                    self._look_through()
            except BaseException as error:
                self._failures.append(error)
            if not taken:
                return
            with self._news:
                self._is_busy = False
                self._news.notify_all()

    def _redacted(self, interaction: Interaction) -> Sequence[Interaction]:
        """An interaction whose secrets cannot be made sure of is left out; those around it are not."""
        try:
            return [self._guard.redacted(interaction)]
        except CassetteError as error:
            self._failures.append(error)
            return []

    def _write(self, fresh: Sequence[Interaction]) -> None:
        if not fresh:
            return
        is_first = not self._ours

        def change(there: Sequence[Interaction]) -> Sequence[Interaction]:
            result = [] if self._afresh and is_first else list(there)
            for interaction in fresh:
                result.insert(_place(interaction, result), interaction)
            return result

        self._change(change, fresh, since=self._looked_for)

    def _look_through(self) -> None:
        """Look at the whole file, as it is on the disk; what should not be there is taken out of it."""
        if not self._ours or not self._path.exists():
            return
        try:
            self._guard.check(self._path.read_bytes())
        except CassetteError:
            self._change(lambda there: there, (), since=None)
            self._guard.check(self._path.read_bytes())

    def _change(self, change: Change, fresh: Sequence[Interaction], *, since: int | None) -> None:
        """Change the file, and take out of all that will be in it what has become known since."""
        ours = self._ours | {interaction.recorded_at for interaction in fresh}
        known = self._guard.known
        out: Sequence[CassetteError] = ()

        def guarded(there: Sequence[Interaction]) -> Sequence[Interaction]:
            nonlocal out
            kept, out = self._guard.again(change(there), since=since, ours=lambda one: one.recorded_at in ours)
            return kept

        self._update(self._path, guarded)
        self._ours, self._looked_for = ours, known
        self.count += len(fresh) - len(out)
        self._failures += out


def _place(interaction: Interaction, there: Sequence[Interaction]) -> int:
    """Where it belongs: behind what began before it. What ends first is handed over first, but replay goes by the start."""
    place = len(there)
    while place and _began(there[place - 1]) > _began(interaction):
        place -= 1
    return place


def _began(interaction: Interaction) -> float:
    return interaction.recorded_at.timestamp() if interaction.recorded_at is not None else 0.0


def _together(failures: Sequence[BaseException]) -> BaseException:
    told = dict.fromkeys(str(failure) for failure in failures)
    if len(told) == 1 or not all(isinstance(failure, CassetteError) for failure in failures):
        return failures[0]
    return CassetteError("\n".join(told))


def _guard(path: Path) -> Guard:
    from windtunnel.cassette.redact import Guard

    return Guard.of(path)


def _update(path: Path, change: Change) -> object:
    from windtunnel.cassette import files

    try:
        return files.update(path, change)
    except OSError as error:
        raise CassetteError(f"{path}: {error.strerror}; choose another --cassette") from None
