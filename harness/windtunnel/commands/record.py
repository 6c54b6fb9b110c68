"""`windtunnel record`: real traffic onto a cassette."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from windtunnel.commands._ending import BROKEN, FAILED, PASS, give_up

if TYPE_CHECKING:
    from windtunnel.cassette.record.session import RecordingSession

HELP = (
    "Run a command, and record what it and the API say to each other.\n\n"
    "A proxy on loopback stands between them and relays everything live. The command's base URLs point at it; its "
    "credentials are its own, and are not written down. Each exchange is on the cassette as soon as it has ended.\n\n"
    "    windtunnel record --cassette hello.yaml -- python agent.py\n\n"
    "Without a command it serves until interrupted; one line of JSON on stdout says when it is ready.\n\n"
    "It goes upstream as HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE say. Requests with Amazon's signatures are signed anew, by "
    "the credentials of this environment.\n\n"
    "Exit code: the command's own, 1 where that is 0 and something was not recorded; 2 for a mistake in what was asked, 3 "
    "where the recorder itself failed."
)

#: So many misses are told in full.
_TOLD = 20
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
    provider: Annotated[str | None, typer.Option(help="Open the door of this provider only. \\[all]")] = None,
    upstream: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where its door leads. \\[where the environment says, else the real service]"),
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
    expires: Annotated[
        str,
        typer.Option(metavar="DAY|90d|never", help="From when on what is recorded is stale: a day, or days from now."),
    ] = "never",
    redact: Annotated[
        str | None,
        typer.Option(
            metavar="FILE|MODULE:NAME",
            help="Rules of redaction. \\[windtunnel.redact.yaml beside the cassette or in a folder above]",
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on: loopback only.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 0,
) -> None:
    from windtunnel.cassette.expiring import expiry
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
        when = expiry(expires)
    except ValueError as error:
        give_up(f"--expires: {error}")
    try:
        _check(cassette, record)
        session = RecordingSession(
            cassette,
            mode=record,  # type: ignore[arg-type]
            provider=provider,
            upstream=upstream,
            host=host,
            port=port,
            aws=aws,  # type: ignore[arg-type]
            ca_bundle=ca_bundle,
            rules=redact,
            expires=when,
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
    missed = session.answers is not None and session.answers.misses
    raise typer.Exit(code or (FAILED if missed else PASS))


def _check(cassette: Path, mode: str) -> None:
    """Find out before anything runs whether the cassette can be written. Raises CassetteError."""
    from windtunnel.cassette import files
    from windtunnel.cassette.interaction import CassetteError
    from windtunnel.cassette.writing import alone, real

    if cassette.is_dir():
        raise CassetteError(f"{cassette}: this is a folder; give a file in it, as {cassette}/hello.yaml")
    if mode == "none":
        return
    with alone(real(cassette)):
        if cassette.exists():
            files.load(cassette)


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
    if not session.proxy.asked:
        _say(f"nothing came to the recorder; clients find it by {_variable(session)}, or by a base URL in their code")
    _say_missed(session)


def _say_missed(session: RecordingSession) -> None:
    """Tell each miss once, however often it was asked; the first of them, if there are many."""
    if session.answers is None or not session.answers.misses:
        return
    import shutil

    from windtunnel.cassette.watched import fitting, unlike

    missed = unlike(session.answers.misses)
    for miss in missed[:_TOLD]:
        told = fitting(miss, columns=shutil.get_terminal_size().columns)
        _say(told.replace("; allow_repeats lets it answer again", ""))
    if len(missed) > _TOLD:
        _say(f"and {len(missed) - _TOLD} other requests that are not recorded")


def _variable(session: RecordingSession) -> str:
    from windtunnel.cassette.record.doors import DOORS

    first, *others = [DOORS[name].variables[0] for name in session.opened]
    return f"{first} and its like" if others else first
