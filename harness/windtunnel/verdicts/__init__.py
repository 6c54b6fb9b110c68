"""Verdicts on a client, from the journal alone: pass, fail or unknown, with the evidence."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from windtunnel.policies import Policy, find
from windtunnel.verdicts import backoff as _backoff
from windtunnel.verdicts.account import EXACT, REAL, Report, Tolerance
from windtunnel.verdicts.chains import Chain, chains
from windtunnel.verdicts.verdict import Finding, Verdict
from windtunnel_server.journal import Entry

__all__ = ["EXACT", "REAL", "Chain", "Finding", "Report", "Tolerance", "Verdict", "Verdicts"]


class Verdicts:
    """The verdicts on one run: `windtunnel.verdict.backoff("anthropic_python").check()`.

    `entries` is asked anew for each verdict. `tolerance` fits the clock: `EXACT` for the virtual one, `REAL` for the
    real one. `finished` says whether the client is done, so that no further attempt can come. `on_asked` is told the
    policy of each verdict on backoff, as it is applied.
    """

    def __init__(
        self,
        entries: Callable[[], Iterable[Entry]],
        *,
        tolerance: Tolerance = REAL,
        finished: Callable[[], bool] = lambda: True,
        on_asked: Callable[[Policy], None] = lambda policy: None,
    ) -> None:
        self._entries = entries
        self._tolerance = tolerance
        self._finished = finished
        self._on_asked = on_asked

    def backoff(self, policy: str | Policy = "anthropic_python", *, max_retries: int | None = None) -> Verdict:
        """Judge the client's retries by a policy: one of `windtunnel.policies.POLICIES` by name, or one of your own.

        `max_retries` replaces the policy's number, for a client that was set to another.
        """
        chosen = find(policy) if isinstance(policy, str) else policy
        if max_retries is not None:
            chosen = chosen.changed(max_retries=max_retries)
        self._on_asked(chosen)
        return _backoff.judge(self._entries(), chosen, tolerance=self._tolerance, finished=self._finished())

    def chains(self) -> list[Chain]:
        """Return the attempts of every logical request, grouped by the client's own marks where it sends them."""
        return chains(self._entries())
