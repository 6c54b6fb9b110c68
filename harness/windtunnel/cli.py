"""The `windtunnel` command."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from windtunnel_server.server import Server

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


# Typer keeps the line ends of a docstring, whatever the width of the terminal.
@app.command(
    short_help="Serve the fake until interrupted.",
    help="Serve the fake until interrupted.\n\n"
    "One line of JSON on stdout says when it is ready: url, provider_urls, env (the variables a client needs) and "
    "control_url. Everything else goes to stderr.",
)
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on. Anything but loopback opens the fake to others.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
    provider: Annotated[str, typer.Option(help="The door that `url` and `env` are for.")] = "anthropic",
    seed: Annotated[int, typer.Option(help="Seed of everything that chance decides.")] = 0,
    speed: Annotated[float, typer.Option(help="Run the clock so many times as fast as the machine's.")] = 1.0,
    script: Annotated[
        typer.FileText | None,
        typer.Option(
            metavar="FILE", encoding="utf-8", help="A file with the first steps: a JSON list, as POST script takes it."
        ),
    ] = None,
    uvloop: Annotated[bool, typer.Option(help="Use uvloop where it is installed.")] = True,
) -> None:
    from windtunnel.serving import ServeError, build

    try:
        server = build(
            host=host,
            port=port,
            provider=provider,
            seed=seed,
            speed=speed,
            script=None if script is None else (script.name, script.read()),
        )
    except UnicodeDecodeError as error:
        _give_up(f"{script.name if script else ''}: not UTF-8: {error}", code=2)
    except ServeError as error:
        _give_up(str(error), code=2)
    else:
        _run(server, fast=uvloop)


def _give_up(why: str, *, code: int) -> NoReturn:
    typer.echo(f"windtunnel: {why}", err=True)
    sys.exit(code)


def _run(server: Server, *, fast: bool) -> None:
    from windtunnel.serving import loop_factory

    async def until_stopped() -> None:
        over = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, over.set)
        try:
            await server.start()
        except OSError as error:
            _give_up(f"cannot listen on {server.url}: {error.strerror}; choose another --host or --port", code=3)
        _say_ready(server)
        await over.wait()
        await server.stop()

    with asyncio.Runner(loop_factory=loop_factory(fast=fast)) as runner:
        runner.run(until_stopped())


def _say_ready(server: Server) -> None:
    from windtunnel.serving import ready

    print(json.dumps(ready(server)), flush=True)
    typer.echo(f"windtunnel: serving on {server.url}, stop with Ctrl-C", err=True)


def main() -> None:
    """Run the command line. Exit code 2 is a usage error, 3 that the tunnel itself failed."""
    app()
