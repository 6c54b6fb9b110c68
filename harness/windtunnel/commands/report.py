"""`windtunnel report`: results that were kept, once more as a page, a table or JUnit XML."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from windtunnel.commands._ending import give_up

HELP = (
    "Show results that `--json` has kept.\n\n"
    "Prints the table, and writes the page beside the file, or where --html says."
)


def report(
    file: Annotated[Path, typer.Argument(metavar="FILE.json", help="What `run --json` or `exec --json` wrote.")],
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where the page goes; FILE.html if not said.")
    ] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML.")] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print in full what is unknown, too.")] = False,
) -> None:
    from rich.console import Console

    from windtunnel import outputs
    from windtunnel.report.junit import junit as made
    from windtunnel.report.table import print_results, summary

    page = html or file.with_suffix(".html")
    try:
        document, results = outputs.read(file)
        outputs.put(page, outputs.page(document))
        if junit is not None:
            outputs.put(junit, made(results))
    except outputs.OutputError as error:
        give_up(error)
    print_results(results, Console(), verbose=verbose)
    typer.echo(f"\n{summary(results)}")
    typer.echo(f"page: {page}")
