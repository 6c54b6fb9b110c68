"""Tables of ratios for a terminal."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Sequence

from benchmarks.rounds import Range, Table

HEAD = ("what", "ours", "the other", "ratio", "spread", "against", "loop")
_LEFT = frozenset({"what", "against", "loop"})


def lines(table: Table) -> Iterator[str]:
    """Write a table: a title, a head, a line for each comparison, and its note."""
    body = [
        (
            row.what,
            figure(row.ours.middle),
            figure(row.other.middle),
            f"{figure(row.ratio.middle)}×",
            spread(row.ratio),
            row.against,
            row.loop,
        )
        for row in table.rows
    ]
    rounds = len(table.rows[0].ours.values) if table.rows else 0
    python = f"{platform.python_implementation()} {platform.python_version()}"
    yield f"{table.title}  ({python}, {rounds} rounds by turns, medians)"
    yield from _aligned([HEAD, *body])
    if table.note:
        yield f"  {table.note}"


def figure(value: float) -> str:
    """Three digits that count: 0.00123, 1.23, 12,345."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def spread(ratio: Range) -> str:
    return f"{figure(ratio.low)}–{figure(ratio.high)}"


def _aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            text.ljust(width) if name in _LEFT else text.rjust(width)
            for name, text, width in zip(HEAD, row, widths, strict=True)
        )
        yield "  " + "  ".join(cells).rstrip()
