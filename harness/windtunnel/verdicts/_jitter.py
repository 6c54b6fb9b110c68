"""Jitter: does chance shape the waits as the policy says, seen over many of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from windtunnel.policies import Policy
from windtunnel.verdicts._statistics import distance, ks_p_value
from windtunnel.verdicts._waits import COARSEST, FALSE_ALARM, Wait, Why, but, listed, split, too_few
from windtunnel.verdicts.account import REAL, Report, Tolerance
from windtunnel.verdicts.units import counted, duration
from windtunnel.verdicts.verdict import Finding, Verdict

NAME = "jitter"
#: Fewer waits than this cannot convict: a client without jitter is 0.5 or more from an even spread, and with 20 waits
#: the chance of that is 0.00004, with 18 it is above FALSE_ALARM.
FEWEST_WAITS = 20


def jitter(
    reports: Report | Iterable[Report],
    policy: Policy,
    *,
    tolerance: Tolerance = REAL,
    false_alarm: float = FALSE_ALARM,
) -> Verdict:
    """Judge whether chance shapes the waits as the policy says, by a one-sample Kolmogorov-Smirnov test.

    Each wait counts as its place in its envelope, 0 to 1; with the declared jitter, places are independent and spread
    evenly. Fails where the distance D between them and an even spread has a chance p below `false_alarm`. Where the
    policy has no jitter, every wait must be exact. Fewer than 20 waits: unknown.

    `tolerance` is that of the clock the reports were made on. What it leaves open never counts against the client,
    and where it is more than a tenth of an envelope that wait is left out: judge short waits on the virtual clock.
    """
    waits, left_out = split(listed(reports, policy), tolerance, coarsest=COARSEST if policy.jitter.present else None)
    if not policy.jitter.present:
        return _exact(waits, policy, left_out)
    if len(waits) < FEWEST_WAITS:
        return too_few(NAME, policy, f"{counted(len(waits), 'wait')}{but(left_out)}", f"{FEWEST_WAITS} waits")
    lows = [(wait.gap_s - tolerance.late_s - wait.envelope.low_s) / wait.width_s for wait in waits]
    highs = [(wait.gap_s + tolerance.early_s - wait.envelope.low_s) / wait.width_s for wait in waits]
    far = distance(lows, highs)
    p = ks_p_value(far, len(waits))
    figures = f"n = {len(waits)}, D = {far:.3f}, p = {p:.2g}"
    summary = f"{policy.name}: {policy.jitter}, {figures}{but(left_out)}"
    if p >= false_alarm:
        return Verdict(NAME, "pass", (), summary)
    return Verdict(NAME, "fail", (_misshapen(lows, highs, policy, figures, false_alarm),), summary)


def _exact(waits: list[Wait], policy: Policy, left_out: Counter[Why]) -> Verdict:
    if not waits:
        return too_few(NAME, policy, f"no wait{but(left_out)}", "1 wait")
    off = [wait for wait in waits if wait.row.mark != "ok"]
    summary = f"{policy.name}: no jitter, {len(off) or 'none'} of {counted(len(waits), 'wait')} not exact"
    if not off:
        return Verdict(NAME, "pass", (), summary)
    worst = max(off, key=lambda wait: abs(wait.gap_s - wait.envelope.low_s))
    finding = Finding(
        (),
        "waits that should be exact are not",
        f"{len(off)} of {counted(len(waits), 'wait')}, one of them {duration(worst.gap_s)}",
        f"{duration(worst.envelope.low_s)} exactly ({worst.envelope.why})",
        "declare the jitter that the client has, or see what delays its attempts",
    )
    return Verdict(NAME, "fail", (finding,), summary)


def _misshapen(lows: list[float], highs: list[float], policy: Policy, figures: str, false_alarm: float) -> Finding:
    places = [(low + high) / 2 for low, high in zip(lows, highs, strict=True)]
    allowed = f"an even spread over the envelope ({policy.jitter}); p of {false_alarm:g} or more"
    if max(lows) <= min(highs):
        seen = f"every wait is at {places[0]:.0%} of its envelope; {figures}"
        return Finding((), "no jitter", seen, allowed, "draw a random number for every wait")
    quarters = Counter(min(max(int(place * 4), 0), 3) for place in places)
    spread = ", ".join(str(quarters[quarter]) for quarter in range(4))
    seen = f"{spread} waits in the quarters of the envelope; {figures}"
    advice = "draw a random number for every wait, evenly over the whole range, and see that it is not drawn twice"
    return Finding((), "jitter of another shape", seen, allowed, advice)
