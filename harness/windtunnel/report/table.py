"""Results as a table on the terminal: a line each, then what failed, what is unknown, and why something was skipped."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from windtunnel.results import Result, Status
from windtunnel.verdicts.units import counted, duration

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table

STYLES: Final[dict[Status, str]] = {
    "pass": "green",
    "fail": "bold red",
    "unknown": "yellow",
    "skip": "dim",
    "error": "bold magenta",
}
_PLURALS: Final[dict[Status, str]] = {
    "pass": "passed",
    "fail": "failed",
    "unknown": "unknown",
    "skip": "skipped",
    "error": "broke the tunnel",
}


#: Characters of a name that leave room for the rest in 80 columns; longer ones are broken.
_LONG: Final = 38


def print_results(results: Sequence[Result], console: Console, *, verbose: bool = False) -> None:
    """Print the table, every failure in full, and the reasons of what was skipped."""
    console.print(_table(results))
    for result in results:
        if result.status in ("fail", "error") or (result.status == "unknown" and verbose):
            _print_story(result, console, verbose=verbose)
    for part in _asides(results):
        console.print(part)


def print_result(result: Result, console: Console, *, verbose: bool = False) -> None:
    """Print one result: what failed in full, what is unknown with what to add, and a line for the rest."""
    from rich.text import Text

    if result.status in ("fail", "error") or (result.status == "unknown" and verbose):
        _print_story(result, console, verbose=verbose)
    else:
        for part in _asides([result]):
            console.print(part)
    judged = Text.assemble(*_judged(result)) if result.verdicts else Text("nothing was judged")
    said = Text.assemble((f"windtunnel: {result.status}", STYLES[result.status]), "  ", judged)
    calls = counted(len(result.entries), "call")
    console.print()
    console.print(said.append(f"  ({calls} in {duration(result.simulated_s)}; {result.title})"), soft_wrap=True)


def _print_story(result: Result, console: Console, *, verbose: bool) -> None:
    from rich.text import Text

    for part in _story(result, verbose=verbose):
        # A command that is broken into lines cannot be copied.
        console.print(part, soft_wrap=isinstance(part, Text))


def _table(results: Sequence[Result]) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    clients = len({result.client for result in results}) > 1
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, collapse_padding=True)
    named = list(_named(results))
    longest = max((len(name) for name, _ in named), default=0)
    table.add_column("scenario", no_wrap=longest <= _LONG, overflow="fold")
    if clients:
        table.add_column("client", overflow="fold", max_width=24)
    table.add_column("verdict", min_width=11, overflow="fold")
    for title in ("calls", "simulated"):
        table.add_column(title, justify="right", no_wrap=True)
    for name, result in named:
        if result is None:
            table.add_row(name)
            continue
        ran = result.status not in ("skip", "error")
        table.add_row(
            Text(name),
            *([Text(result.client)] if clients else []),
            Text(_verdict(result), style=STYLES[result.status]),
            str(len(result.entries)) if ran else "",
            duration(result.simulated_s) if ran else "",
        )
    return table


def _named(results: Sequence[Result]) -> Iterator[tuple[str, Result | None]]:
    """Give each result its name: its own line, or one below that of its scenario where that has run several times."""
    for scenario, of_scenario in groupby(results, key=lambda result: result.scenario):
        runs = list(of_scenario)
        apart = [" ".join(_apart(result)) for result in runs]
        if len(runs) == 1 or not any(apart):
            yield from ((" ".join(filter(None, (scenario, told))), run) for told, run in zip(apart, runs, strict=True))
            continue
        yield scenario, None
        yield from ((f"  {told or '·'}", run) for told, run in zip(apart, runs, strict=True))


def _apart(result: Result) -> Iterator[str]:
    """What tells it from other runs of its scenario."""
    yield from (f"{name}={value}" for name, value in result.variables.items())
    if result.provider not in ("anthropic", result.client):
        yield result.provider
    if result.seed:
        yield f"seed={result.seed}"


def _verdict(result: Result) -> str:
    """Name the status, and the verdicts it comes from where it is not a pass."""
    names = [verdict.name for verdict in result.verdicts if verdict.value == result.status]
    return result.status if result.status == "pass" or not names else f"{result.status}: {', '.join(names)}"


def _judged(result: Result) -> Iterator[tuple[str, str] | str]:
    for place, verdict in enumerate(result.verdicts):
        yield " " if place else ""
        yield (verdict.name, STYLES[verdict.value])


def _story(result: Result, *, verbose: bool) -> Iterator[RenderableType]:
    """Tell what decided, and all there is where it is `verbose`."""
    from rich.padding import Padding
    from rich.text import Text

    from windtunnel.report.brief import brief
    from windtunnel.report.terminal import account

    yield Text(f"\n{result.title}", style="bold")
    if result.reason:
        yield Padding(Text(result.reason), (0, 0, 0, 2))
    for verdict in result.verdicts:
        if verdict.value == result.status or (verbose and not verdict.passed):
            shown, left = (verdict, 0) if verbose else brief(verdict)
            yield Padding(account(shown), (1, 0, 0, 2))
            if left:
                yield Padding(Text(f"and {left} more like these; --verbose has all", style="dim"), (1, 0, 0, 4))
    yield Text(f"\n  again: {result.rerun}", style="dim")


def _asides(results: Sequence[Result]) -> Iterator[RenderableType]:
    """Name what is unknown and what was skipped, together by the reason."""
    from rich.padding import Padding
    from rich.text import Text

    for status, lead in (("unknown", "Unknown"), ("skip", "Skipped")):
        reasons = _by_reason([result for result in results if result.status == status])
        if reasons:
            yield Text(f"\n{lead}", style=STYLES[status])  # type: ignore[index]
        for why, names in reasons.items():
            yield Padding(Text(why), (0, 0, 0, 2))
            yield Padding(Text(", ".join(names), style="bold"), (0, 0, 0, 6))


def _by_reason(results: Sequence[Result]) -> dict[str, list[str]]:
    reasons: dict[str, dict[str, None]] = {}
    for result in results:
        for why in _whys(result):
            reasons.setdefault(why, {})[" ".join([result.scenario, *_apart(result)])] = None
    return {why: list(names) for why, names in reasons.items()}


def _whys(result: Result) -> list[str]:
    if result.reason:
        return [result.reason]
    found = [
        f"{verdict.name}: {finding.title}. {finding.advice[:1].upper()}{finding.advice[1:]}."
        for verdict in result.verdicts
        for finding in verdict.findings
        if finding.weight == "unknown"
    ]
    return list(dict.fromkeys(found)) or ["Nothing was asked: its expect: is empty."]


def summary(results: Sequence[Result]) -> str:
    """Sum up in a line: "40 passed, 1 failed, 2 skipped; 3 h 2 min 1.000 s simulated in 4.200 s"."""
    counts = Counter(result.status for result in results)
    said = ", ".join(f"{counts[status]} {word}" for status, word in _PLURALS.items() if counts[status]) or "nothing ran"
    simulated, wall = sum(result.simulated_s for result in results), sum(result.wall_s for result in results)
    return f"{said}; {duration(simulated)} simulated in {duration(wall)}"
