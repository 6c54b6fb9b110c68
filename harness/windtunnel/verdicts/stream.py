"""Stream: what the client handed on equals what was sent, and no broken answer is passed off as a whole one.

A message is whole once its stop reason is known: that comes in message_delta, behind all content and with the final
counts, and message_stop adds nothing to it. So a stream that ends properly without message_stop may be taken
(claude-code.md 1 and 2 does) or refused (the TypeScript helper does, wire.md 4.5): a note, and no failure. One
that ends before message_delta is broken, though the Python SDK raises nothing there (peers.md 0.7).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from windtunnel.verdicts._handed_on import (
    Difference,
    Weight,
    earlier_texts,
    partial_differs,
    text_differs,
    tools_differ,
)
from windtunnel.verdicts._requests import Matched, Pair, Request, match, message_calls
from windtunnel.verdicts.claims import Claim, Claims
from windtunnel.verdicts.failures import answer
from windtunnel.verdicts.sent import CUT_BEHIND, NO_JSON, NO_STOP, Sent
from windtunnel.verdicts.units import counted
from windtunnel.verdicts.verdict import Finding, Verdict, value_of
from windtunnel_server.journal import Entry

NAME: Final = "stream"
_TEXTS: Final = ("text", "thinking")
#: Fields that are handed on as they are.
_FIELDS: Final = ("stop_reason", "message_id", "model")
#: Doubts that leave none about what was in the answer.
_END_ONLY: Final = (NO_STOP, CUT_BEHIND, NO_JSON)


def judge(entries: Iterable[Entry], claims: Claims | None, *, finished: bool) -> Verdict:
    """Hold what the client says it handed on against what left the server, request by request.

    Without claims about single requests, or where they cannot be told apart: unknown.
    """
    calls = message_calls(entries)
    if not calls:
        return _unknown("no call asked for a message", "0 calls for a message", "let the client ask for a message")
    if claims is None or claims.calls is None:
        return _unknown(
            "the client does not say what it handed on",
            "no claims" if claims is None else f"claims about the run as a whole ({claims.source})",
            "report `calls`, each with outcome, text, tool_uses and message_id, in the file named by WINDTUNNEL_CLAIMS",
        )
    matched = match(calls, claims.calls)
    findings = [one for pair in matched.pairs for one in _pair(pair)]
    findings += _open(matched, finished=finished)
    summary = f"{counted(len(matched.pairs), 'claim')} held against {counted(len(calls), 'attempt')}"
    return Verdict(NAME, value_of(findings), tuple(findings), summary)


def _unknown(title: str, seen: str, advice: str) -> Verdict:
    finding = Finding((), title, seen, "claims and calls to compare", advice, "unknown")
    return Verdict(NAME, "unknown", (finding,), title)


def _pair(pair: Pair) -> Iterator[Finding]:
    claim, request = pair.claim, pair.request
    if request is None:
        yield from _from_nowhere(claim)
        return
    if (unread := next((sent.unknown for sent in request.readings if sent.unknown), "")) != "":
        yield Finding(request.numbers, "cannot be read", unread, "an answer that can be read", "none", "unknown")
        return
    if request.under_way:
        yield Finding(
            request.numbers,
            "still under way",
            "an attempt has not ended",
            "an end",
            "ask when the run is over",
            "unknown",
        )
        return
    found = list(_success(claim, request) if claim.outcome == "success" else _failure(claim, request))
    yield from (_weighed(one, pair, request) for one in found)


def _from_nowhere(claim: Claim) -> Iterator[Finding]:
    if claim.text or claim.thinking or claim.tool_uses:
        yield Finding(
            (),
            "handed on what nobody sent",
            "a claim with content, and no call it could be about",
            "what the journal has",
            "look for a cache or a second address in the client, or for a call reported twice",
        )


# --- a request that went well, says the client -------------------------------------------------------------------


def _success(claim: Claim, request: Request) -> Iterator[Finding]:
    place = _answering(claim, request)
    attempt, sent = request.attempts[place], request.readings[place]
    numbers = (attempt.number,)
    if not sent.whole:
        broken = "failed" if sent.error or attempt.status is None or attempt.status >= 400 else "broke off"
        yield Finding(
            numbers,
            "a failed answer was passed off as a whole one"
            if broken == "failed"
            else "a cut answer was passed off as a whole one",
            _ending(attempt, sent),
            "success where message_stop came, or message_delta with a stop reason",
            "raise, or ask again, when a stream ends before its stop reason is known",
        )
        return
    said = _said(claim)
    if not said:
        yield Finding(
            numbers,
            "nothing is said about what was handed on",
            "neither text, thinking nor tool_uses",
            "at least the text",
            "report text and tool_uses with every call",
            "unknown",
        )
        return
    if not sent.empty and not any((claim.text, claim.thinking, claim.tool_uses)) and not _discarded(sent):
        yield Finding(
            numbers,
            "all of the answer lost",
            "nothing handed on, and no error",
            f"{len(sent.text)} characters of text, {counted(len(sent.tool_uses), 'tool call')}",
            "raise where an answer holds nothing that you can read",
        )
        return
    yield from _doubts(numbers, sent)
    before = request.readings[:place]
    yield from (_finding(numbers, one) for one in _differences(claim, sent, before, same=request.same))


def _answering(claim: Claim, request: Request) -> int:
    """Return the place of the attempt that was handed on: the one with the claimed id, else the last."""
    ids = [sent.message_id for sent in request.readings]
    named = [place for place, id in enumerate(ids) if id is not None and id == claim.message_id]
    return named[-1] if named else len(ids) - 1


def _ending(attempt: Entry, sent: Sent) -> str:
    lost = f" ({sent.doubts[0]})" if sent.doubts and sent.error is None else ""
    return f"{answer(attempt)}: {sent.ending}{lost}" if attempt.status is not None else answer(attempt)


def _said(claim: Claim) -> list[str]:
    return [name for name in (*_TEXTS, "tool_uses") if getattr(claim, name) is not None]


def _discarded(sent: Sent) -> bool:
    # What came before a refusal is to be thrown away (wire.md 10).
    return sent.stop_reason == "refusal"


def _doubts(numbers: tuple[int, ...], sent: Sent) -> Iterator[Finding]:
    for doubt in sent.doubts:
        yield Finding(
            numbers,
            "a doubtful answer was taken",
            doubt,
            "to take it or to refuse it",
            "nothing, if it was meant so: the message came whole",
            "note",
        )


def _differences(claim: Claim, sent: Sent, before: tuple[Sent, ...], *, same: bool) -> Iterator[Difference]:
    """Yield what is not as it was sent, as unknown where the answer can be read, or was asked for, in another way."""
    reasons = [doubt for doubt in sent.doubts if doubt not in _END_ONLY]
    reasons += [] if same else ["the attempts asked for different things, and may go on from one another"]
    for found in _all_differences(claim, sent, before):
        doubtful = reasons and found.weight == "fail"
        yield replace(found, weight="unknown", seen=f"{found.seen}; but {reasons[0]}") if doubtful else found


def _all_differences(claim: Claim, sent: Sent, before: tuple[Sent, ...]) -> Iterator[Difference]:
    for kind in _TEXTS:
        said, had = getattr(claim, kind), getattr(sent, kind)
        if said is None:
            if had:
                yield _unsaid(kind, "unknown" if kind == "text" else "note")
        elif not (said == "" and _discarded(sent)):
            found = text_differs(kind, said, had, earlier_texts(before, kind))
            if found is not None:
                yield found
    if claim.tool_uses is None:
        if sent.tool_uses:
            yield _unsaid("tool_uses", "unknown")
    elif not (not claim.tool_uses and _discarded(sent)):
        found = tools_differ(claim.tool_uses, sent.tool_uses, whole=True)
        if found is not None:
            yield found
    for name in _FIELDS:
        said, had = getattr(claim, name), getattr(sent, name)
        if said is not None and said != had:
            yield Difference(f"{name} altered", repr(said), repr(had), f"hand on the {name} that the answer has")


def _unsaid(kind: str, weight: Weight) -> Difference:
    return Difference(
        f"{kind} not reported",
        "nothing",
        f"the {kind} that was sent",
        f"report {kind} with the call",
        weight,
    )


# --- a request that failed, says the client ----------------------------------------------------------------------


def _failure(claim: Claim, request: Request) -> Iterator[Finding]:
    """What was handed on before the failure may be all that came, the beginning of it, or nothing."""
    for kind in _TEXTS:
        said = getattr(claim, kind)
        if said is None and kind == "text" and any(sent.text for sent in request.readings):
            yield _finding(request.numbers, _unsaid(kind, "unknown"))
        parts = [(getattr(sent, kind), getattr(sent, f"{kind}_stops")) for sent in request.readings]
        sure = all(sent.surely_read for sent in request.readings)
        found = partial_differs(kind, said, parts, sure=sure) if said else None
        if found is not None:
            yield _finding(request.numbers, found)
    if claim.tool_uses:
        tries = [tools_differ(claim.tool_uses, sent.tool_uses, whole=sent.whole) for sent in request.readings]
        if None not in tries and (worst := tries[-1]) is not None:
            yield _finding(request.numbers, worst)


# --- what could not be told apart --------------------------------------------------------------------------------


def _open(matched: Matched, *, finished: bool) -> Iterator[Finding]:
    if matched.open_claims:
        yield Finding(
            tuple(number for request in matched.open_requests for number in request.numbers),
            "it cannot be told which claim is about which call",
            f"{counted(len(matched.open_claims), 'claim')} for {counted(len(matched.open_requests), 'request')}",
            "claims that can be told apart",
            "report message_id, or asked_at and ended_at, with each call",
            "unknown",
        )
        return
    for request in matched.open_requests:
        yield Finding(
            request.numbers,
            "nothing is said about this request",
            "no claim",
            "a claim for each request",
            "report every call, also those that failed" if finished else "ask for the verdict when the client is done",
            "unknown",
        )


def _finding(numbers: tuple[int, ...], found: Difference) -> Finding:
    return Finding(numbers, found.what, found.seen, found.allowed, found.advice, found.weight)


def _weighed(finding: Finding, pair: Pair, request: Request) -> Finding:
    """Nothing is proved where the attempts may belong to another claim."""
    if finding.weight != "fail" or pair.by == "message id" or request.certain:
        return finding
    seen = f"{finding.seen}; the attempts may belong to other requests"
    return replace(finding, seen=seen, advice=f"report message_id with each call; {finding.advice}", weight="unknown")
