"""Outcome: the client says success exactly where its last attempt was answered whole. And: how many attempts it made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, TypeAlias

from windtunnel.verdicts._misreports import misreported
from windtunnel.verdicts._requests import Matched, Pair, Request, match, message_calls, requests
from windtunnel.verdicts.claims import Claim, Claims
from windtunnel.verdicts.failures import answer
from windtunnel.verdicts.sent import Sent
from windtunnel.verdicts.units import counted
from windtunnel.verdicts.verdict import Finding, Verdict, value_of
from windtunnel_server.journal import Entry

Expected: TypeAlias = Literal["success", "error", "honest"]

NAME: Final = "outcome"
ATTEMPTS: Final = "attempts"
#: Stop reasons after which a client may well say that it got no answer, although it got all of one.
_SHORT: Final = ("refusal", "max_tokens", "model_context_window_exceeded")
_CHECK_ADDRESS: Final = "check that the client reads its address and key from the environment it was started with"


def judge(entries: Iterable[Entry], claims: Claims | None, expected: Expected, *, finished: bool) -> Verdict:
    """Hold the outcome the client claims against the wire; "success" and "error" require that one as well.

    With claims about single calls, each is held against its own request: "success" wants every call to succeed,
    "error" at least one to fail. With one about the run only, every request must have been answered whole in the end
    for a success, and one must not have been for an error. A client that never asked fails.
    """
    calls = message_calls(entries)
    if not calls:
        return _never_called(NAME, finished=finished)
    if any(call.ended is None for call in calls):
        return _one(NAME, "a call is still under way", "no end", "an end", "ask for the verdict when the run is over")
    if claims is None or (claims.calls is None and claims.outcome is None):
        seen = "no claims" if claims is None else "no outcome in them"
        advice = 'report {"outcome": "success"} or "error" in the file named by WINDTUNNEL_CLAIMS'
        return _one(NAME, "the client does not say how it ended", seen, "an outcome", advice)
    findings = [*_by_call(calls, claims, finished=finished), *_of_run(calls, claims), *_required(claims, expected)]
    summary = f"{counted(len(requests(calls)), 'request')}, {counted(len(calls), 'attempt')}; expected: {expected}"
    return Verdict(NAME, value_of(findings), tuple(findings), summary)


def attempts(entries: Iterable[Entry], expected: int | range) -> Verdict:
    """Hold the number of attempts of each request against `expected`; with several requests each must match.

    Counted are calls for messages, those turned away at the door too; calls for tokens, models or counts are not.
    """
    calls = message_calls(entries)
    allowed = range(expected, expected + 1) if isinstance(expected, int) else expected
    if not calls:
        return Verdict(ATTEMPTS, "pass", (), "no attempts") if 0 in allowed else _never_called(ATTEMPTS, finished=True)
    found = requests(calls)
    findings = [_miscounted(one, allowed) for one in found if len(one.attempts) not in allowed]
    if not findings and any(not one.certain for one in found):
        findings = [_apart(found)]
    summary = f"{counted(len(found), 'request')}, {counted(len(calls), 'attempt')}; expected: {_range(allowed)} each"
    return Verdict(ATTEMPTS, value_of(findings), tuple(findings), summary)


def _never_called(name: str, *, finished: bool) -> Verdict:
    title = "never called" if finished else "not called yet"
    finding = Finding(
        (), title, "no call for a message", "at least one", _CHECK_ADDRESS, "fail" if finished else "unknown"
    )
    return Verdict(name, value_of([finding]), (finding,), title)


def _one(name: str, title: str, seen: str, allowed: str, advice: str) -> Verdict:
    return Verdict(name, "unknown", (Finding((), title, seen, allowed, advice, "unknown"),), title)


# --- call by call ------------------------------------------------------------------------------------------------


def _by_call(calls: list[Entry], claims: Claims, *, finished: bool) -> Iterator[Finding]:
    if claims.calls is None:
        return
    matched = match(calls, claims.calls)
    for pair in matched.pairs:
        yield from _pair(pair)
    yield from _rest(matched, finished=finished)


def _pair(pair: Pair) -> Iterator[Finding]:
    claim, request = pair.claim, pair.request
    if request is None:
        if claim.outcome == "success":
            yield Finding((), "a success that nobody gave", "no call it could be about", "an answer", _CHECK_ADDRESS)
        return
    last, sent = request.attempts[-1], request.readings[-1]
    sure = request.certain or pair.by == "message id"
    if sent.unknown:
        yield Finding(request.numbers, "cannot be read", sent.unknown, "an answer that can be read", "none", "unknown")
    elif claim.outcome == "success":
        yield from _success(claim, request, sure=sure)
    else:
        yield from _error(claim, request, last, sent, sure=sure)


def _success(claim: Claim, request: Request, *, sure: bool) -> Iterator[Finding]:
    named = [
        place for place, sent in enumerate(request.readings) if claim.message_id and sent.message_id == claim.message_id
    ]
    place = named[-1] if named else -1
    attempt, sent = request.attempts[place], request.readings[place]
    if not sent.whole:
        yield Finding(
            (attempt.number,),
            "success without a whole answer",
            _met(attempt, sent),
            "an error, or another attempt",
            "report an error where the last attempt has failed, or its stream ended before the stop reason",
            "fail" if sure else "unknown",
        )
        return
    for doubt in sent.doubts:
        yield Finding(
            (attempt.number,),
            "a doubtful answer was taken",
            doubt,
            "either outcome",
            "nothing, if it was meant so",
            "note",
        )


def _error(claim: Claim, request: Request, last: Entry, sent: Sent, *, sure: bool) -> Iterator[Finding]:
    if sent.whole:
        yield _error_on_whole(last, sent, sure=sure)
        return
    wrong = [misreported(claim, *met) for met in zip(request.attempts, request.readings, strict=True)]
    if wrong[-1] is None:
        return
    earlier = None in wrong
    yield Finding(
        (last.number,),
        "an earlier failure was reported" if earlier else "another failure was reported",
        wrong[-1],
        _met(last, sent),
        "report the failure that ended the request",
        "note" if earlier else "fail" if sure else "unknown",
    )


def _error_on_whole(last: Entry, sent: Sent, *, sure: bool) -> Finding:
    doubt = next(iter(sent.doubts), None) or (f"stop reason {sent.stop_reason}" if sent.stop_reason in _SHORT else None)
    if doubt is not None:
        return Finding(
            (last.number,),
            "a doubtful answer was refused",
            doubt,
            "either outcome",
            "nothing, if it was meant so",
            "note",
        )
    return Finding(
        (last.number,),
        "an error although the answer was whole",
        f"{_met(last, sent)}, stop reason {sent.stop_reason}",
        "success",
        "look for the error in what the client does with the answer",
        "fail" if sure and sent.surely_read else "unknown",
    )


def _met(attempt: Entry, sent: Sent) -> str:
    if attempt.status is None or attempt.status >= 400:
        return answer(attempt)
    return answer(attempt) if sent.whole else f"{answer(attempt)}: {sent.ending}"


def _rest(matched: Matched, *, finished: bool) -> Iterator[Finding]:
    claims, left = matched.open_claims, matched.open_requests
    numbers = tuple(number for request in left for number in request.numbers)
    if claims:
        yield from _in_sum(claims, left, numbers)
    elif left:
        advice = "report every call" if finished else "ask for the verdict when the client is done"
        seen = f"{counted(len(left), 'request')} without a claim"
        yield Finding(numbers, "not every request is reported", seen, "a claim for each", advice, "unknown")


def _in_sum(claims: Sequence[Claim], left: Sequence[Request], numbers: tuple[int, ...]) -> Iterator[Finding]:
    """Which is which cannot be told, but there cannot be more successes than whole answers."""
    successes = sum(claim.outcome == "success" for claim in claims)
    whole = sum(sent.whole for request in left for sent in request.readings)
    if successes > whole:
        yield Finding(
            numbers,
            "more successes than whole answers",
            f"{successes} claimed",
            f"{whole} at most",
            "report an error where the last attempt has failed, or its stream ended before the stop reason",
        )
        return
    seen = f"{counted(len(claims), 'claim')} for {counted(len(left), 'request')}"
    advice = "report message_id, or asked_at and ended_at, with each call"
    yield Finding(numbers, "it cannot be told which claim is about which call", seen, "one each", advice, "unknown")


# --- the run as a whole ------------------------------------------------------------------------------------------


def _of_run(calls: list[Entry], claims: Claims) -> Iterator[Finding]:
    if claims.outcome is None or claims.calls:
        return
    found = requests(calls)
    if unread := [one for one in found if one.readings[-1].unknown]:
        reason = unread[0].readings[-1].unknown
        yield Finding(unread[0].numbers, "cannot be read", reason, "an answer that can be read", "none", "unknown")
        return
    broken = [one for one in found if not one.readings[-1].whole]
    if claims.outcome == "success":
        yield from (_run_success(one, found) for one in broken)
    elif not broken:
        yield from _run_error(found)


def _run_success(one: Request, found: Sequence[Request]) -> Finding:
    last, sent = one.attempts[-1], one.readings[-1]
    gone_on = [other for other in found if _goes_on(one, other, found)]
    if gone_on:
        return Finding(
            one.numbers,
            "the client went on with another request",
            _met(last, sent),
            "a whole answer in the end",
            "nothing: another request was answered whole behind it",
            "note",
        )
    return Finding(
        (last.number,),
        "success although a request came to nothing",
        _met(last, sent),
        "an error, or another attempt",
        "end with an error (a command: an exit code other than 0) where a request has failed for good",
        "fail" if one.certain else "unknown",
    )


def _goes_on(one: Request, other: Request, found: Sequence[Request]) -> bool:
    """Say whether the client asked for something else instead (compacted, another model) and got it."""
    mine = [request for request in found if request.attempts[0].sender == one.attempts[-1].sender]
    alone = all(
        request.ends_at <= one.begins_at or request.begins_at >= one.ends_at for request in mine if request is not one
    )
    return alone and other in mine and other.begins_at >= one.ends_at and other.readings[-1].whole


def _run_error(found: Sequence[Request]) -> Iterator[Finding]:
    doubtful = [one for one in found if one.readings[-1].doubts or one.readings[-1].stop_reason in _SHORT]
    last = (doubtful or found)[-1]
    yield _error_on_whole(last.attempts[-1], last.readings[-1], sure=all(one.certain for one in found))


def _required(claims: Claims, expected: Expected) -> Iterator[Finding]:
    if expected == "honest":
        return
    said = [claims.outcome] if claims.outcome is not None else [claim.outcome for claim in claims.calls or ()]
    met = "error" in said if expected == "error" else bool(said) and "error" not in said
    if not met:
        yield Finding(
            (),
            f"{expected} was expected",
            f"{counted(said.count('error'), 'error')} and {counted(said.count('success'), 'success')} claimed",
            "no error" if expected == "success" else "at least one error",
            "look at the other findings, or change what is expected",
        )


# --- attempts ----------------------------------------------------------------------------------------------------


def _miscounted(one: Request, allowed: range) -> Finding:
    few = len(one.attempts) < allowed.start
    return Finding(
        one.numbers,
        "too few attempts" if few else "too many attempts",
        f"{counted(len(one.attempts), 'attempt')}, the last: {answer(one.attempts[-1])}",
        _range(allowed),
        "raise the number of retries" if few else "lower the number of retries, or retry only what may pass",
        "fail" if one.certain else "unknown",
    )


def _apart(found: Sequence[Request]) -> Finding:
    numbers = tuple(number for one in found if not one.certain for number in one.numbers)
    advice = "run the client in process, or give each call an idempotency-key header of its own"
    seen = "the same request was under way more than once"
    return Finding(
        numbers, "it cannot be told which attempts belong together", seen, "one chain each", advice, "unknown"
    )


def _range(allowed: range) -> str:
    last = allowed.stop - 1
    if last == allowed.start:
        return str(last)
    # A range without an end has one that nothing reaches.
    return f"{allowed.start} or more" if last > 2**31 else f"{allowed.start} to {last}"
