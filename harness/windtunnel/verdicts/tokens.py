"""Tokens: what the client says it used equals what the answers reported, retries and broken answers included.

A client can only book what it has read: of a cut stream that is the last report of usage that left, though more may be
billed. Counts are tokens; the cost is in US dollars and compared to the micro-dollar.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any, Final, Literal

from windtunnel.verdicts import _token_causes as causes
from windtunnel.verdicts._requests import Matched, Request, match, message_calls
from windtunnel.verdicts._token_costs import billed_note, cost_finding
from windtunnel.verdicts._usage import PARTS, Counts, added, as_usage, counts
from windtunnel.verdicts.claims import Claims
from windtunnel.verdicts.sent import CUT_BEHIND, NO_STOP, Sent, read
from windtunnel.verdicts.units import counted
from windtunnel.verdicts.verdict import Finding, Verdict, value_of
from windtunnel_server.journal import Entry

NAME: Final = "tokens"
#: So many ways to have read doubtful answers are tried at most.
_MOST_READINGS: Final = 256


def judge(entries: Iterable[Entry], claims: Claims | None, *, finished: bool) -> Verdict:
    """Hold the counts the client claims against what the answers reported: call by call, else in total.

    What is not claimed is not judged; where nothing is claimed: unknown.
    """
    entries = list(entries)
    calls = message_calls(entries)
    if not calls:
        return _nothing("no call asked for a message", "let the client ask for a message")
    if claims is None or not (_counted(claims) or claims.calls):
        return _nothing("the client does not say what it used", "report usage, for the run or with each call")
    if (reason := _unreadable(calls, finished=finished)) is not None:
        return _nothing(reason, "ask for the verdict when the run is over")
    findings = list(_by_call(calls, claims))
    if value_of(findings) != "fail":
        findings += _batched(claims) if any(map(_makes_a_batch, entries)) else _in_total(calls, claims)
    findings += billed_note(calls)
    summary = f"{_shown(causes.true(map(read, calls)))} over {counted(len(calls), 'attempt')}"
    return Verdict(NAME, value_of(findings), tuple(findings), summary)


def _counted(claims: Claims) -> bool:
    calls = claims.calls or ()
    usages = [claims.usage, *(claim.usage for claim in calls)]
    return any(map(counts, usages)) or any(one is not None for one in (claims.cost_usd, *(c.cost_usd for c in calls)))


def _nothing(title: str, advice: str) -> Verdict:
    finding = Finding((), title, "nothing to compare", "counts from both sides", advice, "unknown")
    return Verdict(NAME, "unknown", (finding,), title)


def _unreadable(calls: Iterable[Entry], *, finished: bool) -> str | None:
    for call in calls:
        if call.ended is None:
            return f"attempt {call.number} is still under way"
        if reason := read(call).unknown:
            return f"attempt {call.number} cannot be read: {reason}"
    return None if finished else "the client may still be asking"


# --- call by call ------------------------------------------------------------------------------------------------


def _by_call(calls: list[Entry], claims: Claims) -> Iterator[Finding]:
    in_sum_only = counts(claims.usage) or claims.cost_usd is not None
    if in_sum_only and not any(counts(claim.usage) or claim.cost_usd for claim in claims.calls or ()):
        return
    if claims.calls is None:
        return
    matched = match(calls, claims.calls or ())
    for pair in matched.pairs:
        request = pair.request or Request((), certain=True)
        certain = request.certain or pair.by == "message id"
        yield from _one(request, pair.claim.usage, pair.claim.cost_usd, certain=certain)
    yield from _the_rest(matched)


def _the_rest(matched: Matched) -> Iterator[Finding]:
    """Claims and requests that could not be told apart are compared in sum; the counts of some are none of all."""
    open_claims = matched.open_claims
    if not matched.open_requests:
        return
    attempts = tuple(attempt for request in matched.open_requests for attempt in request.attempts)
    complete = bool(open_claims) and all(counts(claim.usage) for claim in open_claims)
    usage = as_usage(added(counts(claim.usage) for claim in open_claims)) if complete else None
    yield from _one(Request(attempts, certain=True), usage, None, certain=True)


def _in_total(calls: list[Entry], claims: Claims) -> Iterator[Finding]:
    if counts(claims.usage) or claims.cost_usd is not None:
        of_the_run = Request(tuple(calls), certain=True)
        yield from _one(of_the_run, claims.usage, claims.cost_usd, certain=True, total=True)


def _makes_a_batch(entry: Entry) -> bool:
    return entry.method == "POST" and entry.path.endswith("/v1/messages/batches") and entry.status == 200


def _batched(claims: Claims) -> Iterator[Finding]:
    """A total may have the batches in it or not."""
    if counts(claims.usage) or claims.cost_usd is not None:
        seen = _shown(counts(claims.usage)) if counts(claims.usage) else f"{claims.cost_usd} US$"
        title, advice = "the total may have batches in it", "report usage with each call; the ledger has the batches"
        yield Finding((), title, seen, "a total of the Messages calls", advice, "unknown")


# --- one account -------------------------------------------------------------------------------------------------


def _one(
    request: Request, usage: Mapping[str, Any] | None, cost_usd: str | None, *, certain: bool, total: bool = False
) -> Iterator[Finding]:
    numbers, sent = () if total else request.numbers, request.readings
    cost = cost_finding(numbers, cost_usd, request.attempts, sent, certain=certain)
    yield from [cost] if cost is not None else []
    said, had = counts(usage), causes.true(sent)
    wrong = {name: value for name, value in said.items() if value != had.get(name, 0)}
    unsaid = [name for name in PARTS if name not in said and had.get(name)]
    way = _other_reading(said, sent) if wrong or (unsaid and not said and cost_usd is None) else None
    if way is not None:
        yield _in_part_finding(numbers, said, had, way)
    elif wrong:
        yield _wrong(numbers, said, wrong, sent, certain=certain)
    elif unsaid:
        # A cost that is right, or some of the counts, is something; nothing at all is not.
        yield _unsaid(numbers, unsaid, had, "note" if said or cost_usd is not None else "unknown")


def _unsaid(numbers: tuple[int, ...], names: list[str], had: Counts, weight: Literal["unknown", "note"]) -> Finding:
    return Finding(
        numbers,
        "not everything is claimed",
        f"nothing about {', '.join(names)}",
        _shown({name: had[name] for name in names}),
        "report these counts too, if the client keeps them",
        weight,
    )


def _wrong(numbers: tuple[int, ...], said: Counts, wrong: Counts, sent: Sequence[Sent], *, certain: bool) -> Finding:
    had = causes.true(sent)
    seen = ", ".join(f"{name} {value} ({value - had.get(name, 0):+d})" for name, value in wrong.items())
    allowed = _shown({name: had.get(name, 0) for name in wrong})
    title, advice = _explained(said, wrong, sent)
    if certain:
        return Finding(numbers, title, seen, allowed, advice)
    doubt = "the attempts may belong to other requests; report message_id with each call"
    return Finding(numbers, f"perhaps {title}", seen, allowed, doubt, "unknown")


def _explained(said: Counts, wrong: Counts, sent: Sequence[Sent]) -> tuple[str, str]:
    cause = causes.likely(said, sent)
    if cause is not None:
        return f"wrong counts: {cause.name}", cause.advice
    found = {one.name: one for name, value in wrong.items() if (one := causes.likely_in(name, value, sent))}
    if found:
        return f"wrong counts, likely: {'; '.join(found)}", "; ".join(one.advice for one in found.values())
    return "wrong counts", "take the final usage of every answer, and add up over the answers"


def _in_part_finding(numbers: tuple[int, ...], said: Counts, had: Counts, way: _Way) -> Finding:
    return Finding(
        numbers,
        "an answer was read in part" if way.weight == "note" else "an answer may have been read in part",
        _shown(said),
        f"{_shown(had)}; or less, as {way.why}",
        "nothing, if that was all the client could read of it",
        way.weight,
    )


@dataclass(frozen=True, slots=True)
class _Way:
    """A way to have read an answer, and what it says of a client that did: a note where it had every right to."""

    booked: Counts
    weight: Literal["unknown", "note"] = "note"
    why: str = ""


def _other_reading(said: Counts, sent: Sequence[Sent]) -> _Way | None:
    """Find answers that were read in part, where that explains the counts."""
    ways = [list(_ways(one)) for one in sent]
    if not 1 < prod(map(len, ways)) <= _MOST_READINGS:
        return None
    for chosen in product(*ways):
        made = added(way.booked for way in chosen)
        if all(made.get(name, 0) == value for name, value in said.items()) if said else not any(made.values()):
            return max((way for way in chosen if way.why), key=lambda way: way.weight, default=None)
    return None


def _ways(sent: Sent) -> Iterator[_Way]:
    yield _Way(counts(sent.usage))
    if any(doubt not in (NO_STOP, CUT_BEHIND) for doubt in sent.doubts):
        yield _Way(_told(sent, sent.sure_usages), "note", sent.doubts[0])
    if sent.streamed and sent.error is not None and sent.usage:
        yield _Way({}, "unknown", "an answer that ends in an error event may not be charged")
    if not sent.surely_read:
        for place in range(len(sent.usages)):
            why = "the connection was cut at the instant the last of it left"
            yield _Way(_told(sent, place), "unknown", why)


def _told(sent: Sent, reports: int) -> Counts:
    """Return what the first reports of an answer say together."""
    told: Counts = {}
    for usage in sent.usages[:reports]:
        told |= counts(usage)
    return told


def _shown(flat: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {value}" for name, value in flat.items() if value) or "no tokens"
