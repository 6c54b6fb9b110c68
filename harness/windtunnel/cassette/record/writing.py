"""Into the cassette with what was taken down: redacted, one by one as they end, in the order in which they began."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from windtunnel.cassette.interaction import CassetteError, Interaction

#: "none": only play; "once": record where there is no cassette yet, else play; "new": play, and record what is lacking;
#: "all": record everything afresh.
Mode: TypeAlias = Literal["none", "once", "new", "all"]
Redact: TypeAlias = Callable[[Interaction], Interaction]
Update: TypeAlias = Callable[[Path, Callable[[Sequence[Interaction]], Sequence[Interaction]]], object]


class Writer:
    """A sink that writes to a cassette from a thread of its own, so that no call waits for the disk.

    The file is whole after every write: a process that is killed leaves what had been complete. With `afresh` the first
    write takes the place of what was there.
    """

    def __init__(
        self, path: Path, *, afresh: bool = False, redact: Redact | None = None, update: Update | None = None
    ) -> None:
        self._path, self._afresh = path, afresh
        self._redact = redact or _redactor(path)
        self._update = update or _update
        #: How many interactions have been written.
        self.count = 0
        self._waiting: list[Interaction] = []
        self._news = threading.Condition()
        self._is_closing = self._is_busy = False
        self._failure: BaseException | None = None
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
        """Write what is waiting, and stop. Raises the first error that kept an interaction from being written."""
        with self._news:
            self._is_closing = True
            self._news.notify_all()
        self._thread.join()
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        while True:
            with self._news:
                self._news.wait_for(lambda: bool(self._waiting) or self._is_closing)
                taken, self._waiting = self._waiting, []
                self._is_busy = bool(taken)
            if not taken:
                return
            try:
                self._write([redacted for interaction in taken for redacted in self._redacted(interaction)])
            except BaseException as error:
                self._failure = self._failure or error
            with self._news:
                self._is_busy = False
                self._news.notify_all()

    def _redacted(self, interaction: Interaction) -> Sequence[Interaction]:
        """An interaction whose secrets cannot be made sure of is left out; those around it are not."""
        try:
            return [self._redact(interaction)]
        except CassetteError as error:
            self._failure = self._failure or error
            return []

    def _write(self, fresh: Sequence[Interaction]) -> None:
        if not fresh:
            return
        is_first = not self.count

        def change(there: Sequence[Interaction]) -> Sequence[Interaction]:
            result = [] if self._afresh and is_first else list(there)
            for interaction in fresh:
                result.insert(_place(interaction, result), interaction)
            return result

        self._update(self._path, change)
        self.count += len(fresh)


def _place(interaction: Interaction, there: Sequence[Interaction]) -> int:
    """Where it belongs: behind what began before it. What ends first is handed over first, but replay goes by the start."""
    place = len(there)
    while place and _began(there[place - 1]) > _began(interaction):
        place -= 1
    return place


def _began(interaction: Interaction) -> float:
    return interaction.recorded_at.timestamp() if interaction.recorded_at is not None else 0.0


def _redactor(path: Path) -> Redact:
    from windtunnel.cassette import layout
    from windtunnel.cassette.redact import Redactor

    redactor = Redactor()

    def redact(interaction: Interaction) -> Interaction:
        redacted = redactor.interaction(interaction)
        redactor.check(layout.block(redacted).encode(), name=str(path))
        return redacted

    return redact


def _update(path: Path, change: Callable[[Sequence[Interaction]], Sequence[Interaction]]) -> object:
    from windtunnel.cassette import files

    try:
        return files.update(path, change)
    except OSError as error:
        raise CassetteError(f"{path}: {error.strerror}; choose another --cassette") from None
