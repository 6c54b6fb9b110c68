"""The verdict "within": how long a client took for all that it was asked."""

from __future__ import annotations

from collections.abc import Iterable

from windtunnel.verdicts.account import REAL, Tolerance
from windtunnel.verdicts.failures import asks_the_api
from windtunnel.verdicts.units import duration
from windtunnel.verdicts.verdict import Finding, Verdict
from windtunnel_server.journal import Entry

NAME = "within"


def within(entries: Iterable[Entry], limit_s: float, *, tolerance: Tolerance = REAL, finished: bool = False) -> Verdict:
    """Say whether the last answer ended no later than `limit_s` after the first attempt came, in seconds."""
    calls = [entry for entry in entries if asks_the_api(entry)]
    if not calls:
        return Verdict(NAME, "unknown", (_no_call(limit_s),), "no call was made")
    first = min(entry.arrived_at for entry in calls)
    last = max(calls, key=lambda entry: entry.arrived_at if entry.ended_at is None else entry.ended_at)
    took_s = (last.arrived_at if last.ended_at is None else last.ended_at) - first
    summary = f"{duration(took_s)} from the first attempt to the last answer, {duration(limit_s)} allowed"
    if took_s > limit_s + tolerance.late_s:
        return Verdict(NAME, "fail", (_too_long(last, took_s, limit_s),), summary)
    if last.ended is None or not finished:
        return Verdict(NAME, "unknown", (_under_way(last, limit_s),), summary)
    return Verdict(NAME, "pass", (), summary)


def _too_long(last: Entry, took_s: float, limit_s: float) -> Finding:
    return Finding(
        (last.number,),
        "took too long",
        f"{duration(took_s)} until the end of attempt {last.number}",
        f"{duration(limit_s)} in all",
        "see the waits of the backoff verdict; a deadline for all attempts together keeps them in bounds",
    )


def _under_way(last: Entry, limit_s: float) -> Finding:
    return Finding(
        (last.number,),
        "the client may not be done",
        "the run was not at its end when it was judged",
        f"{duration(limit_s)} in all",
        "ask for the verdict when the client is done",
        "unknown",
    )


def _no_call(limit_s: float) -> Finding:
    return Finding(
        (),
        "nothing to judge",
        "no call",
        f"calls that are done within {duration(limit_s)}",
        "see that the client is pointed at the fake",
        "unknown",
    )
