"""Which recordings have grown old."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from windtunnel.cassette.interaction import Interaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """An interaction past its day, or of which nobody can say whether it is; `number` is counted from 1."""

    number: int
    why: str


def stale(interactions: Sequence[Interaction], *, today: dt.date, max_age_days: int | None = None) -> list[Stale]:
    """Return interactions that have expired, or are older than `max_age_days`.

    Where ages count, one of unknown age is stale unless it expires on a day of its own.
    """
    return [found for number, one in enumerate(interactions, 1) for found in _found(number, one, today, max_age_days)]


def _found(number: int, interaction: Interaction, today: dt.date, max_age_days: int | None) -> Iterator[Stale]:
    if interaction.expires is not None and interaction.expires <= today:
        yield Stale(number=number, why=f"expired on {interaction.expires}")
    elif max_age_days is not None and interaction.recorded_at is not None:
        age = (today - interaction.recorded_at.date()).days
        if age > max_age_days:
            yield Stale(number=number, why=f"recorded {age} days ago, on {interaction.recorded_at.date()}")
    elif max_age_days is not None and interaction.expires is None:
        yield Stale(number=number, why="is of unknown age: it has neither recorded_at nor expires")
