"""Scenarios in pytest: one test for each scenario and provider, judged by what the scenario expects."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from windtunnel.fake import DOORS
from windtunnel.policies import PolicyError, find
from windtunnel.report.brief import brief
from windtunnel.scenario.judge import Evidence, judge
from windtunnel.scenario.library import Found
from windtunnel.scenario.library import find as find_scenarios
from windtunnel.scenario.load import ScenarioError
from windtunnel.scenario.schema import Scenario
from windtunnel.subjects.subject import ABILITIES
from windtunnel.tunnel import Windtunnel
from windtunnel.verdicts.account import EXACT, REAL
from windtunnel.verdicts.verdict import Verdict
from windtunnel_server.clock import VirtualClock
from windtunnel_server.script import unknown_word
from windtunnel_server.settings import CLOUDS

MARKER: Final = (
    'windtunnel_scenario(name_or_path, ..., providers=["anthropic", ...], lacks=["compaction", ...], '
    'policy="anthropic_python", strict=False)'
)
_TUNNEL: Final = pytest.StashKey[Windtunnel]()
#: Carries what is unknown from the workers of pytest-xdist to the summary.
UNKNOWN: Final = "windtunnel unknown"


@dataclass(frozen=True, slots=True)
class Played:
    """A scenario on a provider, for one test."""

    found: Found
    provider: str

    @property
    def scenario(self) -> Scenario:
        return self.found.scenario


@dataclass(frozen=True, slots=True)
class _Marked:
    """What the marker of a test says."""

    asked: tuple[str, ...]
    #: Most clients talk to one; a test that is given another provider's door has to make another client.
    providers: Sequence[str] = ("anthropic",)
    lacks: Sequence[str] = ()
    policy: str = "anthropic_python"
    strict: bool = False


def _read(item: Any) -> _Marked:
    """Read the nearest marker of a test, and say in a usage error what is wrong with it."""
    mark = item.get_closest_marker("windtunnel_scenario")
    try:
        marked = _Marked(mark.args, **mark.kwargs)
    except TypeError as error:
        raise pytest.UsageError(f"{item.nodeid}: the marker is {MARKER}: {error}") from None
    wrong = _wrong(marked)
    if wrong is not None:
        raise pytest.UsageError(f"{item.nodeid}: windtunnel_scenario: {wrong}")
    return marked


def _wrong(marked: _Marked) -> str | None:
    if not marked.asked or not all(isinstance(one, (str, Path)) for one in marked.asked):
        return "give it names of scenarios, files or folders"
    for provider in marked.providers:
        if provider not in DOORS:
            return unknown_word("providers", provider, DOORS)
    for ability in marked.lacks:
        if ability not in ABILITIES:
            return unknown_word("lacks", ability, ABILITIES)
    try:
        find(marked.policy)
    except PolicyError as error:
        return str(error)
    return None


# --- one test for each -------------------------------------------------------------------------------------------


def parametrize(metafunc: pytest.Metafunc) -> None:
    """Give the fixture `windtunnel` of a marked test one value for each scenario and provider."""
    marked = _read(metafunc.definition)
    try:
        found = find_scenarios([_located(str(one), metafunc) for one in marked.asked])
    except ScenarioError as error:
        raise pytest.UsageError(f"{metafunc.definition.nodeid}: windtunnel_scenario:\n{error}") from None
    metafunc.parametrize("windtunnel", list(_params(found, marked)), indirect=True)


def _located(asked: str, metafunc: pytest.Metafunc) -> str:
    """A path counts from the folder of the test, else from the root folder; a name is a name."""
    for folder in (metafunc.definition.path.parent, metafunc.config.rootpath):
        if (folder / asked).exists():
            return str(folder / asked)
    return asked


def _params(found: Sequence[Found], marked: _Marked) -> Iterator[Any]:
    for one in found:
        for provider in marked.providers:
            if CLOUDS.get(provider, provider) in one.scenario.providers:
                marks = [pytest.mark.skip(reason=why)] if (why := _skipped(one, marked)) else []
                yield pytest.param(Played(one, provider), id=_id(one, provider, marked), marks=marks)


def _skipped(one: Found, marked: _Marked) -> str:
    missing = [need for need in one.scenario.needs if need in marked.lacks]
    return "; ".join(f"needs {need}: the client does not say that it {ABILITIES[need]}" for need in missing)


def _id(one: Found, provider: str, marked: _Marked) -> str:
    values = [f"{name}={value}" for name, value in one.scenario.variables.items()]
    return "-".join([one.id, *values, *([provider] if len(marked.providers) > 1 else [])])


# --- judged ------------------------------------------------------------------------------------------------------


def remember(item: pytest.Item, tunnel: Windtunnel) -> None:
    """Keep the tunnel of a test until the test is over."""
    item.stash[_TUNNEL] = tunnel


def hold(item: pytest.Item) -> None:
    """Judge a test that has passed by what its scenario expects; what failed fails the test."""
    tunnel = item.stash.get(_TUNNEL, None)
    if tunnel is None or tunnel.scenario is None:
        return
    marked = _read(item)
    verdicts = judge(tunnel.scenario.expect, _evidence(tunnel, marked))
    tunnel.verdicts_asked += verdicts
    failed = [verdict for verdict in verdicts if verdict.failed or (marked.strict and verdict.unknown)]
    if failed:
        told = "\n\n".join(brief(verdict)[0].render() for verdict in failed)
        pytest.fail(f"the scenario {tunnel.scenario.name!r} expects better:\n\n{told}", pytrace=False)
    item.user_properties.extend((UNKNOWN, _told(verdict)) for verdict in verdicts if verdict.unknown)


def _evidence(tunnel: Windtunnel, marked: _Marked) -> Evidence:
    return Evidence(
        entries=tunnel.journal.calls,
        claims=tunnel.claims,
        own_policy=find(marked.policy),
        tolerance=EXACT if isinstance(tunnel.clock, VirtualClock) else REAL,
        context_window=tunnel.settings.context_window,
    )


def _told(verdict: Verdict) -> str:
    advice = dict.fromkeys(finding.advice for finding in verdict.findings if finding.weight == "unknown")
    return f"{verdict.name} is unknown; to do: {'; '.join(advice)}"
