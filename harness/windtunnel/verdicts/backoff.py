"""Backoff: did the client wait as its policy says, as often as it says, and only where it says.

The gap before a retry runs from the instant the failure was complete on the wire (last byte, reset, or the client's
own hang-up) to the arrival of the next attempt.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from windtunnel.policies import Policy
from windtunnel.verdicts._after_streams import attempts_before, broke_off
from windtunnel.verdicts._readings import Part, innocent
from windtunnel.verdicts._retry_rules import Bench, Retry, gap_s, rule_on
from windtunnel.verdicts.account import REAL, AttemptAccount, ChainAccount, Report, Tolerance, plain
from windtunnel.verdicts.chains import Chain, chains, counts_mean_something, retry_count
from windtunnel.verdicts.failures import answer, asks_the_api, at_the_door, failed, failure_of
from windtunnel.verdicts.units import counted
from windtunnel.verdicts.verdict import Finding, Value, Verdict, value_of
from windtunnel_server.journal import Entry

NAME = "backoff"
_BLAMED = ("early", "late", "not allowed")
#: Why a chain is uncertain, and what to do about it: with and without attempts turned away at the door.
_DOUBTS = {
    False: (
        "these attempts may belong to other chains: the same request was under way more than once",
        "run the client in process, or give each call an idempotency-key header of its own",
    ),
    True: (
        "attempts turned away at the door carry no marks, and may belong to other calls",
        "run the client in process, one call at a time, with fewer faults at the door than it has attempts",
    ),
}


def judge(entries: Iterable[Entry], policy: Policy, *, tolerance: Tolerance = REAL, finished: bool = False) -> Verdict:
    """Hold every retry in the journal against the policy.

    `finished` says that the client is done: only then is a missing retry a failure. Nothing failed in the journal, or
    chains that cannot be told apart: unknown.
    """
    calls = [entry for entry in entries if asks_the_api(entry) is (policy.calls == "api")]
    reads_counts = counts_mean_something(calls, policy.counts)
    found = chains(calls, counts="read" if reads_counts else "ignore", retried=_retried(policy))
    judged = [chain for chain in found if chain.any_failed or len(chain.attempts) > 1]
    if not judged:
        return Verdict(
            NAME, "unknown", (_nothing_failed(len(calls)),), f"{policy.name}: no call failed", Report(policy.name)
        )
    streams = tuple(filter(broke_off, judged)) if policy.after_a_stream == "counts on" else ()
    court = _Court(Bench(policy, tolerance), finished, reads_counts, tuple(_spent(policy, judged)), streams)
    accounts, findings = zip(*(court.chain(chain) for chain in judged), strict=True)
    return _sum_up(Report(policy.name, accounts), tuple(one for each in findings for one in each))


def _retried(policy: Policy) -> Callable[[Entry, int], bool]:
    return lambda entry, taken: taken < policy.max_retries and policy.should_retry(failure_of(entry))


def _spent(policy: Policy, found: Iterable[Chain]) -> Iterator[tuple[float, int]]:
    """Yield the instants at which retries took tokens of the policy's budget, and how many."""
    for chain in found:
        for before in chain.attempts[:-1]:
            yield before.arrived_at if before.ended_at is None else before.ended_at, policy.tokens(failure_of(before))


@dataclass(frozen=True, slots=True)
class _Court:
    bench: Bench
    finished: bool
    reads_counts: bool
    #: When retries took tokens of a budget that the client's calls share, and how many.
    spent: tuple[tuple[float, int], ...] = ()
    #: Streams that broke, where what is asked in their place shares their number of retries.
    streams: tuple[Chain, ...] = ()

    def chain(self, chain: Chain) -> tuple[ChainAccount, list[Finding]]:
        rows, findings = [plain(chain, 0)], []
        for place in range(1, len(chain.attempts)):
            row, finding = self._retry(chain, place)
            rows.append(row)
            findings += [finding] if finding else []
        ending = self._ending(chain)
        findings += [_doubted(ending, chain)] if ending and not chain.certain else [ending] if ending else []
        if chain.marks == "body and time" and value_of(findings) == "fail" and innocent(chain.attempts, self):
            findings = [_doubted(finding, chain) for finding in findings]
            rows = [replace(row, mark="unsure") if row.mark in _BLAMED else row for row in rows]
        return ChainAccount(chain, tuple(rows)), findings

    def goes_on(self, part: Part, entry: Entry) -> bool:
        """Say whether the attempt may be the retry after those of the part, by the policy."""
        policy, failure = self.bench.policy, failure_of(part[-1])
        if len(part) > policy.max_retries or not policy.should_retry(failure):
            return False
        envelope = policy.envelope(failure, len(part) - 1)
        return self.bench.tolerance.mark(gap_s(part[-1], entry), envelope) in ("ok", "unsure")

    def may_end(self, part: Part) -> bool:
        """Say whether the client may have left it at that."""
        ending = self._ending(Chain(part, True, "body and time"))
        return ending is None or ending.weight != "fail"

    def _retry(self, chain: Chain, place: int) -> tuple[AttemptAccount, Finding | None]:
        retry = self._retry_at(chain, place)
        mark, envelope, finding = rule_on(self.bench, retry)
        if finding and finding.weight == "fail" and place >= chain.proved:
            mark, finding = "unsure", _doubted(finding, chain)
        gap = None if math.isnan(retry.gap_s) else retry.gap_s
        return replace(plain(chain, place), gap_s=gap, envelope=envelope, mark=mark), finding

    def _retry_at(self, chain: Chain, place: int) -> Retry:
        before, after = chain.attempts[place - 1], chain.attempts[place]
        was, now = self._count(chain, place - 1), self._count(chain, place)
        said = self.reads_counts and bool(retry_count(after))
        spent = attempts_before(chain, self.streams)
        return Retry(chain, before, after, max(now - 1, 0), max(now - was - 1, 0), said, spent)

    def _count(self, chain: Chain, place: int) -> int:
        """Retries taken before the attempt: by the client's count, else one more than before the last one."""
        said = retry_count(chain.attempts[place]) if self.reads_counts else None
        if said is not None:
            return said
        return self._count(chain, place - 1) + 1 if place else 0

    def _ending(self, chain: Chain) -> Finding | None:
        """A chain that ends in a failure although the policy would have gone on."""
        last, taken = chain.attempts[-1], self._count(chain, len(chain.attempts) - 1)
        left = self.bench.policy.max_retries - taken - attempts_before(chain, self.streams)
        if not failed(last) or last.ended is None or left <= 0 or not self._goes_on(chain):
            return None
        finding = Finding(
            (last.number,),
            "gave up early",
            f"{answer(last)}, and no attempt after it",
            f"{counted(self.bench.policy.max_retries, 'retry')}, {left} left",
            "raise the client's number of retries, or look for the error it does not take for a passing one",
        )
        if last.ended in ("hung up", "stopped"):
            return _unknown(finding, "whoever hung up may have cancelled the call", "let the call run to its end")
        if not self.finished:
            return _unknown(finding, "the client may still be waiting", "ask for the verdict when the client is done")
        if self._may_be_spent(last):
            return _unknown(finding, "its budget of retries may have been used up", "use a new client for each run")
        return finding

    def _goes_on(self, chain: Chain) -> bool:
        """Say whether the policy goes on for certain after the last attempt, retries left."""
        last = chain.attempts[-1]
        failure = failure_of(last)
        answers = sum(attempt.status == last.status for attempt in chain.attempts)
        return self.bench.policy.decision(failure) == "retry" and not self.bench.policy.may_lose_patience(
            failure, answers
        )

    def _may_be_spent(self, last: Entry) -> bool:
        """Say whether too few tokens may have been left, had no success given any back."""
        budget = self.bench.policy.budget
        if budget is None or last.ended_at is None:
            return False
        spent = sum(tokens for at, tokens in self.spent if at <= last.ended_at)
        return spent + self.bench.policy.tokens(failure_of(last)) > budget.capacity


def _doubted(finding: Finding, chain: Chain) -> Finding:
    """Against attempts that may belong together otherwise, nothing can be proved."""
    if finding.weight != "fail":
        return finding
    return _unknown(finding, *_DOUBTS[any(at_the_door(attempt) for attempt in chain.attempts)])


def _unknown(finding: Finding, reason: str, advice: str) -> Finding:
    return replace(
        finding, title=f"perhaps {finding.title}", seen=f"{finding.seen}; {reason}", advice=advice, weight="unknown"
    )


def _nothing_failed(calls: int) -> Finding:
    return Finding(
        (),
        "nothing to judge",
        f"{counted(calls, 'call')}, none of which failed",
        "at least one failure to back off from",
        'have a call fail: fail("rate_limited", times=2) in a script, or choose a scenario with failures',
        "unknown",
    )


def _sum_up(report: Report, findings: tuple[Finding, ...]) -> Verdict:
    value: Value = value_of(findings)
    attempts = sum(len(chain.attempts) for chain in report.chains)
    gaps = report.gaps
    outside = sum(gap.mark != "ok" for gap in gaps)
    inside = (
        "no gap to judge" if not gaps else f"{outside or 'none'} of {counted(len(gaps), 'gap')} outside what is allowed"
    )
    summary = f"{report.policy}: {counted(len(report.chains), 'chain')}, {counted(attempts, 'attempt')}, {inside}"
    return Verdict(NAME, value, findings, summary, report)
