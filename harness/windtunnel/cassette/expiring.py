"""The day from which on a recording is called stale: chosen when it is made, or later."""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from windtunnel.cassette import files
from windtunnel.cassette.interaction import CassetteError, Interaction

_DAYS: Final = re.compile("([0-9]{1,5})d")


@dataclass(frozen=True, slots=True)
class Expiry:
    """A day, or so many days after an interaction was recorded; without either it never expires."""

    on: dt.date | None = None
    after_days: int | None = None

    def of(self, interaction: Interaction) -> dt.date | None:
        """Return the day of an interaction. ValueError where days would count from an instant that is not known."""
        if self.after_days is None:
            return self.on
        if interaction.recorded_at is None:
            raise ValueError("it has no recorded_at for days to count from; name a day, like 2027-01-31")
        return interaction.recorded_at.date() + dt.timedelta(days=self.after_days)


def expiry(word: str) -> Expiry:
    """Read "2027-01-31", "90d" (days after it was recorded) or "never". ValueError for anything else."""
    if word == "never":
        return Expiry()
    if days := _DAYS.fullmatch(word):
        return Expiry(after_days=int(days[1]))
    try:
        return Expiry(on=dt.date.fromisoformat(word))
    except ValueError:
        raise ValueError(f"{word!r} is neither a day like 2027-01-31, nor days like 90d, nor never") from None


def expire(path: str | os.PathLike[str], when: Expiry, *, only: Collection[int] = ()) -> list[int]:
    """Set when the interactions of a cassette expire; return the numbers, from 1, of those that were changed.

    `only` are the numbers of those that are meant; none: all. CassetteError, and the file as it was, where it cannot be.
    """
    changed: list[int] = []

    def change(there: Sequence[Interaction]) -> Sequence[Interaction]:
        dated = list(_dated(path, there, when, only))
        changed[:] = [number for number, (was, now) in enumerate(zip(there, dated, strict=True), 1) if was is not now]
        return dated

    files.load(path)
    files.update(path, change)
    return changed


def _dated(
    path: str | os.PathLike[str], there: Sequence[Interaction], when: Expiry, only: Collection[int]
) -> Iterator[Interaction]:
    for number, interaction in enumerate(there, 1):
        try:
            day = when.of(interaction) if not only or number in only else interaction.expires
        except ValueError as error:
            raise CassetteError(f"{path}, interaction {number}: {error}") from None
        yield interaction if day == interaction.expires else replace(interaction, expires=day)
