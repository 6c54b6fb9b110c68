"""Measuring by turns: A B A B, so that whatever else the machine does falls on both."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Range:
    """Figures of one thing over all rounds, in the order of the rounds."""

    values: tuple[float, ...]

    @property
    def middle(self) -> float:
        return median(self.values)

    @property
    def low(self) -> float:
        return min(self.values)

    @property
    def high(self) -> float:
        return max(self.values)

    def over(self, other: Range) -> Range:
        """Ratio to another range, round by round: the two figures of one round met the same machine."""
        return Range(tuple(mine / theirs for mine, theirs in zip(self.values, other.values, strict=True)))


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. `what` says what is measured and in which unit; `loop` where it ran."""

    what: str
    ours: Range
    other: Range
    against: str
    loop: str = "-"

    @property
    def ratio(self) -> Range:
        """Ours over the other."""
        return self.ours.over(self.other)


@dataclass(frozen=True, slots=True)
class Table:
    """What one benchmark found."""

    title: str
    rows: Sequence[Row]
    #: What a reader should know of the figures.
    note: str = ""


def by_turns(subjects: Mapping[str, Callable[[], float]], rounds: int) -> dict[str, Range]:
    """Measure every subject once per round, `rounds` times; every other round runs backwards."""
    found: dict[str, list[float]] = {name: [] for name in subjects}
    for number in range(rounds):
        order = list(subjects) if number % 2 == 0 else list(subjects)[::-1]
        for name in order:
            found[name].append(subjects[name]())
    return {name: Range(tuple(values)) for name, values in found.items()}
