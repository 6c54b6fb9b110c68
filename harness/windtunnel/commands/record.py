"""`windtunnel record`: real traffic onto a cassette."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from windtunnel.commands._ending import BROKEN, give_up

if TYPE_CHECKING:
    from windtunnel.cassette.record.session import RecordingSession

HELP = (
    "Run a command, and record what it and the API say to each other.\n\n"
    "A proxy on loopback stands between them and relays everything live. The command's base URLs point at it; its "
    "credentials are its own, and are not written down. Each exchange is on the cassette as soon as it has ended.\n\n"
    "    windtunnel record --cassette hello.yaml -- python agent.py\n\n"
    "Without a command it serves until interrupted; one line of JSON on stdout says when it is ready.\n\n"
    "Exit code: the command's own; 2 for a mistake in what was asked, 3 where the recorder itself failed."
)

_MODES = ("none", "once", "new", "all")


def record(
    cassette: Annotated[Path, typer.Option(metavar="FILE", help="The cassette to write to.")],
    command: Annotated[list[str] | None, typer.Argument(metavar="-- COMMAND [ARG]...", show_default=False)] = None,
    record: Annotated[
        str,
        typer.Option(
            metavar="MODE",
            help="all: record everything afresh; new: play what is there, record the rest; once: record only if there is "
            "no cassette yet; none: only play.",
        ),
    ] = "all",
    provider: Annotated[str | None, typer.Option(help="Open the door of this provider only. [all]")] = None,
    upstream: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where its door leads. [where the environment says, else the real service]"),
    ] = None,
    aws: Annotated[
        str,
        typer.Option(
            metavar="resign|pass",
            help="Sign Amazon's requests anew, or leave host and signature as the client made them.",
        ),
    ] = "resign",
    ca_bundle: Annotated[
        str | None, typer.Option(metavar="FILE", help="Authorities to trust upstream, beside the machine's own.")
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on: loopback only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
) -> None:
    from windtunnel.cassette.interaction import CassetteError
    from windtunnel.cassette.record.doors import DOORS
    from windtunnel.cassette.record.proxy import ProxyError
    from windtunnel.cassette.record.session import RecordingSession
    from windtunnel.cassette.record.upstreams import UpstreamError
    from windtunnel_server.script import unknown_word

    for option, word, known in (("--record", record, _MODES), ("--aws", aws, ("resign", "pass"))):
        if word not in known:
            give_up(unknown_word(option, word, known))
    if provider is not None and provider not in DOORS:
        give_up(unknown_word("--provider", provider, DOORS))
    try:
        session = RecordingSession(
            cassette,
            mode=record,  # type: ignore[arg-type]
            provider=provider,
            upstream=upstream,
            host=host,
            port=port,
            aws=aws,  # type: ignore[arg-type]
            ca_bundle=ca_bundle,
            tell=_say,
        )
    except (CassetteError, ProxyError, UpstreamError) as error:
        give_up(error)
    try:
        session.start()
    except OSError as error:
        give_up(f"cannot listen on {host}, port {port}: {error.strerror}; choose another --port", code=BROKEN)
    try:
        code = _run(session, command) if command else _serve(session)
    finally:
        _stop(session)
    raise typer.Exit(code)


def _say(line: str) -> None:
    typer.echo(f"windtunnel: {line}", err=True)


def _run(session: RecordingSession, command: list[str]) -> int:
    from windtunnel.execution import ExecutionError, execute

    try:
        execution = execute(command, env=session.pointing.applied(os.environ))
    except ExecutionError as error:
        _say(str(error))
        return BROKEN
    if execution.ended == "cannot start":
        _say(f"{execution.why}; {execution.advice}")
    return execution.exit_code


def _serve(session: RecordingSession) -> int:
    import signal
    import threading

    over = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: over.set())
    told = session.pointing
    urls = dict(told.urls)
    first = next(iter(urls.values()), session.proxy.url)
    print(json.dumps({"url": first, "provider_urls": urls, "env": dict(told.env)}), flush=True)
    _say(f"recording to {session.cassette} on {session.proxy.url}, stop with Ctrl-C")
    over.wait()
    return 0


def _stop(session: RecordingSession) -> None:
    from windtunnel.cassette.interaction import CassetteError

    try:
        session.stop()
    except CassetteError as error:
        _say(session.summary)
        give_up(error, code=BROKEN)
    _say(session.summary)
    misses = [] if session.answers is None else session.answers.misses
    for miss in misses:
        _say(miss)
    if misses:
        _say("record them: --record new")
