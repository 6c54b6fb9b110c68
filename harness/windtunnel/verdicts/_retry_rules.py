"""The rules by which one retry is judged; the first that applies decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from windtunnel.policies import Envelope, Policy
from windtunnel.verdicts.account import Mark, Tolerance
from windtunnel.verdicts.chains import Chain
from windtunnel.verdicts.failures import answer, asked_for_stream, at_the_door, failed, failure_of
from windtunnel.verdicts.units import counted, duration, span
from windtunnel.verdicts.verdict import Finding
from windtunnel_server.journal import Entry


@dataclass(frozen=True, slots=True)
class Bench:
    """What retries are held against."""

    policy: Policy
    tolerance: Tolerance


@dataclass(frozen=True, slots=True)
class Retry:
    """An attempt and the one before it in its chain."""

    chain: Chain
    before: Entry
    after: Entry
    #: 0 for the first retry.
    number: int
    #: Attempts the client made in between, by its own count, that are not in the journal.
    missing: int = 0
    counted: bool = False
    #: Attempts that were made at the stream it stands in for: each is a retry less.
    spent: int = 0

    @property
    def gap_s(self) -> float:
        return gap_s(self.before, self.after)


Ruling: TypeAlias = tuple[Mark, Envelope | None, Finding | None]


def rule_on(bench: Bench, retry: Retry) -> Ruling:
    """Judge one retry."""
    return next(ruling for rule in RULES if (ruling := rule(bench, retry)) is not None)


def _missing(bench: Bench, retry: Retry) -> Ruling | None:
    if retry.missing == 0:
        return None
    finding = Finding(
        (retry.before.number, retry.after.number),
        "attempts in between are not in the journal",
        f"the client's retry count went up by {retry.missing + 1}",
        "1",
        "see that every attempt reaches the server: no other address, no refused connection",
        "unknown",
    )
    return "unsure", None, finding


def _reauthenticated(bench: Bench, retry: Retry) -> Ruling | None:
    """A 401 answered with another credential is the auth verdict's business, not a retry after a wait."""
    if retry.before.status != 401 or bench.policy.should_retry(failure_of(retry.before)) or at_the_door(retry.after):
        return None
    old, new = _credential(retry.before), _credential(retry.after)
    if old != new:
        return "re-auth", None, None
    if not any(value.endswith("***") for value in old):
        return None
    finding = Finding(
        (retry.after.number,),
        "retried after a 401, perhaps with a new credential",
        "credentials too short to be told apart once they are masked",
        "a resend with a new credential only",
        "use keys and tokens of 16 characters or more in the test",
        "unknown",
    )
    return "unsure", None, finding


def _must_not(bench: Bench, retry: Retry) -> Ruling | None:
    failure = failure_of(retry.before)
    if bench.policy.should_retry(failure):
        return None
    seen = f"{answer(retry.before)} in attempt {retry.before.number}, and another attempt {duration(retry.gap_s)} later"
    if failure.succeeded and asked_for_stream(retry.before) and failed(retry.before):
        finding = Finding(
            (retry.after.number,),
            "asked again after a stream had begun",
            seen,
            "no retry by the client's retry rules once a stream's head said 2xx",
            "see that what had already been handed on is dropped or continued, not doubled",
            "fail" if retry.counted else "note",
        )
        return "not allowed" if retry.counted else "again", None, finding
    waits_too_long = bench.policy.ended_by_hint(failure)
    allowed = f"no further attempt: {bench.policy.why_final(failure)}"
    return (
        "not allowed",
        None,
        Finding((retry.after.number,), _FORBIDDEN[waits_too_long][0], seen, allowed, _FORBIDDEN[waits_too_long][1]),
    )


#: Whether a hint beyond the client's patience forbade it → title, advice.
_FORBIDDEN = {
    False: (
        "retried what must not be retried",
        "hand the answer to the caller; the same request can only get the same answer",
    ),
    True: (
        "retried although the server asked for a longer wait than the client takes",
        "hand the answer to the caller, with the time the server asked for",
    ),
}


def _too_many(bench: Bench, retry: Retry) -> Ruling | None:
    limit = bench.policy.max_retries
    if retry.number + retry.spent < limit:
        return None
    if retry.spent:
        return "not allowed", None, _too_many_after_a_stream(retry, limit)
    finding = Finding(
        (retry.after.number,),
        "too many attempts",
        f"retry {retry.number + 1} of one request",
        counted(limit, "retry"),
        f"lower the client's number of retries; if it is meant, judge with max_retries={retry.number + 1}",
    )
    return "not allowed", None, finding


def _too_many_after_a_stream(retry: Retry, limit: int) -> Finding:
    return Finding(
        (retry.after.number,),
        "too many attempts",
        f"retry {retry.number + 1}, after {counted(retry.spent, 'attempt')} at the stream that it stands in for",
        f"{counted(limit, 'retry')} for both",
        "count the retries of a call, and not of each request it makes",
    )


def _gap(bench: Bench, retry: Retry) -> Ruling:
    envelope = bench.policy.envelope(failure_of(retry.before), retry.number)
    mark = bench.tolerance.mark(retry.gap_s, envelope)
    if mark == "unsure":
        return mark, envelope, _cannot_measure(retry, envelope)
    if mark == "ok" and not retry.chain.certain:
        mark = _with_rivals(bench, retry)
    return mark, envelope, None if mark == "ok" else _outside(retry, envelope, mark)


def _with_rivals(bench: Bench, retry: Retry) -> Mark:
    """Say ok only where the wait is right whichever of the failures this attempt was the answer to."""
    for rival in retry.chain.rivals.get(retry.after.number, ()):
        envelope = bench.policy.envelope(failure_of(rival), retry.number)
        mark = bench.tolerance.mark(gap_s(rival, retry.after), envelope)
        if mark != "ok":
            return mark
    return "ok"


RULES: tuple[Callable[[Bench, Retry], Ruling | None], ...] = (
    _missing,
    _reauthenticated,
    _must_not,
    _too_many,
    _gap,
)


def gap_s(before: Entry, after: Entry) -> float:
    """Return the wait between two attempts in seconds; not a number while the first is under way."""
    return float("nan") if before.ended_at is None else after.arrived_at - before.ended_at


def _outside(retry: Retry, envelope: Envelope, mark: Mark) -> Finding:
    gap = retry.gap_s
    off = envelope.low_s - gap if mark == "early" else gap - envelope.high_s
    word = "too briefly" if mark == "early" else "too long"
    return Finding(
        (retry.after.number,),
        f"waited {word}" if envelope.source == "backoff" else f"retry-after not honoured, waited {word}",
        f"{duration(gap)} after attempt {retry.before.number} ({answer(retry.before)}), {duration(off)} {word}",
        f"{span(envelope.low_s, envelope.high_s)} ({envelope.why})",
        _ADVICE[envelope.source == "retry-after", mark == "early"],
    )


#: (a hint was given, early) → what to do.
_ADVICE = {
    (True, True): "wait for as long as the server asks, from the end of its answer",
    (True, False): "start again when the server says; see whether the client adds a backoff of its own to the hint",
    (False, True): "see that the delay grows with the retry number and is slept before the attempt, not after it",
    (False, False): "see whether the delay is capped, and whether the client does other work before it tries again",
}


def _cannot_measure(retry: Retry, envelope: Envelope) -> Finding:
    under_way = retry.before.ended_at is None
    return Finding(
        (retry.before.number, retry.after.number),
        "the gap cannot be measured",
        f"attempt {retry.before.number} is still under way" if under_way else envelope.why,
        "a failure whose end and hint can be dated",
        "ask for the verdict when the server is done" if under_way else "script the answer with a date header",
        "unknown",
    )


def _credential(entry: Entry) -> tuple[str, ...]:
    return tuple(entry.header(name) or "" for name in ("authorization", "x-api-key", "api-key"))
