"""The `windtunnel` command."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from typing import TYPE_CHECKING, Annotated

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


@app.callback()
def _windtunnel() -> None:
    pass


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on. Anything but loopback opens the fake to others.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
    provider: Annotated[str, typer.Option(help="The door that `url` and `env` are for.")] = "anthropic",
    seed: Annotated[int, typer.Option(help="Seed of everything that chance decides.")] = 0,
    speed: Annotated[float, typer.Option(help="Run the clock so many times as fast as the machine's.")] = 1.0,
    script: Annotated[
        typer.FileText | None, typer.Option(help="A file with the first steps: a JSON list, as POST script takes it.")
    ] = None,
    uvloop: Annotated[bool, typer.Option(help="Use uvloop where it is installed.")] = True,
) -> None:
    """Serve the fake until interrupted.

    One line of JSON on stdout says when it is ready: url, provider_urls, env (the variables a client needs) and
    control_url. Everything else goes to stderr.
    """
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
        sys.exit(_run(server, fast=uvloop))
    except ServeError as error:
        typer.echo(f"windtunnel: {error}", err=True)
        sys.exit(2)


def _run(server: Server, *, fast: bool) -> int:
    from windtunnel.serving import loop_factory

    async def until_stopped() -> None:
        over = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, over.set)
        await server.start()
        _say_ready(server)
        await over.wait()
        await server.stop()

    try:
        with asyncio.Runner(loop_factory=loop_factory(fast=fast)) as runner:
            runner.run(until_stopped())
    except OSError as error:
        typer.echo(f"windtunnel: cannot listen: {error.strerror}; choose another --host or --port", err=True)
        return 3
    return 0


def _say_ready(server: Server) -> None:
    from windtunnel.serving import ready

    print(json.dumps(ready(server)), flush=True)
    typer.echo(f"windtunnel: serving on {server.url}, stop with Ctrl-C", err=True)


def main() -> None:
    """Run the command line. Exit code 2 is a usage error, 3 that the tunnel itself failed."""
    app()
