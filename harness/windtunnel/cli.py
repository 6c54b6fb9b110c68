"""The `windtunnel` command: its parts are in `commands/`, a file each."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from windtunnel.commands import cassette, chat, record, report, run, schema, serve
from windtunnel.commands import exec as exec_
from windtunnel.commands._ending import broken_by_bugs

app = typer.Typer(
    name="windtunnel",
    help="A wind tunnel for clients of the Anthropic Messages API.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _say_version(asked: bool) -> None:
    if asked:
        from windtunnel import __version__

        typer.echo(f"windtunnel {__version__}")
        raise typer.Exit


# A call without a command shows the help and ends with 2: in CI, an empty variable must not pass for a green run.
@app.callback()
def _windtunnel(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def _add(command: Callable[..., Any], short: str, long: str, **settings: Any) -> None:
    # Typer keeps the line ends of a docstring, whatever the width of the terminal: the texts come separately.
    app.command(short_help=short, help=long, **settings)(command)


_add(run.run, "Run scenarios against a client and judge it.", run.HELP)
_add(
    exec_.exec,
    "Run any command in the tunnel and judge it.",
    exec_.HELP,
    context_settings={"allow_interspersed_args": False, "ignore_unknown_options": False},
)
_add(serve.serve, "Serve the fake until interrupted.", serve.HELP)
_add(
    record.record,
    "Record what a command and the API say to each other.",
    record.HELP,
    context_settings={"allow_interspersed_args": False, "ignore_unknown_options": False},
)
_add(chat.chat, "Talk to a model through windtunnel's own client.", chat.HELP)
app.add_typer(cassette.app, name="cassette")
_add(report.report, "Show results that were kept.", report.HELP)
_add(schema.schema, "Print the JSON Schema of scenario files.", schema.HELP)


def main() -> None:
    """Run the command line. Exit code 2 is a usage error, 3 that the tunnel itself failed."""
    with broken_by_bugs():
        app()
