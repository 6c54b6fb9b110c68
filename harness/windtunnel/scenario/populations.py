"""What many seeds of one scenario tell together, and one of them alone could not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from windtunnel.policies import Policy, find
from windtunnel.results import Result
from windtunnel.scenario.case import Case, status_of
from windtunnel.scenario.judge import policy_for
from windtunnel.subjects import SUBJECTS
from windtunnel.subjects import find as find_subject
from windtunnel.verdicts import population
from windtunnel.verdicts.account import EXACT, REAL, Report
from windtunnel.verdicts.verdict import Verdict

_Key: TypeAlias = tuple[str, ...]


def with_populations(results: Sequence[Result], cases: Sequence[Case]) -> list[Result]:
    """Judge jitter over all seeds of a scenario where one run alone could not tell."""
    by_key = {one.key: one for one in cases}
    groups: dict[_Key, list[Result]] = defaultdict(list)
    for result in results:
        groups[replace(result, seed=0).key].append(result)
    judged = {result.key: result for group in groups.values() for result in _over_seeds(group, by_key)}
    return [judged[result.key] for result in results]


def _over_seeds(group: Sequence[Result], by_key: Mapping[_Key, Case]) -> Iterator[Result]:
    unsure = [result for result in group if any(_is_unsure(verdict) for verdict in result.verdicts)]
    if len(group) < 2 or not unsure:
        yield from group
        return
    one = by_key[group[0].key]
    reports = [report for result in group if (report := _report(result)) is not None]
    tolerance = EXACT if all(result.exact for result in group) else REAL
    verdict = population.jitter(reports, policy_for(one.scenario.expect, _own_policy(one)), tolerance=tolerance)
    yield from (_with(result, verdict) if result in unsure else result for result in group)


def _report(result: Result) -> Report | None:
    """One account of a run is enough: the same wait must not count twice."""
    return next((verdict.report for verdict in result.verdicts if verdict.report is not None), None)


def _is_unsure(verdict: Verdict) -> bool:
    return verdict.name == "jitter" and verdict.unknown


def _own_policy(case: Case) -> Policy:
    if case.policy is not None:
        return find(case.policy)
    return find(find_subject(case.client).policy if case.client in SUBJECTS else "anthropic_python")


def _with(result: Result, jitter: Verdict) -> Result:
    verdicts = [jitter if verdict.name == "jitter" else verdict for verdict in result.verdicts]
    return replace(result, verdicts=verdicts, status=status_of(verdicts))
