"""Results of runs, as values and as the JSON that `--json` writes and `windtunnel report` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Any, Literal, TypeAlias

from windtunnel.verdicts.claims import Claims
from windtunnel.verdicts.verdict import Verdict
from windtunnel_server.journal import Entry

#: Version of the format; readers refuse a later one.
FORMAT = 1

#: pass: every verdict that was asked for is a pass. unknown: none failed, but some cannot be told. skip: not run, for
#: the reason given. error: the tunnel itself failed.
Status: TypeAlias = Literal["pass", "fail", "unknown", "skip", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One scenario against one client on one provider with one seed."""

    #: Name of the scenario, and what one types to run it: the name again, or the path of its file.
    scenario: str
    id: str
    client: str
    provider: str
    seed: int
    status: Status
    about: str = ""
    #: Why it was skipped, or how the tunnel failed.
    reason: str = ""
    #: The scenario's variables, where it has any.
    variables: Mapping[str, Any] = field(default_factory=dict)
    verdicts: Sequence[Verdict] = ()
    entries: Sequence[Entry] = ()
    claims: Claims | None = None
    #: Name and source of the backoff policy it was judged by.
    policy: Mapping[str, str] | None = None
    #: Times are exact (virtual clock), or as good as the machine's.
    exact: bool = True
    #: Seconds on the clock, and on the machine's.
    simulated_s: float = 0.0
    wall_s: float = 0.0
    #: Tokens of the context window that the run had, where it is known.
    context_window: int | None = None
    #: The command that runs this one again.
    rerun: str = ""
    #: What the client's process printed: {"stdout": …, "stderr": …}, the ends of it.
    output: Mapping[str, str] | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from the others of its run: two files may have the same name."""
        return (self.id, self.client, self.provider, str(self.seed), *map(str, self.variables.items()))

    @property
    def title(self) -> str:
        """Name the run: "burst-then-recovery · anthropic-async · bedrock · seed 3 · hint=2"."""
        parts = [self.scenario, self.client]
        parts += [self.provider] * (self.provider != self.client)
        parts += [f"seed {self.seed}"] * (self.seed != 0)
        return " · ".join([*parts, *(f"{name}={value}" for name, value in self.variables.items())])

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain JSON values, keys in the order of the fields, after its title."""
        out: dict[str, Any] = {"title": self.title} | {name: getattr(self, name) for name in self.__slots__}
        return out | {
            "variables": dict(self.variables),
            "verdicts": [verdict.to_json() for verdict in self.verdicts],
            "entries": [entry.to_json() for entry in self.entries],
            "claims": None if self.claims is None else self.claims.to_json(),
            "policy": None if self.policy is None else dict(self.policy),
            "output": None if self.output is None else dict(self.output),
        }


def results_to_json(results: Sequence[Result], *, title: str, seed: int = 0) -> dict[str, Any]:
    """Return a whole run as plain JSON values."""
    return {
        "windtunnel": version("windtunnel"),
        "format": FORMAT,
        "title": title,
        "seed": seed,
        "runs": [result.to_json() for result in results],
    }


class ResultsError(ValueError):
    """A file that has no results in it, or none we can read; says why."""


def results_from_json(document: Any) -> list[Result]:
    """Read what `results_to_json` wrote. Accounts attempt by attempt are not read back: the findings tell."""
    if not isinstance(document, Mapping) or not isinstance(document.get("runs"), list):
        raise ResultsError("it has no runs in it; results are what `windtunnel run --json FILE` writes")
    if document.get("format") != FORMAT:
        raise ResultsError(
            f"it is in format {document.get('format')!r}, and this windtunnel reads {FORMAT}; it was written by "
            f"windtunnel {document.get('windtunnel')}"
        )
    try:
        return [_result(run) for run in document["runs"]]
    except (KeyError, TypeError, ValueError) as error:
        raise ResultsError(f"a run in it is not as it was written: {type(error).__name__}: {error}") from None


def _result(run: Mapping[str, Any]) -> Result:
    from windtunnel.verdicts.claims import claims_from_json
    from windtunnel.verdicts.verdict import verdict_from_json
    from windtunnel_server.journal import entry_from_json

    fields = {name: run[name] for name in Result.__slots__}
    claims = run["claims"]
    return Result(
        **fields
        | {
            "verdicts": [verdict_from_json(verdict) for verdict in run["verdicts"]],
            "entries": [entry_from_json(entry) for entry in run["entries"]],
            "claims": None if claims is None else claims_from_json(claims, source=str(claims.get("source", "a file"))),
        }
    )
