"""The one case of `windtunnel exec`: a command, in a scenario or in calm weather."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from windtunnel.scenario.case import Case
from windtunnel.scenario.command import spelt
from windtunnel.scenario.expect import Expect
from windtunnel.scenario.schema import Scenario
from windtunnel.scenario.select import Wish, WishError
from windtunnel_server.script import ScriptError

#: Calls are answered one and all; what is left to judge is whether the command says so.
CALM: Final = Scenario(name="no scenario", about="Every call is answered.", expect=Expect(outcome="honest"))


def one_case(
    scenario: str | None,
    *,
    client: Sequence[str],
    provider: str,
    seed: int,
    policy: str,
    chosen: Sequence[str] = (),
    speed: float = 1.0,
    credential: str | None = None,
    options: Sequence[str] = (),
) -> Case:
    """Return the one case of a command in a scenario; without one all calls are answered.

    `options` are further ones of the command line, for the command that runs it again.
    """
    wish = Wish(
        scenarios=() if scenario is None else (scenario,),
        command=shlex.join(client),
        providers=(provider,),
        seeds=(seed,),
        policy=policy,
        chosen=chosen,
        speed=speed,
    )
    if scenario is not None:
        only = _with(_only(scenario, wish.cases()), credential)
        return _again(only, ("--scenario", scenario, *options), client)
    if chosen:
        raise WishError("--set: there is no scenario whose variables it could choose; name one with --scenario")
    wish.check()
    calm = Case(id=CALM.name, scenario=CALM, client=spelt(client), provider=provider, seed=seed, policy=policy)
    return _again(_with(calm, credential), options, client)


def _with(case: Case, credential: str | None) -> Case:
    """Let the client have another kind of credential than the scenario says."""
    if credential is None:
        return case
    try:
        server = case.scenario.server.with_credential(credential, case.provider)
    except ScriptError as error:
        raise WishError(f"--credential: {error}") from None
    return replace(case, scenario=case.scenario.model_copy(update={"server": server}))


def _only(asked: str, listed: Sequence[Case]) -> Case:
    if len(listed) > 1:
        values = sorted({f"{name}={value}" for one in listed for name, value in one.scenario.variables.items()})
        what = f"choose one with --set: {', '.join(values)}" if values else "name the file of one"
        raise WishError(f"--scenario {asked}: that is {len(listed)} scenarios; {what}")
    return listed[0]


def _again(case: Case, options: Sequence[str], client: Sequence[str]) -> Case:
    """Let the case say how it is run once more."""
    return replace(case, asked_by=("windtunnel", "exec", *options), behind=("--", *client))
