"""A verdict on the terminal: every attempt with its wait against what was allowed, then the findings.

Readable at 80 columns and without colour. `rich` is imported when something is printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from windtunnel.report.bar import WIDTH, bar
from windtunnel.verdicts.account import AttemptAccount, ChainAccount, Mark
from windtunnel.verdicts.units import duration, span
from windtunnel.verdicts.verdict import Finding, Value, Verdict, Weight

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.table import Table
    from rich.text import Text

    from windtunnel.policies import Envelope

_MARK_STYLES: dict[Mark, str] = {"ok": "green", "early": "bold red", "late": "bold red", "not allowed": "bold red"}
_VALUE_STYLES: dict[Value, str] = {"pass": "bold green", "fail": "bold red", "unknown": "bold yellow"}
_WEIGHT_STYLES: dict[Weight, str] = {"fail": "red", "unknown": "yellow", "note": "blue"}


@dataclass(frozen=True, slots=True)
class Account:
    """A verdict that rich can print."""

    verdict: Verdict

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        from rich.text import Text

        report, ascii_only = self.verdict.report, options.ascii_only
        for chain in report.chains if report else ():
            yield Text(chain.title, style="bold", overflow="fold")
            yield _table(chain, ascii_only=ascii_only)
            yield ""
        yield _verdict_line(self.verdict)
        for finding in self.verdict.findings:
            yield ""
            yield from _finding(finding, ascii_only=ascii_only)


def account(verdict: Verdict) -> Account:
    """Return the account of a verdict as something rich can print."""
    return Account(verdict)


def print_account(verdict: Verdict, console: Console | None = None) -> None:
    """Print the account of a verdict; on standard output where no console is given."""
    if console is None:
        from rich.console import Console

        console = Console()
    console.print(account(verdict))


def _table(chain: ChainAccount, *, ascii_only: bool) -> Table:
    from rich import box
    from rich.table import Table

    frame = None if ascii_only else box.SIMPLE_HEAD
    table = Table(box=frame, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0), expand=True)
    for title in ("#", "at (s)"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("answer", ratio=1, overflow="fold")
    table.add_column("gap", justify="right", no_wrap=True)
    table.add_column("allowed", justify="right")
    table.add_column("", no_wrap=True, min_width=WIDTH + 6)
    for attempt in chain.attempts:
        cells = _cells(attempt, ascii_only=ascii_only)
        cells[-1].stylize(_MARK_STYLES.get(attempt.mark, ""))
        table.add_row(*cells)
    return table


def _cells(attempt: AttemptAccount, *, ascii_only: bool) -> list[Text]:
    from rich.text import Text

    gap, envelope = attempt.gap_s, attempt.envelope
    drawn = "" if gap is None or envelope is None else bar(gap, envelope, ascii_only=ascii_only)
    cells = (
        str(attempt.number),
        f"{attempt.at_s:.3f}",
        attempt.answer,
        "" if gap is None else duration(gap),
        "" if envelope is None else _brief(envelope),
        f"{drawn} {attempt.mark}".rstrip() if drawn else attempt.mark,
    )
    return [Text(_spelt(cell, ascii_only=ascii_only)) for cell in cells]


def _brief(envelope: Envelope) -> str:
    """Write the envelope in little room: `0.375–0.500 s`."""
    low, high = envelope.low_s, envelope.high_s
    return f"{low:.3f}–{high:.3f} s" if high - low >= 0.0005 and high < 60 else span(low, high)


def _spelt(text: str, *, ascii_only: bool) -> str:
    return text.translate({ord("–"): "-", ord("µ"): "u"}) if ascii_only else text


def _verdict_line(verdict: Verdict) -> RenderableType:
    from rich.text import Text

    line = Text.assemble((f"{verdict.name}: {verdict.value.upper()}", _VALUE_STYLES[verdict.value]))
    return line.append(f"  {verdict.summary}")


def _finding(finding: Finding, *, ascii_only: bool) -> Iterator[RenderableType]:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    title = Text.assemble((finding.weight, _WEIGHT_STYLES[finding.weight]), f"  {finding.where}: {finding.title}")
    yield Padding(title, (0, 0, 0, 2))
    grid = Table.grid(padding=(0, 1, 0, 0))
    for word, text in (("seen", finding.seen), ("allowed", finding.allowed), ("to do", finding.advice)):
        grid.add_row(Text(word, style="dim"), Text(_spelt(text, ascii_only=ascii_only)))
    yield Padding(grid, (0, 0, 0, 4))
