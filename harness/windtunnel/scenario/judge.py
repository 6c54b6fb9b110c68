"""What a scenario expects, held against what happened: one verdict for each word of its `expect:`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from windtunnel.policies import Policy, resolve
from windtunnel.scenario.expect import Expect
from windtunnel.verdicts import Verdict, Verdicts
from windtunnel.verdicts.account import EXACT, Tolerance
from windtunnel.verdicts.claims import Claims
from windtunnel_server.journal import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known of one run."""

    entries: Sequence[Entry]
    claims: Claims | None
    #: The backoff policy the client declares, or was said to follow.
    own_policy: Policy
    tolerance: Tolerance = EXACT
    #: The client is done: what has not come will not come.
    finished: bool = True
    #: Tokens; None: the window of each model.
    context_window: int | None = None

    @property
    def verdicts(self) -> Verdicts:
        return Verdicts(
            lambda: self.entries,
            claims=lambda: self.claims,
            tolerance=self.tolerance,
            finished=lambda: self.finished,
            context_window=self.context_window,
        )


def judge(expect: Expect, seen: Evidence) -> list[Verdict]:
    """Return the verdicts that were asked for, in the order of the words."""
    policy, verdicts = policy_for(expect, seen.own_policy), seen.verdicts
    return [_ASKED[word](verdicts, getattr(expect, word), policy) for word in expect.words]


def policy_for(expect: Expect, own: Policy) -> Policy:
    """Return the policy that a scenario judges by: its own choice, or else the client's."""
    return own if expect.backoff in (None, "own") else resolve(expect.backoff)


#: How each word is asked: of the verdicts, with its value and the policy.
_ASKED: Final[Mapping[str, Callable[[Verdicts, Any, Policy], Verdict]]] = {
    "outcome": lambda verdicts, expected, policy: verdicts.outcome(expected),
    "attempts": lambda verdicts, bounds, policy: verdicts.attempts(bounds.range),
    "backoff": lambda verdicts, asked, policy: verdicts.backoff(policy),
    "auth": lambda verdicts, asked, policy: verdicts.auth(re_authenticates=True),
    "compaction": lambda verdicts, asked, policy: verdicts.compaction(expected=True),
    "stream": lambda verdicts, asked, policy: verdicts.stream(),
    "tokens": lambda verdicts, asked, policy: verdicts.tokens(),
    "jitter": lambda verdicts, asked, policy: verdicts.jitter(policy),
    "synchrony": lambda verdicts, asked, policy: verdicts.synchrony(policy),
    "within": lambda verdicts, limit_s, policy: verdicts.within(limit_s),
}
