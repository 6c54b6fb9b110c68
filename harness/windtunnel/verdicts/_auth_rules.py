"""What a client must and must not do about a credential that was refused; each rule looks at the whole run."""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, TypeAlias

from windtunnel.verdicts._credentials import (
    Expiry,
    Resent,
    credential_of,
    end_of,
    issues,
    likeness,
    obtained,
    shown,
    was_denied,
    was_forbidden,
    was_refused,
)
from windtunnel.verdicts.chains import Chain
from windtunnel.verdicts.failures import answer
from windtunnel.verdicts.units import counted
from windtunnel.verdicts.verdict import Finding
from windtunnel_server.journal import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A run, and what its client is held against."""

    entries: Sequence[Entry]
    chains: Sequence[Chain]
    expiries: Sequence[Expiry]
    re_authenticates: bool | None
    #: The client retries a 401 like any failure, with whatever credential it then has.
    retries_401: bool
    finished: bool
    #: How many clients ran at once, each with a credential of its own to renew.
    clients: int
    #: Host names that are the tunnel's own; None: those of this machine.
    hosts: frozenset[str] | None

    @property
    def renewals(self) -> list[Entry]:
        return [entry for entry in self.entries if issues(entry)]

    @property
    def resent(self) -> Iterator[Resent]:
        return (pair for expiry in self.expiries for pair in expiry.resent)


Rule: TypeAlias = Callable[[Bench], Iterator[Finding]]

#: Asks for a credential that were denied for good, one after the other, before it counts as a loop: the official SDK
#: asks once more after a 401 of the token endpoint (wire.md 2.2).
_DENIALS = 2


def renewed_once(bench: Bench) -> Iterator[Finding]:
    """One expiry is answered by one renewal, however many calls met it. A failed one may be followed by another."""
    for expiry in bench.expiries:
        within = [entry for entry in bench.renewals if expiry.spans(entry)]
        needless = Counter(entry.path for place, entry in enumerate(within) if _in_hand(within[:place], entry))
        allowed = bench.clients + _still_to_begin(bench, expiry)
        if max(needless.values(), default=0) >= allowed:
            yield Finding(
                tuple(entry.number for entry in within),
                "one expired credential was renewed more than once",
                f"{counted(len(within), 'request')} for a credential after {shown(expiry.credential)} was refused in "
                f"{counted(len(expiry.refused), 'call')} ({_numbers(expiry.refused)})",
                f"{allowed}, and another only after one that failed",
                "let the first call that is refused renew the credential, and the others wait for it and take what it got",
            )


def _still_to_begin(bench: Bench, expiry: Expiry) -> int:
    """Count the clients that had not called when the credential was refused: each may yet obtain its first."""
    first = min(entry.number for entry in expiry.refused)
    begun = {entry.sender for entry in bench.entries if not issues(entry) and entry.number <= first}
    return 0 if None in begun else max(bench.clients - len(begun), 0)


def _in_hand(earlier: Sequence[Entry], entry: Entry) -> bool:
    """Say whether a renewal was under way, or had come off, when this one was asked for.

    Some take several requests, each to an address of its own: an exchange and then a role, an account and then a token.
    """
    same = [one for one in earlier if one.path == entry.path]
    return any(end_of(one) > entry.arrived_at or one.ended is None or obtained(one) for one in same)


def carries_the_new_one(bench: Bench) -> Iterator[Finding]:
    """The attempt after a refusal has another credential."""
    for pair in bench.resent:
        finding = None if bench.retries_401 else _same_again(pair)
        if finding is not None:
            yield _doubted(finding, pair.chain)


def _same_again(pair: Resent) -> Finding | None:
    old, new = credential_of(pair.refused), credential_of(pair.after)
    attempts = (pair.refused.number, pair.after.number)
    alike = likeness(old, new)
    if alike == "unclear":
        return Finding(
            attempts,
            "sent again, perhaps with a new credential",
            f"{shown(old)} before and after: nothing is left of it to tell two apart by",
            "another credential",
            "use keys and tokens of 16 characters or more, with different endings",
            "unknown",
        )
    if alike == "other" and new:
        return None
    return Finding(
        attempts,
        "sent again with the credential that was refused" if new else "sent again without a credential",
        f"{shown(new)} after {answer(pair.refused)} in attempt {pair.refused.number}",
        "another credential, or no further attempt",
        "drop a credential when it is refused, and get a new one before the request is sent again"
        + ("; if it was new, give the test's credentials different last four characters" if new else ""),
    )


def no_loop(bench: Bench) -> Iterator[Finding]:
    """A call whose new credential is refused too is over."""
    for chain in () if bench.retries_401 else bench.chains:
        refused = [place for place, entry in enumerate(chain.attempts) if was_refused(entry)]
        if len(refused) < 2 or refused[1] == len(chain.attempts) - 1:
            continue
        yield _doubted(
            Finding(
                tuple(entry.number for entry in chain.attempts[refused[0] :]),
                "went on although the new credential was refused too",
                f"{counted(len(refused), 'refusal')} of one request, and an attempt after the second",
                "one attempt with a new credential",
                "hand the error to the caller when a fresh credential is refused: the next one will be, too",
            ),
            chain,
        )


def old_one_dropped(bench: Bench) -> Iterator[Finding]:
    """Once there is a new credential, no call is begun with the one that was refused."""
    for expiry in bench.expiries if bench.clients == 1 else ():
        since = _replaced_at(bench, expiry)
        follow_ups = {pair.after.number for pair in bench.resent}
        late = [
            entry
            for entry in bench.entries
            if not issues(entry)
            and entry.arrived_at > since
            and entry.number not in follow_ups
            and likeness(credential_of(entry), expiry.credential) == "same"
        ]
        if late:
            yield Finding(
                tuple(entry.number for entry in late),
                "a call was begun with a credential that had been replaced",
                f"{shown(expiry.credential)}, refused in attempt {expiry.refused[0].number} and renewed since",
                "the new credential for every call after it",
                "keep the credential in one place that all calls read when they are sent",
            )


def _replaced_at(bench: Bench, expiry: Expiry) -> float:
    new = [end_of(entry) for entry in bench.renewals if entry.arrived_at >= expiry.begins and obtained(entry)]
    new += [pair.after.arrived_at for pair in expiry.resent if credential_of(pair.after) != expiry.credential]
    return min(new, default=float("inf"))


def ends_as_expected(bench: Bench) -> Iterator[Finding]:
    """A refused call is sent again with a new credential, or it is over: as expected, or all alike."""
    stopped = [chain for chain in bench.chains if _stopped(chain)]
    again = [pair for pair in bench.resent if credential_of(pair.after) != credential_of(pair.refused)]
    if bench.re_authenticates is False:
        for pair in again:
            yield _doubted(_unexpected(pair), pair.chain)
    elif stopped and (bench.re_authenticates or again) and not bench.retries_401:
        finding = Finding(
            tuple(chain.attempts[-1].number for chain in stopped),
            "gave up after a refused credential",
            f"{counted(len(stopped), 'call')} ended with a refusal"
            + (f", {len(again)} sent again with a new credential" if again else ""),
            "a new credential, and one more attempt",
            "renew the credential after a 401 whatever attempt of the request met it; if the client has no way to, judge "
            "with re_authenticates=False",
        )
        yield finding if bench.finished else _unknown(finding, "the client may still be at it", "ask when it is done")


def _stopped(chain: Chain) -> bool:
    last, earlier = chain.attempts[-1], chain.attempts[:-1]
    return was_refused(last) and last.ended is not None and not any(was_refused(entry) for entry in earlier)


def _unexpected(pair: Resent) -> Finding:
    return Finding(
        (pair.refused.number, pair.after.number),
        "sent again with a new credential",
        f"{shown(credential_of(pair.after))} after {shown(credential_of(pair.refused))} was refused",
        "no further attempt: the client was expected to have no other credential",
        "judge with re_authenticates=True if it has",
    )


def stands_back_from_403(bench: Bench) -> Iterator[Finding]:
    """A 403 says that it is known who asks: no other credential of the same login helps."""
    for chain in bench.chains:
        for place, entry in enumerate(chain.attempts):
            if was_forbidden(entry):
                yield from (_doubted(finding, chain) for finding in _after_403(bench, chain, place))


def _after_403(bench: Bench, chain: Chain, place: int) -> Iterator[Finding]:
    entry, after = chain.attempts[place], chain.attempts[place + 1 : place + 2]
    if after and likeness(credential_of(entry), credential_of(after[0])) == "other":
        yield _re_authenticated(entry, after[0], f"sent again with {shown(credential_of(after[0]))}")
        return
    renewal = _renewal_behind(bench, entry)
    if renewal is None:
        return
    finding = _re_authenticated(entry, renewal, "a new credential was asked for, and no 401 called for it")
    alone = len(bench.chains) == 1 or (entry.sender is not None and entry.sender == renewal.sender)
    why = "it may have been for another call, or ahead of an expiry"
    yield finding if alone else _unknown(finding, why, "run the client in process, one call at a time")


def _renewal_behind(bench: Bench, entry: Entry) -> Entry | None:
    """The renewal that came next after a 403, if nothing else did."""
    later = [one for one in bench.entries if one.arrived_at >= end_of(entry) and one.number > entry.number]
    called_for = any(expiry.spans(entry) for expiry in bench.expiries)
    return later[0] if later and issues(later[0]) and not called_for else None


def _re_authenticated(entry: Entry, then: Entry, seen: str) -> Finding:
    return Finding(
        (entry.number, then.number),
        "answered a 403 by re-authentication",
        f"{answer(entry)} in attempt {entry.number}, then {seen}",
        "the error handed to the caller",
        "renew a credential after a 401 only; after a 403 ask the user to log in, or for the permission",
    )


def takes_no_for_an_answer(bench: Bench) -> Iterator[Finding]:
    """A credential that is denied for good is not asked for over and over."""
    for denied, run in groupby(bench.entries, lambda entry: issues(entry) and was_denied(entry)):
        asked = list(run) if denied else []
        if len(asked) > _DENIALS * bench.clients:
            yield Finding(
                tuple(entry.number for entry in asked),
                "asked for a credential again and again although it was denied",
                f"{counted(len(asked), 'request')} in a row, the first answered {answer(asked[0])}",
                f"{_DENIALS * bench.clients}",
                "give the login up when its renewal is denied, and tell the caller to log in",
            )


def keeps_secrets_at_home(bench: Bench) -> Iterator[Finding]:
    """No credential goes to a host that is not the tunnel's, nor into an address."""
    for entry in bench.entries:
        host = _bare(entry.header("host") or "")
        if host and _has_secret(entry) and not _is_ours(host, bench.hosts):
            yield Finding(
                (entry.number,),
                "a credential was sent to a host it does not belong to",
                f"{shown(credential_of(entry)) if credential_of(entry) else 'a token in the body'} for {host}",
                f"{', '.join(sorted(bench.hosts)) if bench.hosts else 'this machine'} only",
                "see where the client took that address from; drop credentials when a redirect leads to another host",
            )
        if _SECRET_IN_QUERY.search(entry.query):
            yield Finding(
                (entry.number,),
                "a credential stood in an address",
                f"{entry.method} {entry.path}?{entry.query}",
                "credentials in headers and bodies only",
                "send it as a header: addresses end up in logs, histories and referrers",
            )


#: As `mask_query` leaves it; a presigned request of Amazon's carries its signature there by design.
_SECRET_IN_QUERY = re.compile(r"(?:^|&)(?!x-amz-)[^=&]*=\*\*\*(?:&|$)", re.IGNORECASE)


def _has_secret(entry: Entry) -> bool:
    body: Any = entry.body
    in_body = isinstance(body, dict) and any(isinstance(v, str) and v.startswith("***") for v in body.values())
    return bool(credential_of(entry)) or in_body


def _bare(host: str) -> str:
    """Return a host without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _is_ours(host: str, hosts: frozenset[str] | None) -> bool:
    if hosts is not None:
        return host in hosts
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


RULES: tuple[Rule, ...] = (
    renewed_once,
    carries_the_new_one,
    no_loop,
    old_one_dropped,
    ends_as_expected,
    stands_back_from_403,
    takes_no_for_an_answer,
    keeps_secrets_at_home,
)


def _numbers(entries: Sequence[Entry]) -> str:
    return ", ".join(str(entry.number) for entry in entries)


def _doubted(finding: Finding, chain: Chain) -> Finding:
    """Against attempts that may belong together otherwise, nothing can be proved."""
    if chain.certain or finding.weight != "fail":
        return finding
    why = "these attempts may belong to other calls, as the same request was under way more than once"
    return _unknown(finding, why, "run the client in process, or give each call an idempotency-key header of its own")


def _unknown(finding: Finding, why: str, advice: str) -> Finding:
    return replace(
        finding, title=f"perhaps {finding.title}", seen=f"{finding.seen}; {why}", advice=advice, weight="unknown"
    )
