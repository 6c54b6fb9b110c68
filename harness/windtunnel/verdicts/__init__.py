"""Verdicts on a client, from the journal and from what its own side says: pass, fail or unknown, with the evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from windtunnel.policies import Policy, resolve
from windtunnel.verdicts import auth as _auth
from windtunnel.verdicts import backoff as _backoff
from windtunnel.verdicts import compaction as _compaction
from windtunnel.verdicts import outcome as _outcome
from windtunnel.verdicts import pace as _pace
from windtunnel.verdicts import population as _population
from windtunnel.verdicts import stream as _stream
from windtunnel.verdicts import tokens as _tokens
from windtunnel.verdicts.account import EXACT, REAL, Report, Tolerance
from windtunnel.verdicts.chains import Chain, chains
from windtunnel.verdicts.claims import Claim, Claims, claims_of
from windtunnel.verdicts.verdict import Finding, Verdict
from windtunnel_server.journal import Entry

__all__ = ["EXACT", "REAL", "Chain", "Claim", "Claims", "Finding", "Report", "Tolerance", "Verdict", "Verdicts"]


class Verdicts:
    """The verdicts on one run: `windtunnel.verdict.backoff("anthropic_python").check()`.

    `entries` and `claims` are asked anew for each verdict. `tolerance` fits the clock: `EXACT` for the virtual one,
    `REAL` for the real one. `finished` says whether the client is done, so that no further attempt can come.
    `context_window` is the window of the run in tokens, where it was set. `on_judged` is told each verdict.

    Where a verdict needs the client's side, hand it what the client returned or raised, in the order of the requests:
    messages of the SDK, exceptions, usage, or the same as dicts. Without, the claims of the run are taken.
    """

    def __init__(
        self,
        entries: Callable[[], Iterable[Entry]],
        *,
        claims: Callable[[], Claims | None] = lambda: None,
        tolerance: Tolerance = REAL,
        finished: Callable[[], bool] = lambda: True,
        context_window: int | None = None,
        on_judged: Callable[[Verdict], None] = lambda verdict: None,
    ) -> None:
        self._entries = entries
        self._claims = claims
        self._tolerance = tolerance
        self._finished = finished
        self._window = context_window
        self._on_judged = on_judged

    def backoff(
        self, policy: str | Policy | Mapping[str, Any] = "anthropic_python", *, max_retries: int | None = None
    ) -> Verdict:
        """Judge the client's retries by a policy: one of `windtunnel.policies.POLICIES` by name, or one of your own.

        `max_retries` replaces the policy's number, for a client that was set to another.
        """
        chosen = resolve(policy)
        if max_retries is not None:
            chosen = chosen.changed(max_retries=max_retries)
        return self._told(_backoff.judge(self._entries(), chosen, tolerance=self._tolerance, finished=self._finished()))

    def outcome(self, expected: _outcome.Expected = "honest", *returned: Any) -> Verdict:
        """Judge whether the client says it went as it went; "success" and "error" are required besides."""
        said = self._said(returned)
        return self._told(_outcome.judge(self._entries(), said, expected, finished=self._finished()))

    def attempts(self, expected: int | range) -> Verdict:
        """Judge how many attempts each request took."""
        return self._told(_outcome.attempts(self._entries(), expected))

    def stream(self, *returned: Any) -> Verdict:
        """Judge whether what the client handed on is what was sent, and no half answer passed as a whole one."""
        return self._told(_stream.judge(self._entries(), self._said(returned), finished=self._finished()))

    def tokens(self, *returned: Any) -> Verdict:
        """Judge whether the client counted the tokens, and the cost where it says one, that the ledger has."""
        return self._told(_tokens.judge(self._entries(), self._said(returned), finished=self._finished()))

    def auth(self, *, re_authenticates: bool | None = None, retries_401: bool = False) -> Verdict:
        """Judge what the client did about credentials that were refused; see `windtunnel.verdicts.auth.judge`."""
        return self._told(
            _auth.judge(
                self._entries(),
                claims=self._claims(),
                finished=self._finished(),
                re_authenticates=re_authenticates,
                retries_401=retries_401,
            )
        )

    def compaction(self, *, threshold: int | None = None, expected: bool | None = None) -> Verdict:
        """Judge what became of conversations that grew too long, in tokens; see `verdicts.compaction.judge`."""
        return self._told(
            _compaction.judge(
                self._entries(),
                claims=self._claims(),
                context_window=self._window,
                threshold=threshold,
                expected=expected,
                finished=self._finished(),
            )
        )

    def within(self, limit_s: float) -> Verdict:
        """Judge whether all was over within so many seconds of the first attempt."""
        return self._told(_pace.within(self._entries(), limit_s, tolerance=self._tolerance, finished=self._finished()))

    def jitter(self, policy: str | Policy | Mapping[str, Any] = "anthropic_python") -> Verdict:
        """Judge the shape of the jitter over all the waits of the run."""
        chosen = resolve(policy)
        return self._told(_population.jitter(self._reports(chosen), chosen, tolerance=self._tolerance))

    def synchrony(self, policy: str | Policy | Mapping[str, Any] = "anthropic_python") -> Verdict:
        """Judge whether requests that failed together come back spread out, or as a herd."""
        chosen = resolve(policy)
        return self._told(_population.synchrony(self._reports(chosen), chosen, tolerance=self._tolerance))

    def chains(self) -> list[Chain]:
        """Return the attempts of every logical request, grouped by the client's own marks where it sends them."""
        return chains(self._entries())

    def _reports(self, policy: Policy) -> Sequence[Report]:
        report = _backoff.judge(self._entries(), policy, tolerance=self._tolerance, finished=self._finished()).report
        return [] if report is None else [report]

    def _said(self, returned: tuple[Any, ...]) -> Claims | None:
        return claims_of(*returned) if returned else self._claims()

    def _told(self, verdict: Verdict) -> Verdict:
        self._on_judged(verdict)
        return verdict
