"""The waits that a judgment over many of them may look at, and those that it may not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from windtunnel.policies import Envelope, Policy
from windtunnel.verdicts.account import AttemptAccount, ChainAccount, Report, Tolerance
from windtunnel.verdicts.units import counted
from windtunnel.verdicts.verdict import Finding, Verdict

#: How often a client that does as its policy says may fail: once in ten thousand verdicts.
FALSE_ALARM = 0.0001
#: What the clock leaves open about a wait may be at most this part of its envelope. Our choice.
COARSEST = 0.1

#: Why a wait is left out.
Why: TypeAlias = Literal["followed a hint", "in uncertain chains", "too short for this clock"]


@dataclass(frozen=True, slots=True)
class Wait:
    """One wait of backoff: how long, out of which envelope, and whose."""

    row: AttemptAccount
    envelope: Envelope
    gap_s: float
    chain: int
    report: int

    @property
    def width_s(self) -> float:
        return self.envelope.high_s - self.envelope.low_s

    @property
    def failed_at_s(self) -> float:
        return self.row.at_s - self.gap_s


def listed(reports: Report | Iterable[Report], policy: Policy) -> list[Report]:
    found = [reports] if isinstance(reports, Report) else list(reports)
    other = next((report.policy for report in found if report.policy != policy.name), None)
    if other is not None:
        raise ValueError(f"a report was made by the policy {other}, not {policy.name}; judge backoff by the same first")
    return found


def split(reports: list[Report], tolerance: Tolerance, *, coarsest: float | None) -> tuple[list[Wait], Counter[Why]]:
    """Return the waits that can be looked at, and how many of the others cannot, by reason."""
    waits: list[Wait] = []
    left_out: Counter[Why] = Counter()
    for number, report in enumerate(reports):
        for place, account in enumerate(report.chains):
            for wait, why in _waits(account, place, number):
                blur = tolerance.early_s + tolerance.late_s
                if why is None and coarsest is not None and blur >= coarsest * wait.width_s:
                    why = "too short for this clock"
                if why is None:
                    waits.append(wait)
                else:
                    left_out[why] += 1
    return waits, left_out


def _waits(account: ChainAccount, chain: int, report: int) -> Iterator[tuple[Wait, Why | None]]:
    proved = len(account.attempts) if account.chain.certain else account.chain.proved
    for place, row in enumerate(account.attempts):
        if row.mark not in ("ok", "early", "late") or row.gap_s is None or row.envelope is None:
            continue
        wait = Wait(row, row.envelope, row.gap_s, chain, report)
        hinted = row.envelope.source != "backoff" and not row.envelope.by_chance
        yield wait, "followed a hint" if hinted else None if place < proved else "in uncertain chains"


def but(left_out: Counter[Why]) -> str:
    return "".join(f"; {number} left out: {why}" for why, number in sorted(left_out.items()))


def too_few(name: str, policy: Policy, seen: str, needed: str, notes: tuple[Finding, ...] = ()) -> Verdict:
    finding = Finding(
        (),
        "too few to judge",
        seen,
        f"at least {needed}",
        "run more calls, more clients or more seeds, without hints, on the virtual clock",
        "unknown",
    )
    return Verdict(name, "unknown", (finding, *notes), f"{policy.name}: {seen}")


def hinted(left_out: Counter[Why]) -> tuple[Finding, ...]:
    number = left_out["followed a hint"]
    if not number:
        return ()
    finding = Finding(
        (),
        "after the same hint clients come back together, by construction",
        f"{counted(number, 'retry')} after a hint",
        "not judged",
        "let the server spread its hints, or have the client add jitter to them",
        "note",
    )
    return (finding,)
