"""One case with a command as its client: the fake on a port of its own, the command run to its end, then judged."""

from __future__ import annotations

import json
import os
import traceback
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from typing import Final, Literal

from windtunnel.execution.claims_file import ClaimsFile
from windtunnel.execution.execute import Output, execute
from windtunnel.execution.execution import Execution
from windtunnel.execution.faketime import check_fakeable
from windtunnel.execution.serving import Serving, serving_for
from windtunnel.execution.verdict import judge_process
from windtunnel.fake import DOORS
from windtunnel.policies import find
from windtunnel.results import Result
from windtunnel.scenario.case import Case, judged, status_of, why_skipped
from windtunnel.scenario.judge import Evidence
from windtunnel.subjects.subject import ABILITIES
from windtunnel.verdicts.account import REAL
from windtunnel.verdicts.claims import Claims, ClaimsError
from windtunnel.verdicts.verdict import Finding, Verdict

#: Tells the command what the scenario would ask of a client: the `ask:` of its file, as JSON.
ASK_VARIABLE: Final = "WINDTUNNEL_ASK"
#: Of each output, so much of its end is kept with the result.
_SHOWN_BYTES: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command, what it can do, and how it is run."""

    words: tuple[str, ...]
    abilities: frozenset[str] = frozenset(ABILITIES)
    #: The backoff policy it says it follows.
    policy: str | None = None
    #: Seconds on the machine's clock; None: as long as it takes.
    timeout_s: float | None = 60.0
    grace_s: float = 5.0
    speed: float = 1.0
    tls: bool = False
    output: Output = "keep"
    cwd: str | None = None
    #: When somebody interrupts us: judge what there is, or stop, as one of many runs has to.
    interrupted: Literal["judge", "stop"] = "judge"


def run_command(case: Case, command: Command) -> Result:
    """Run a case on the real or the scaled clock and judge it. What goes wrong in the tunnel itself is a result too."""
    try:
        lacking = why_skipped(case, command.abilities, tuple(DOORS))
        return case.result("skip", reason=lacking) if lacking else _run(case, command)
    except Exception as error:
        told = "".join(traceback.format_exception(error)).strip()
        return case.result("error", reason=f"{type(error).__name__}: {error}\n\n{told}")


def _run(case: Case, command: Command) -> Result:
    scenario = case.scenario
    with ExitStack() as stack:
        place = stack.enter_context(ClaimsFile())
        serving = stack.enter_context(
            serving_for(
                *scenario.steps,
                then=scenario.then,
                speed=command.speed,
                seed=case.seed,
                settings=scenario.server,
                provider=case.provider,
                tls=command.tls,
            )
        )
        execution = _execute(case, command, serving, place)
        if execution.was_interrupted and command.interrupted == "stop":
            raise KeyboardInterrupt
        serving.settle()
        entries, now = serving.core.journal.calls, serving.clock.now()
        failures = list(serving.core.failures)
        claims, misreported = _claims(place, execution)
    if failures:
        raise ExceptionGroup("windtunnel itself failed; this is a bug in it, not in the client", failures)
    seen = Evidence(
        entries=entries,
        claims=claims,
        own_policy=find(command.policy or "anthropic_python"),
        tolerance=REAL.scaled(command.speed),
        finished=not execution.was_interrupted,
        context_window=scenario.server.context_window,
    )
    result = judged(case, seen, simulated_s=now, wall_s=execution.wall_s, exact=False)
    verdicts = [judge_process(execution), *misreported, *result.verdicts]
    return replace(result, verdicts=verdicts, status=status_of(verdicts), output=_output(execution))


def _execute(case: Case, command: Command, serving: Serving, place: ClaimsFile) -> Execution:
    env = serving.env(os.environ, **place.env, **{ASK_VARIABLE: json.dumps(asdict(case.scenario.ask))})
    if command.speed != 1:
        check_fakeable(command.words, env=env)
    return execute(
        command.words,
        env=env,
        cwd=command.cwd,
        timeout_s=command.timeout_s,
        grace_s=command.grace_s,
        speed=command.speed,
        output=command.output,
    )


def _claims(place: ClaimsFile, execution: Execution) -> tuple[Claims | None, list[Verdict]]:
    """Return what the command claims; its exit code says how it went where nothing else does."""
    misreported: list[Verdict] = []
    claims: Claims | None = None
    try:
        claims = place.read(execution.last_line)
    except ClaimsError as error:
        misreported.append(_unreadable(error))
    if execution.ended != "exited":
        return claims, misreported
    if claims is None:
        claims = Claims(source="the exit code")
    if claims.outcome is None and claims.calls is None:
        claims = replace(claims, outcome="success" if execution.code == 0 else "error")
    return claims, misreported


def _unreadable(error: ClaimsError) -> Verdict:
    finding = Finding(
        (),
        "the claims cannot be read",
        str(error),
        "JSON as docs/reference/claims.md has it",
        "mend what the command writes; the verdicts that need it are unknown",
    )
    return Verdict("claims", "fail", (finding,), "what the command reports is not readable")


def _output(execution: Execution) -> dict[str, str] | None:
    kept = {"stdout": execution.stdout_end, "stderr": execution.stderr_end}
    shown = {name: data[-_SHOWN_BYTES:].decode("utf-8", "replace") for name, data in kept.items() if data}
    return shown or None


#: Characters of a command in titles.
_SPELT: Final = 48


def spelt(words: Sequence[str]) -> str:
    """Name a command for people: without the folders of its program, on one line, and not all of a long one."""
    from pathlib import Path

    text = " ".join(" ".join([Path(words[0]).name, *words[1:]]).split()) if words else ""
    return text if len(text) <= _SPELT else f"{text[: _SPELT - 1]}…"
