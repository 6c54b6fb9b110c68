"""Auth: does a client get itself a new credential when its old one is refused, once, and use it where it belongs."""

from __future__ import annotations

from collections.abc import Iterable

from windtunnel.verdicts._auth_rules import RULES, Bench
from windtunnel.verdicts._credentials import expiries, issues
from windtunnel.verdicts.chains import chains
from windtunnel.verdicts.claims import Claims
from windtunnel.verdicts.failures import asks_the_api
from windtunnel.verdicts.units import counted
from windtunnel.verdicts.verdict import Finding, Verdict, value_of
from windtunnel_server.journal import Entry

NAME = "auth"


def judge(
    entries: Iterable[Entry],
    *,
    claims: Claims | None = None,
    finished: bool = False,
    re_authenticates: bool | None = None,
    retries_401: bool = False,
    hosts: Iterable[str] | None = None,
) -> Verdict:
    """Judge what the client did about credentials that were refused. No refused credential in the journal: unknown.

    `re_authenticates`: whether the client has a way to a new credential; None: it does for all of its calls or for
    none. `retries_401`: it retries a 401 like any other failure, so the same credential may come again. `hosts`: the
    names the tunnel goes by, without ports; None: those of this machine. `finished` says that the client is done: only
    then is a missing attempt a failure. `claims` says how many clients there were.
    """
    ordered = sorted(entries, key=lambda entry: (entry.arrived_at, entry.number))
    calls = [entry for entry in ordered if asks_the_api(entry) and not issues(entry)]
    found = chains(calls)
    bench = Bench(
        entries=ordered,
        chains=found,
        expiries=expiries(calls, found),
        re_authenticates=re_authenticates,
        retries_401=retries_401,
        finished=finished,
        clients=_clients(claims),
        hosts=None if hosts is None else frozenset(host.lower() for host in hosts),
    )
    findings = [finding for rule in RULES for finding in rule(bench)]
    if not bench.expiries:
        findings.append(_nothing_refused(len(calls)))
    return Verdict(NAME, value_of(findings), tuple(findings), _summary(bench))


def _clients(claims: Claims | None) -> int:
    calls = () if claims is None else claims.calls or ()
    return max(len({call.client for call in calls}), 1)


def _nothing_refused(calls: int) -> Finding:
    return Finding(
        (),
        "nothing to judge",
        f"{counted(calls, 'call')}, none of which was refused for its credential",
        "at least one 401",
        'script one: windtunnel.script(fail("oauth_expired")) for a token, fail("invalid_api_key") for a key; or give the '
        "client a login whose tokens end during the run",
        "unknown",
    )


def _summary(bench: Bench) -> str:
    refused = sum(len(expiry.refused) for expiry in bench.expiries)
    return ", ".join(
        (
            f"{counted(len(bench.expiries), 'credential')} refused in {counted(refused, 'attempt')}",
            counted(len(bench.renewals), "renewal"),
            f"{len(list(bench.resent))} sent again",
        )
    )
