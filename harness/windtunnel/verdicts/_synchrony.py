"""Synchrony: do requests that failed together come back spread out, or as a herd."""

from __future__ import annotations

from collections.abc import Iterable

from windtunnel.policies import Policy
from windtunnel.verdicts._statistics import crowding, crowding_p_value
from windtunnel.verdicts._waits import COARSEST, FALSE_ALARM, Wait, but, hinted, listed, split, too_few
from windtunnel.verdicts.account import REAL, Report, Tolerance
from windtunnel.verdicts.units import counted, duration
from windtunnel.verdicts.verdict import Finding, Verdict

NAME = "synchrony"
#: The part of the envelope that is looked for crowds. Our choice: a tenth gets a tenth of those who wait by themselves.
WINDOW = 0.1
#: Failures this close together count as one that all of them met. Our choice.
TOGETHER_S = 1.0


def synchrony(
    reports: Report | Iterable[Report],
    policy: Policy,
    *,
    tolerance: Tolerance = REAL,
    within_s: float = TOGETHER_S,
    false_alarm: float = FALSE_ALARM,
) -> Verdict:
    """Judge whether requests that failed together come back spread out, or as a herd.

    Looked at are groups of chains that failed within `within_s` seconds of each other and have the same envelope
    before them. The fullest window of a tenth of the envelope is held against what independent waits, spread evenly
    over the envelope, would put there. The chance of so many is at most n · P(Binomial(n - 1, 1/10) ≥ k - 1) for k
    arrivals of n, whenever each of them failed; it is multiplied by the number of groups, and below `false_alarm` the
    verdict is fail.

    Assumes that the waits are of the declared width (`jitter` judges that) and that each request draws its own. Not
    seen are herds by construction, behind a hint that chance does not lengthen or by a policy without jitter, and a
    crowd that is only somewhat denser than it should be. Groups so small that even all at one instant would prove
    nothing are left out; none left: unknown.
    """
    found = listed(reports, policy)
    waits, left_out = split(found, tolerance, coarsest=COARSEST)
    notes = hinted(left_out)
    if not policy.jitter.present:
        return Verdict(NAME, "unknown", (_by_construction(policy), *notes), f"{policy.name}: no jitter to judge")
    groups = _convictable(_groups(waits, within_s), tolerance, false_alarm)
    if not groups:
        largest = max((len(group) for group in _groups(waits, within_s)), default=0)
        seen = f"at most {counted(largest, 'request')} failed within {duration(within_s)}{but(left_out)}"
        return too_few(NAME, policy, seen, "about 8 requests that fail together", notes)
    p, crowd, group = min((_crowd(group, tolerance, len(groups)) for group in groups), key=lambda found: found[:1])
    window = duration(WINDOW * group[0].width_s)
    summary = (
        f"{policy.name}: {counted(len(groups), 'group')}, at most {crowd} of {len(group)} arrivals in {window}, "
        f"p = {p:.2g}"
    )
    if p >= false_alarm:
        return Verdict(NAME, "pass", notes, summary)
    return Verdict(NAME, "fail", (_herd(group, crowd, p, len(found) == 1), *notes), summary)


def _groups(waits: list[Wait], within_s: float) -> list[list[Wait]]:
    """Group waits of one run with one envelope by their failures; a chain is in a group once."""
    groups: dict[tuple[int, float, float], list[list[Wait]]] = {}
    for wait in sorted(waits, key=lambda wait: wait.failed_at_s):
        alike = groups.setdefault((wait.report, wait.envelope.low_s, wait.envelope.high_s), [])
        if not alike or wait.failed_at_s - alike[-1][0].failed_at_s > within_s:
            alike.append([wait])
        elif all(wait.chain != other.chain for other in alike[-1]):
            alike[-1].append(wait)
    return [group for alike in groups.values() for group in alike]


def _convictable(groups: list[list[Wait]], tolerance: Tolerance, false_alarm: float) -> list[list[Wait]]:
    """Return as many of the largest groups as could each be convicted, if all of it came back at one instant."""
    ranked = sorted(groups, key=len, reverse=True)
    for number in range(len(ranked), 0, -1):
        weakest = max(_p_value(len(group), group, tolerance, number) for group in ranked[:number])
        if weakest < false_alarm:
            return ranked[:number]
    return []


def _p_value(crowd: int, group: list[Wait], tolerance: Tolerance, groups: int) -> float:
    share = WINDOW + (tolerance.early_s + tolerance.late_s) / group[0].width_s
    return min(1.0, groups * crowding_p_value(crowd, len(group), share))


def _crowd(group: list[Wait], tolerance: Tolerance, groups: int) -> tuple[float, int, list[Wait]]:
    crowd = crowding([wait.row.at_s for wait in group], WINDOW * group[0].width_s)
    return _p_value(crowd, group, tolerance, groups), crowd, group


def _herd(group: list[Wait], crowd: int, p: float, one_run: bool) -> Finding:
    width, failed = group[0].width_s, [wait.failed_at_s for wait in group]
    return Finding(
        tuple(wait.row.number for wait in group) if one_run else (),
        "clients come back in step",
        f"{crowd} of {len(group)} arrivals within {duration(WINDOW * width)}, after failures within "
        f"{duration(max(failed) - min(failed))}; p = {p:.2g}",
        f"independent waits over {duration(width)}: about {max(1.0, WINDOW * len(group)):.0f} in such a window",
        "give each client random numbers of its own: no shared seed, none drawn before a fork, none shared by requests",
    )


def _by_construction(policy: Policy) -> Finding:
    return Finding(
        (),
        "in step by construction",
        f"{policy.name} waits the same for everyone who failed at the same time",
        "a policy with jitter",
        "add jitter to the client, and judge it by a policy that has it",
        "unknown",
    )
