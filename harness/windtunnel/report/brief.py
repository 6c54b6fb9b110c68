"""A verdict cut to what a person reads: the first findings of each kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from windtunnel.verdicts.verdict import Finding, Verdict

#: Findings of one kind, and chains of attempts, that are told of one verdict: sixty clients do wrong what one does.
_FIRST: Final = 2


def brief(verdict: Verdict) -> tuple[Verdict, int]:
    """Keep the first findings of each kind, and the chains they are about; say how many findings are left out."""
    kept: list[Finding] = []
    for finding in verdict.findings:
        if sum(one.title == finding.title for one in kept) < _FIRST:
            kept.append(finding)
    left = len(verdict.findings) - len(kept)
    if verdict.report is None:
        return replace(verdict, findings=tuple(kept)), left
    about = {number for finding in kept for number in finding.attempts}
    chains = [chain for chain in verdict.report.chains if about & {attempt.number for attempt in chain.attempts}]
    report = replace(verdict.report, chains=tuple(chains[: 2 * _FIRST]))
    return replace(verdict, findings=tuple(kept), report=report), left
