"""A backoff policy: which failures are tried again, how often, and after what wait."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from windtunnel._hints import Envelope, Failure, RetryAfter
from windtunnel.policies._errors import PolicyError, unknown_word
from windtunnel.policies._extras import Budget, Patience, Throttling
from windtunnel.policies._jitter import Jitter

Counts: TypeAlias = Literal["read", "ignore", "auto"]
#: retry: as long as retries are left · final: never · either: it depends on what a journal does not show.
Decision: TypeAlias = Literal["retry", "final", "either"]

_HINT, _STEADY = RetryAfter(), Jitter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When a client tries again, how often, and after what wait.

    The delay before retry n (0 for the first) is min(base_s · factorⁿ, cap_s), changed by the jitter; a hint of the
    server takes its place.
    """

    name: str
    source: str
    #: Retries, not attempts: 2 are three attempts.
    max_retries: int
    #: Seconds.
    base_s: float
    #: By how much each delay is longer than the one before.
    factor: float = 2.0
    #: Seconds; the jitter comes on top.
    cap_s: float = math.inf
    jitter: Jitter = _STEADY
    #: Failures with a base of their own in place of `base_s`.
    throttling: Throttling | None = None
    retry_statuses: frozenset[int] = frozenset({408, 409, 429})
    #: Every status from this one up is retried too; None: only those listed.
    retry_from_status: int | None = 500
    #: No answer at all: refused, reset, timed out before the head.
    connection_errors: Literal["retried", "final"] = "retried"
    #: A body that is cut, of a request that did not ask for a stream: either the attempt fails as a whole and its
    #: headers are lost, or the head alone decides. The last: and of an error in answer to a stream, now this, now that.
    cut_body: Literal["connection error", "by head", "by head, unsure in streams"] = "by head"
    #: `x-should-retry: true` or `false` overrides the statuses.
    should_retry_header: Literal["obeyed", "ignored"] = "obeyed"
    #: Statuses on which `x-should-retry: false` is not always obeyed.
    false_unheeded: frozenset[int] = frozenset()
    #: Statuses on which `x-should-retry: true` is passed over.
    true_unheeded: frozenset[int] = frozenset()
    #: None: the client does not look at hints.
    retry_after: RetryAfter | None = _HINT
    #: Tokens that the retries of all its requests share.
    budget: Budget | None = None
    #: A status it may lose patience with.
    patience: Patience | None = None
    #: Where a stream breaks and the client asks again without one: whether that begins to count retries anew, or shares
    #: the number with the stream. Waits begin anew in any case.
    after_a_stream: Literal["counts anew", "counts on"] = "counts anew"
    #: Whether the client's `x-stainless-retry-count` counts these retries. A loop of one's own around an SDK with its
    #: retries turned off sends 0 every time: "ignore". "auto": read it where any attempt counts above 0.
    counts: Counts = "auto"
    #: Which calls of a journal it is for: those to the model API, or those that fetch credentials.
    calls: Literal["api", "credentials"] = "api"

    def __post_init__(self) -> None:
        if isinstance(self.max_retries, bool) or not isinstance(self.max_retries, int) or self.max_retries < 0:
            raise PolicyError(f"max_retries {self.max_retries!r} is not a whole number from 0 up")
        for name in ("base_s", "factor", "cap_s"):
            value = getattr(self, name)
            if not value >= 0:
                raise PolicyError(f"{name} {value!r} is not a number from 0 up")

    def should_retry(self, failure: Failure) -> bool:
        """Say whether the policy tries again, or may, after this failure, retries left or not."""
        return self.decision(failure) != "final"

    def decision(self, failure: Failure) -> Decision:
        """Say what the policy does after this failure while retries are left."""
        if self._as_connection_error(failure):
            return "retry" if self.connection_errors == "retried" else "final"
        if failure.status is None or failure.succeeded:
            return "final"
        if self.cut_body == "by head, unsure in streams" and failure.streamed and not failure.whole:
            return "either" if self._by_status(failure) == "retry" else "final"
        told = self._told(failure)
        found = self._by_status(failure) if told is None else told
        ends = "no" if self.retry_after is None else self.retry_after.ends(failure)
        if found == "final" or ends == "no":
            return found
        # Which of the two headers wins is unverified.
        return "final" if ends == "yes" and told != "retry" else "either"

    def ended_by_hint(self, failure: Failure) -> bool:
        """Say whether the policy would try again, had the server not asked for a longer wait than it takes."""
        if self.retry_after is None or self._as_connection_error(failure) or failure.succeeded:
            return False
        return (
            self._told(failure) is None
            and self._by_status(failure) == "retry"
            and self.retry_after.ends(failure) == "yes"
        )

    def why_final(self, failure: Failure) -> str:
        """Say why the policy does not try again after this failure."""
        if self._as_connection_error(failure):
            return "a lost connection is not one to retry"
        if self._told(failure) == "final":
            return "x-should-retry: false forbids it"
        if self.retry_after is not None and self.ended_by_hint(failure):
            return self.retry_after.why_ended(failure)
        return "this is not one to retry"

    def may_lose_patience(self, failure: Failure, answers: int) -> bool:
        """Say whether giving up is in order after so many answers with this status in one chain, retries left or not."""
        return self.patience is not None and self.patience.may_end(failure, answers)

    def tokens(self, failure: Failure) -> int:
        """Return how many tokens of the budget a retry after this failure takes; 0 without a budget."""
        if self.budget is None:
            return 0
        return self.budget.cost if self._throttling(failure) is None else self.budget.throttling_cost

    def envelope(self, failure: Failure, retry: int) -> Envelope:
        """Return the wait allowed between this failure and retry number `retry`, 0 for the first."""
        default = self._backoff(failure, retry)
        if self.retry_after is None or self._as_connection_error(failure):
            return default
        return self.retry_after.envelope(failure, default)

    def changed(self, **changes: Any) -> Policy:
        """Return the policy with some of its fields changed: `policy.changed(max_retries=5)`."""
        _known(changes, "policy")
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Return the policy as plain JSON values; `policy_from_json` reads them. What has no end is Infinity."""
        from windtunnel.policies._json import plain

        return dict(plain(self))

    def _told(self, failure: Failure) -> Decision | None:
        told = failure.header("x-should-retry")
        if self.should_retry_header == "ignored" or told not in ("true", "false"):
            return None
        if told == "true":
            return None if failure.status in self.true_unheeded else "retry"
        return "either" if failure.status in self.false_unheeded else "final"

    def _by_status(self, failure: Failure) -> Decision:
        status = failure.status or 0
        above = self.retry_from_status is not None and status >= self.retry_from_status
        return "retry" if above or status in self.retry_statuses else "final"

    def _backoff(self, failure: Failure, retry: int) -> Envelope:
        throttling = self._throttling(failure)
        base = self.base_s if throttling is None else throttling.base_s
        try:
            delay = min(base * float(self.factor) ** retry, self.cap_s)
        except OverflowError:
            delay = self.cap_s
        low, high = self.jitter.around(delay)
        return Envelope(low, high, f"backoff {delay:g} s, {self.jitter}")

    def _throttling(self, failure: Failure) -> Throttling | None:
        return self.throttling if self.throttling is not None and self.throttling.meant(failure) else None

    def _as_connection_error(self, failure: Failure) -> bool:
        cut = not failure.whole and not failure.streamed and self.cut_body == "connection error"
        return failure.status is None or cut


def custom(*, base_s: float, max_retries: int = 2, name: str = "custom", **rest: Any) -> Policy:
    """Make a policy of one's own; the words are the fields of `Policy`.

    `custom(base_s=1, factor=2, cap_s=30, jitter=Jitter("full"), max_retries=3)`
    """
    _known(rest, "custom")
    return Policy(**{"source": "given by the user"} | rest, name=name, base_s=base_s, max_retries=max_retries)


def _known(given: Mapping[str, Any], where: str) -> None:
    known = list(Policy.__dataclass_fields__)
    for word in given:
        if word not in known:
            raise unknown_word(word, known, where)
