"""`windtunnel serve`: the fake as a server of its own."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from windtunnel.commands._ending import BROKEN, give_up

if TYPE_CHECKING:
    from windtunnel.serving import Served

HELP = (
    "Serve the fake until interrupted.\n\n"
    "One line of JSON on stdout says when it is ready: url, provider_urls, env (the variables a client needs) and "
    "control_url. Everything else goes to stderr. Journal, verdicts and a form to send faults by hand are on the page "
    "at control_url."
)


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on. Anything but loopback opens the fake to others.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
    provider: Annotated[str, typer.Option(help="The door that `url` and `env` are for.")] = "anthropic",
    seed: Annotated[int, typer.Option(help="Seed of everything that chance decides.")] = 0,
    speed: Annotated[float, typer.Option(help="Run the clock so many times as fast as the machine's.")] = 1.0,
    scenario: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="Play a scenario: its steps, and how its server is set up.")
    ] = None,
    script: Annotated[
        typer.FileText | None,
        typer.Option(
            metavar="FILE", encoding="utf-8", help="A file with the first steps: a JSON list, as POST script takes it."
        ),
    ] = None,
    cassette: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Answer with what is recorded, and nothing else. May be given again."),
    ] = None,
    pace: Annotated[
        str, typer.Option(metavar="none|recorded|N", help="How fast a cassette is played; N: so many times as fast.")
    ] = "none",
    allow_repeats: Annotated[
        bool, typer.Option("--allow-repeats", help="Let the last recording of a request answer it again and again.")
    ] = False,
    redact: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|MODULE:NAME",
            help="Rules by which a cassette was redacted. \\[windtunnel.redact.yaml beside the cassette or in a folder above]",
        ),
    ] = None,
    credential: Annotated[
        str | None, typer.Option(metavar="KIND", help="What the client is given to prove who it is. \\[the usual one]")
    ] = None,
    tls: Annotated[
        bool, typer.Option("--tls", help="Speak TLS, with a certificate authority made on the spot.")
    ] = False,
    uvloop: Annotated[bool, typer.Option(help="Use uvloop where it is installed.")] = True,
) -> None:
    from windtunnel.serving import ServeError, build
    from windtunnel_server.certificates import NoTls

    try:
        served = build(
            host=host,
            port=port,
            provider=provider,
            seed=seed,
            speed=speed,
            tls=tls,
            credential=credential,
            scenario=scenario,
            cassettes=cassette or (),
            pace=pace,
            allow_repeats=allow_repeats,
            redact=redact,
            tell=_say,
            script=None if script is None else (script.name, script.read()),
        )
    except UnicodeDecodeError as error:
        give_up(f"{script.name if script else ''}: not UTF-8: {error}")
    except (ServeError, NoTls) as error:
        give_up(error)
    else:
        _run(served, fast=uvloop)


def _run(served: Served, *, fast: bool) -> None:
    from windtunnel.serving import loop_factory

    server = served.server

    async def until_stopped() -> None:
        over = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(name, over.set)
        try:
            await server.start()
        except OSError as error:
            why = f"cannot listen on {server.url}: {error.strerror}; choose another --host or --port"
            give_up(why, code=BROKEN)
        _say_ready(served)
        await over.wait()
        await server.stop()

    with asyncio.Runner(loop_factory=loop_factory(fast=fast)) as runner:
        try:
            runner.run(until_stopped())
        finally:
            served.fake.close()
    _say_played(served)


def _say_ready(served: Served) -> None:
    from windtunnel.serving import ready

    told = ready(served)
    print(json.dumps(told), flush=True)
    _say(f"serving on {served.server.url}, what happens: {told['control_url']}/, stop with Ctrl-C")


def _say_played(served: Served) -> None:
    if served.fake.core.tape is None:
        return
    from windtunnel.cassette.watched import Watched

    if isinstance(played := served.fake.core.tape, Watched):
        _say(played.summary())


def _say(line: str) -> None:
    typer.echo(f"windtunnel: {line}", err=True)
