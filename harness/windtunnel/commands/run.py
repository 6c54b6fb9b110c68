"""`windtunnel run`: scenarios against clients, on providers, with seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from windtunnel.commands._ending import BROKEN, INTERRUPTED, code_of, give_up

if TYPE_CHECKING:
    from windtunnel.results import Result
    from windtunnel.scenario.case import Case
    from windtunnel.scenario.library import Found
    from windtunnel.scenario.pool import Runner

HELP = (
    "Run scenarios against a client and judge it.\n\n"
    "SCENARIO is the name of one that ships with windtunnel (--list has them), a file, or a folder; nothing means all that "
    "ship. Built-in clients run in virtual time; a command of yours (--client-command) runs in real time, or under "
    "libfaketime at --speed.\n\n"
    "Exit code 0: nothing failed, and all that was skipped or is unknown is named. 1: a verdict failed. 2: a mistake in what "
    "was asked. 3: the tunnel itself failed."
)


def run(
    scenarios: Annotated[list[str] | None, typer.Argument(metavar="SCENARIO", show_default=False)] = None,
    client: Annotated[
        list[str] | None, typer.Option(help="A built-in client; may be given several times. \\[anthropic]")
    ] = None,
    client_command: Annotated[
        str | None, typer.Option(metavar="COMMAND", help="A command to be judged in place of a built-in client.")
    ] = None,
    provider: Annotated[
        list[str] | None, typer.Option(help="A provider; may be given several times. \\[anthropic]")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything that chance decides.")] = 0,
    seeds: Annotated[int, typer.Option(min=1, help="So many seeds, from --seed on.")] = 1,
    policy: Annotated[
        str | None, typer.Option(help="The backoff policy to judge by, in place of the client's own.")
    ] = None,
    lacks: Annotated[
        list[str] | None,
        typer.Option(metavar="ABILITY", help="What the command cannot do: scenarios that need it are skipped."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Only where a variable of the scenario has this value."),
    ] = None,
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=0, help="Processes; 0 for as many as are worth it.")] = 0,
    shard: Annotated[str, typer.Option(metavar="I/N", help="Run every N-th case only, from the I-th on.")] = "1/1",
    exitfirst: Annotated[
        bool, typer.Option("--exitfirst/--keep-going", "-x", help="Stop at the first failure.")
    ] = False,
    failed_from: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Run again what failed in results that --json has kept.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds a command may take, on the machine's clock.")] = 60.0,
    speed: Annotated[float, typer.Option(help="Run the command under libfaketime, so many times as fast.")] = 1.0,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Keep everything, for `windtunnel report`.")] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with timelines and journals.")] = None,
    strict: Annotated[bool, typer.Option(help="Let unknown count as failed.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print in full what is unknown, too.")] = False,
    list_: Annotated[bool, typer.Option("--list", help="List the scenarios, and run none.")] = False,
) -> None:
    from windtunnel.outputs import OutputError, Outputs
    from windtunnel.scenario import select
    from windtunnel.scenario.load import ScenarioError
    from windtunnel.scenario.populations import with_populations

    try:
        wish = select.Wish(
            scenarios=scenarios or (),
            clients=client or (),
            command=client_command,
            providers=provider or (),
            seeds=range(seed, seed + seeds),
            policy=policy,
            lacks=lacks or (),
            chosen=set_ or (),
            shard=shard,
            failed_from=failed_from,
            timeout_s=timeout,
            speed=speed,
        )
        if list_:
            _list(wish.found())
            return
        outputs = Outputs(json=json, junit=junit, html=html)
        cases, runner = wish.cases(), wish.runner()
        outputs.prepare()
    except (ScenarioError, OutputError, select.WishError) as error:
        give_up(error)
    try:
        with _stoppable():
            results = _run(cases, runner, jobs=jobs or wish.jobs(len(cases)), limit_s=wish.limit_s, exitfirst=exitfirst)
    except KeyboardInterrupt:
        give_up("interrupted; nothing runs any more, and nothing was judged", code=INTERRUPTED)
    results = with_populations(results, cases)
    _tell(results, verbose=verbose, of=len(cases))
    try:
        outputs.write(results, title=select.title(wish), seed=seed, strict=strict)
    except OutputError as error:
        give_up(error, code=BROKEN)
    for path in outputs.written:
        typer.echo(f"written: {path}")
    raise typer.Exit(code_of(results, strict=strict))


def _run(cases: Sequence[Case], runner: Runner, *, jobs: int, limit_s: float, exitfirst: bool) -> list[Result]:
    from contextlib import closing

    from windtunnel.scenario.pool import run_all

    order = {case.key: place for place, case in enumerate(cases)}
    results: list[Result] = []
    with _progress(len(cases)) as advance, closing(run_all(cases, runner, jobs=jobs, limit_s=limit_s)) as coming:
        for result in coming:
            results.append(result)
            advance(result)
            if exitfirst and result.status in ("fail", "error"):
                break
    return sorted(results, key=lambda result: order.get(result.key, 0))


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM stop us as Ctrl-C does, so that no process outlives us."""
    import signal

    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _progress(total: int) -> Iterator[Callable[[Result], None]]:
    """Show how far it is: a bar on a terminal, else nothing. Everything goes to stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=total)
        failed = 0

        def advance(result: Result) -> None:
            nonlocal failed
            failed += result.status in ("fail", "error")
            told = f"[red]{failed} failed[/] " if failed else ""
            progress.update(task, advance=1, description=told + result.scenario)

        yield advance


def _tell(results: Sequence[Result], *, verbose: bool, of: int) -> None:
    from rich.console import Console

    from windtunnel.report.table import print_results, summary

    console = Console()
    print_results(results, console, verbose=verbose)
    seeds = sorted({result.seed for result in results})
    said = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {seeds[0]} to {seeds[-1]}" if seeds else "no seed"
    left = f", {of - len(results)} not run" if of > len(results) else ""
    console.print(f"\n{summary(results)} ({said}){left}", highlight=False, soft_wrap=True)


def _list(found: Sequence[Found]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for name, of_name in groupby(found, key=lambda one: one.id):
        scenarios = [one.scenario for one in of_name]
        needs = f" (needs {', '.join(scenarios[0].needs)})" if scenarios[0].needs else ""
        runs = f" (×{len(scenarios)})" if len(scenarios) > 1 else ""
        table.add_row(Text(name, style="bold"), Text(scenarios[0].name + runs + needs))
    Console().print(table)
