"""`windtunnel exec`: one command, in one scenario."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from windtunnel.commands._ending import BROKEN, code_of, give_up

if TYPE_CHECKING:
    from windtunnel.results import Result

HELP = (
    "Run a command with the fake in place of the API, and judge it.\n\n"
    "The command's variables (ANTHROPIC_BASE_URL, a key, …) point at a fake on a port of its own; input, output and signals "
    "pass through. When it ends, the verdicts are printed on stderr. Without --scenario every call is answered, and nothing "
    "fails.\n\n"
    "    windtunnel exec --scenario rate-limited-with-hint -- node agent.js\n\n"
    "Exit code 0: nothing failed. 1: a verdict failed. 2: a mistake in what was asked. 3: the tunnel itself failed. The "
    "command's own exit code counts as its word on how it went."
)


def exec(
    command: Annotated[list[str] | None, typer.Argument(metavar="-- COMMAND [ARG]...", show_default=False)] = None,
    scenario: Annotated[
        str | None, typer.Option(metavar="NAME|FILE", help="What the command meets. `windtunnel run --list` has names.")
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Choose the value of a variable of the scenario."),
    ] = None,
    provider: Annotated[str, typer.Option(help="The provider whose variables are set.")] = "anthropic",
    policy: Annotated[
        str, typer.Option(help="The backoff policy the command follows, to judge it by.")
    ] = "anthropic_python",
    timeout: Annotated[
        float | None,
        typer.Option(help="Seconds on the machine's clock until it is asked to end. \\[as long as it takes]"),
    ] = None,
    grace: Annotated[float, typer.Option(min=0, help="Seconds from then until it is killed.")] = 5.0,
    speed: Annotated[
        float, typer.Option(help="Run it under libfaketime, so many times as fast, and the server alike.")
    ] = 1.0,
    credential: Annotated[
        str | None, typer.Option(metavar="KIND", help="What the client is given to prove who it is. \\[the usual one]")
    ] = None,
    tls: Annotated[
        bool, typer.Option("--tls", help="Speak TLS, with a certificate authority made on the spot.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of everything that chance decides.")] = 0,
    json: Annotated[Path | None, typer.Option(metavar="FILE", help="Keep everything, for `windtunnel report`.")] = None,
    junit: Annotated[Path | None, typer.Option(metavar="FILE", help="Write JUnit XML.")] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with timelines and journals.")] = None,
    strict: Annotated[bool, typer.Option(help="Let unknown count as failed.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Print in full what is unknown, too.")] = False,
) -> None:
    from windtunnel.outputs import OutputError, Outputs
    from windtunnel.scenario.load import ScenarioError
    from windtunnel.scenario.select import WishError
    from windtunnel.scenario.single import one_case

    if not command:
        give_up("no command: write it behind --, as in `windtunnel exec -- python agent.py`")
    outputs = Outputs(json=json, junit=junit, html=html)
    if timeout is not None and timeout <= 0:
        give_up(f"--timeout {timeout:g}: must be seconds above 0")
    try:
        case = one_case(
            scenario,
            client=command,
            provider=provider,
            seed=seed,
            policy=policy,
            chosen=set_ or (),
            speed=speed,
            credential=credential,
            options=_said(
                timeout=timeout,
                grace=grace if grace != 5 else None,
                speed=speed if speed != 1 else None,
                credential=credential,
                tls=True if tls else None,
            ),
        )
        outputs.prepare()
    except (ScenarioError, OutputError, WishError) as error:
        give_up(error)
    from windtunnel.scenario.command import Command, run_command

    result = run_command(
        case,
        Command(
            words=tuple(command), policy=policy, timeout_s=timeout, grace_s=grace, speed=speed, tls=tls, output="tee"
        ),
    )
    _tell(result, verbose=verbose)
    try:
        outputs.write([result], title=f"windtunnel: {result.title}", seed=seed, strict=strict)
    except OutputError as error:
        give_up(error, code=BROKEN)
    for path in outputs.written:
        typer.echo(f"written: {path}", err=True)
    raise typer.Exit(code_of([result], strict=strict))


def _said(**options: float | str | None) -> list[str]:
    """Write options as they were typed; None for those that were not."""
    words: list[str] = []
    for name, value in options.items():
        if value is True:
            words.append(f"--{name}")
        elif value is not None:
            words += [f"--{name}", value if isinstance(value, str) else f"{value:g}"]
    return words


def _tell(result: Result, *, verbose: bool) -> None:
    from rich.console import Console

    from windtunnel.report.table import print_result

    print_result(result, Console(stderr=True), verbose=verbose)
