"""A thousand paced streams at once: how late events are, with all timers on one wheel and with a loop timer each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks import loops, paced
from benchmarks.rounds import Range, Row, Table, by_turns

_STREAMS = 1_000
_FIGURES = {"p50_ms": "off schedule, median, ms", "p99_ms": "off schedule, p99, ms", "cpu_s": "server CPU, s"}
_NOTE = (
    "Off is an event from its place in its stream's schedule. The wheel rounds up to 2 ms: what the median loses "
    "by that\n  it wins back as soon as the loop is busy. Less is better."
)


@dataclass(slots=True)
class Subject:
    """One server measured again and again."""

    run: Callable[[], Mapping[str, float]]
    figures: dict[str, list[float]] = field(default_factory=dict)

    def __call__(self) -> float:
        for name, value in self.run().items():
            self.figures.setdefault(name, []).append(value)
        return 0.0

    def range(self, name: str) -> Range:
        return Range(tuple(self.figures[name]))


def measure(*, quick: bool) -> list[Table]:
    """Pace streams of 10 events a second for 5 seconds."""
    streams, events = (20, 3) if quick else (_STREAMS, 50)
    rows: list[Row] = []
    for loop in loops.names():
        subjects = {
            timers: Subject(lambda timers=timers, loop=loop: paced.run(timers, loop, streams=streams, events=events))  # type: ignore[misc]
            for timers in paced.TIMERS
        }
        by_turns(subjects, 1 if quick else 5)
        for name, what in _FIGURES.items():
            rows.append(Row(what, subjects["wheel"].range(name), subjects["naive"].range(name), "a timer each", loop))
    return [
        Table(f"{streams:,} paced streams, {1 / paced.GAP_S:g} events/s each, {events * paced.GAP_S:g} s", rows, _NOTE)
    ]
