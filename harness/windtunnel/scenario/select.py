"""What `windtunnel run` was asked for, and the cases that follow from it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

from windtunnel.fake import DOORS
from windtunnel.policies import POLICIES, PolicyError
from windtunnel.policies import find as find_policy
from windtunnel.results import Result
from windtunnel.scenario import case, matrix
from windtunnel.scenario.case import Case
from windtunnel.scenario.library import Found, find
from windtunnel.scenario.pool import LIMIT_S, Runner
from windtunnel.subjects import SUBJECTS
from windtunnel.subjects import find as find_subject
from windtunnel.subjects.subject import ABILITIES
from windtunnel_server.script import unknown_word

DEFAULT_CLIENT: Final = "unified"
DEFAULT_PROVIDER: Final = "anthropic"
#: Starting a process and importing the SDK takes as long as so many cases.
_CASES_A_PROCESS: Final = 24


class WishError(ValueError):
    """Something was asked for that cannot be; the message names the option and what is on offer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The options of `windtunnel run`."""

    scenarios: Sequence[str] = ()
    clients: Sequence[str] = ()
    command: str | None = None
    providers: Sequence[str] = ()
    seeds: Sequence[int] = (0,)
    policy: str | None = None
    lacks: Sequence[str] = ()
    chosen: Sequence[str] = ()
    shard: str = "1/1"
    failed_from: Path | None = None
    timeout_s: float = 60.0
    speed: float = 1.0

    def found(self) -> list[Found]:
        """Read the scenarios."""
        return find(self.scenarios)

    def cases(self) -> list[Case]:
        """Return the cases; a wish that cannot be raises before anything is run."""
        self.check()
        try:
            if self.failed_from is not None:
                listed = self._failed(self.failed_from)
            else:
                listed = matrix.cases(
                    self.found(),
                    clients=self._clients,
                    providers=self.providers or (DEFAULT_PROVIDER,),
                    seeds=self.seeds,
                    policy=self.policy,
                    chosen=dict(_pair(text) for text in self.chosen),
                )
            return [self._asked_by(one) for one in matrix.Shard.read(self.shard).of(listed)]
        except matrix.MatrixError as error:
            raise WishError(str(error)) from None

    @property
    def _clients(self) -> Sequence[str]:
        return (_spelt(self.command),) if self.command else self.clients or (DEFAULT_CLIENT,)

    def _asked_by(self, case: Case) -> Case:
        """A case of a command is run again by the options of that command."""
        if self.command is None:
            return case
        words = ["windtunnel", "run", case.id, "--client-command", self.command, "--timeout", f"{self.timeout_s:g}"]
        words += ["--speed", f"{self.speed:g}"] if self.speed != 1 else []
        return replace(case, asked_by=(*words, *(word for lack in self.lacks for word in ("--lacks", lack))))

    def check(self) -> None:
        """Raise for options that cannot be."""
        if self.command is not None and self.clients:
            raise WishError("--client and --client-command: give one of them, or run twice")
        if self.command is not None:
            self._check_command(self.command)
        elif self.lacks or self.speed != 1:
            raise WishError("--lacks and --speed are for a --client-command; built-in clients have their own clock")
        if self.failed_from is not None and (self.scenarios or self.chosen):
            raise WishError("--failed-from runs again what failed there; give no scenarios and no --set with it")
        if self.timeout_s <= 0:
            raise WishError(f"--timeout {self.timeout_s:g}: must be seconds above 0")
        for client in self.clients:
            if client not in SUBJECTS:
                raise WishError(unknown_word("--client", client, SUBJECTS) + "; or give a --client-command of your own")
        for provider in self.providers:
            if provider not in DOORS:
                raise WishError(unknown_word("--provider", provider, DOORS))
        for ability in self.lacks:
            if ability not in ABILITIES:
                raise WishError(unknown_word("--lacks", ability, ABILITIES))
        if self.policy is not None:
            try:
                find_policy(self.policy)
            except PolicyError as error:
                raise WishError(f"--policy: {error}") from None

    def _check_command(self, command: str) -> None:
        from windtunnel.execution.faketime import SpeedError, check_speed, find_faketime

        try:
            words = shlex.split(command)
        except ValueError as error:
            raise WishError(f"--client-command: cannot be read as a shell would: {error}") from None
        if not words:
            raise WishError("--client-command: there is no command in it")
        try:
            check_speed(self.speed)
            if self.speed != 1:
                find_faketime()
        except SpeedError as error:
            raise WishError(str(error)) from None

    def _failed(self, path: Path) -> list[Case]:
        from windtunnel.outputs import OutputError, read

        try:
            _, results = read(path)
        except OutputError as error:
            raise WishError(f"--failed-from: {error}") from None
        failed = [result for result in results if result.status in ("fail", "error")]
        if not failed:
            raise WishError(f"--failed-from {path}: nothing failed there")
        return [one for result in failed for one in self._again(result)]

    def _again(self, result: Result) -> list[Case]:
        if self.command is None and result.client not in SUBJECTS:
            raise WishError(
                f"--failed-from: {result.title} was run with a command; give it again, with --client-command. "
                f"That run was: {result.rerun}"
            )
        return matrix.cases(
            find([result.id]),
            clients=self._clients if self.command else self.clients or [result.client],
            providers=self.providers or [result.provider],
            seeds=[result.seed],
            policy=self.policy or _judged_by(result),
            chosen={name: str(value) for name, value in result.variables.items()},
        )

    def runner(self) -> Runner:
        """Return what runs one case."""
        if self.command is None:
            return case.run
        from windtunnel.scenario.command import Command, run_command

        command = Command(
            words=tuple(shlex.split(self.command)),
            abilities=frozenset(ABILITIES) - frozenset(self.lacks),
            policy=self.policy,
            timeout_s=self.timeout_s,
            speed=self.speed,
            interrupted="stop",
        )
        return partial(run_command, command=command)

    @property
    def limit_s(self) -> float:
        """How long one case may take on the machine's clock: a command has its own time, and some to be ended in."""
        return LIMIT_S if self.command is None else self.timeout_s + LIMIT_S

    def jobs(self, cases: int) -> int:
        """Return how many processes are worth it."""
        cores = os.cpu_count() or 1
        return min(cores, cases if self.command else max(cases // _CASES_A_PROCESS, 1))


def _spelt(command: str) -> str:
    from windtunnel.scenario.command import spelt

    return spelt(shlex.split(command))


def _judged_by(result: Result) -> str | None:
    """The policy of a result, where it was chosen with --policy."""
    judged = (result.policy or {}).get("name")
    own = find_subject(result.client).policy if result.client in SUBJECTS else None
    return judged if judged in POLICIES and judged != own else None


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise WishError(f"--set {text}: write NAME=VALUE")
    return name, value


def title(wish: Wish) -> str:
    """Head the page of a run."""
    what = ", ".join(wish.scenarios) if wish.scenarios else "the library of scenarios"
    return f"windtunnel: {what}"
