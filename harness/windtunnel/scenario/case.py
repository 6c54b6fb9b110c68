"""One case: a scenario against a client of this process, on a provider, with a seed. Run it, judge it."""

from __future__ import annotations

import shlex
import traceback
from dataclasses import dataclass, replace
from pathlib import Path

from windtunnel.fake import DOORS, pointed_at
from windtunnel.guard import Guard
from windtunnel.policies import find
from windtunnel.results import Result, Status
from windtunnel.scenario.judge import Evidence, judge, policy_for
from windtunnel.scenario.schema import Scenario
from windtunnel.subjects import find as find_subject
from windtunnel.subjects.subject import ABILITIES, MissingPackageError, Place, Subject
from windtunnel.tunnel import Windtunnel
from windtunnel.verdicts.verdict import Verdict
from windtunnel_server.clock import REAL
from windtunnel_server.settings import CLOUDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is to be run."""

    #: What one types to run it: the name of its file, without the ending, or the path.
    id: str
    scenario: Scenario
    client: str = "anthropic"
    provider: str = "anthropic"
    seed: int = 0
    #: The backoff policy to judge by, where it is not the client's own.
    policy: str | None = None
    #: Of the command that runs it again, what comes before the options and behind them: `windtunnel exec … -- agent`.
    asked_by: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, ...]:
        return self.result("skip").key

    @property
    def rerun(self) -> str:
        """The command that runs it again."""
        words = [*(self.asked_by or ("windtunnel", "run", self.id)), "--provider", self.provider]
        words += ["--client", self.client] if not self.asked_by and self.client != "anthropic" else []
        words += ["--seed", str(self.seed), *(["--policy", self.policy] if self.policy else [])]
        for name, value in self.scenario.variables.items():
            words += ["--set", f"{name}={value}"]
        return shlex.join([*words, *self.behind])

    def result(self, status: Status, *, reason: str = "") -> Result:
        """Return what is known of it before it has run."""
        return Result(
            scenario=_shown(self.id),
            id=self.id,
            about=self.scenario.about or self.scenario.name,
            client=self.client,
            provider=self.provider,
            seed=self.seed,
            variables=self.scenario.variables,
            status=status,
            reason=reason,
            rerun=self.rerun,
        )


def _shown(asked: str) -> str:
    return Path(asked).stem if asked.endswith((".yaml", ".yml")) else asked


def run(case: Case) -> Result:
    """Run a case on the virtual clock and judge it. Whatever goes wrong in the tunnel itself is a result too."""
    try:
        subject = find_subject(case.client)
        lacking = why_skipped(case, subject.abilities, subject.providers)
        return case.result("skip", reason=lacking) if lacking else _run(case, subject)
    except MissingPackageError as error:
        return case.result("skip", reason=str(error))
    except Exception as error:
        told = "".join(traceback.format_exception(error)).strip()
        return case.result("error", reason=f"{type(error).__name__}: {error}\n\n{told}")


def why_skipped(case: Case, abilities: frozenset[str], providers: tuple[str, ...]) -> str:
    """Say why the case cannot be run with a client of these abilities; nothing where it can."""
    if case.provider not in DOORS:
        return f"there is no provider {case.provider}; there are {', '.join(DOORS)}"
    if CLOUDS.get(case.provider, case.provider) not in case.scenario.providers:
        return f"the scenario makes no sense on {case.provider}; it is for {', '.join(case.scenario.providers)}"
    if case.provider not in providers:
        return f"the client {case.client} cannot talk to {case.provider}; it can to {', '.join(providers)}"
    if case.scenario.server.credential_on(case.provider) is None:
        return f"clients of {case.provider} have no credential {case.scenario.server.credential}"
    missing = [need for need in case.scenario.needs if need not in abilities]
    return "; ".join(f"needs {need}: the client does not say that it {ABILITIES[need]}" for need in missing)


def _run(case: Case, subject: Subject) -> Result:
    began = REAL.monotonic()
    scenario, own = case.scenario, find(case.policy or subject.policy)
    tunnel = Windtunnel(scenario=scenario, provider=case.provider, seed=case.seed)
    with Guard() as guard, tunnel:
        door = tunnel.provider(case.provider)
        with pointed_at(door.env):
            place = Place(provider=case.provider, url=door.url, env=door.env, now=tunnel.clock.now)
            claims = subject.play(place, scenario.ask)
        entries, now = tunnel.journal.calls, tunnel.clock.now()
    if tunnel.core.failures:
        raise ExceptionGroup("windtunnel itself failed; this is a bug in it, not in the client", tunnel.core.failures)
    if guard.attempts:
        raise RuntimeError(f"the client tried to reach {', '.join(dict.fromkeys(guard.attempts))}, past the tunnel")
    seen = Evidence(entries=entries, claims=claims, own_policy=own, context_window=scenario.server.context_window)
    return judged(case, seen, simulated_s=now, wall_s=REAL.monotonic() - began)


def judged(case: Case, seen: Evidence, *, simulated_s: float, wall_s: float, exact: bool = True) -> Result:
    """Return the result of a case that has run."""
    verdicts = judge(case.scenario.expect, seen)
    policy = policy_for(case.scenario.expect, seen.own_policy)
    return replace(
        case.result(status_of(verdicts)),
        verdicts=verdicts,
        entries=seen.entries,
        claims=seen.claims,
        policy={"name": policy.name, "source": policy.source},
        exact=exact,
        simulated_s=simulated_s,
        wall_s=wall_s,
        context_window=seen.context_window,
    )


def status_of(verdicts: list[Verdict]) -> Status:
    """One failure fails all; nothing asked is unknown too."""
    values = {verdict.value for verdict in verdicts}
    if "fail" in values:
        return "fail"
    return "unknown" if "unknown" in values or not values else "pass"
