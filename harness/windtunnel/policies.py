"""Backoff policies of real clients, as data: what they retry, how often, and how long they wait before.

A policy turns a failure into an envelope, the shortest and the longest wait it allows before the next attempt.
`POLICIES` has those of real clients, each with its source; `custom(…)` makes one, `policy.changed(…)` alters one.
All times are seconds.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any, Literal, TypeAlias

from windtunnel._hints import Envelope, Failure, RetryAfter

__all__ = [
    "POLICIES",
    "Counts",
    "Envelope",
    "Failure",
    "Jitter",
    "Policy",
    "PolicyError",
    "RetryAfter",
    "custom",
    "find",
    "policy_from_json",
]

Counts: TypeAlias = Literal["read", "ignore", "auto"]


class PolicyError(ValueError):
    """A policy that does not exist or cannot be. Says what is on offer."""


@dataclass(frozen=True, slots=True)
class Jitter:
    """How chance changes a delay d; `share` is a fraction of it.

    none: d exactly · subtract: from d·(1-share) to d · add: from d to d·(1+share) · spread: share to either side ·
    full: from 0 to d.
    """

    kind: Literal["none", "subtract", "add", "spread", "full"] = "none"
    share: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in _JITTER:
            raise PolicyError(f"jitter {self.kind!r} is not known (known: {', '.join(_JITTER)})")
        if not 0 <= self.share <= 1:
            raise PolicyError(f"jitter share {self.share!r} is not a fraction from 0 to 1; write 0.25 for 25 %")

    def around(self, delay_s: float) -> tuple[float, float]:
        """Return the shortest and the longest wait for a delay of `delay_s`."""
        low, high = _JITTER[self.kind](self.share)
        return delay_s * low, delay_s * high

    def __str__(self) -> str:
        words = {"none": "no jitter", "full": "full jitter", "subtract": "less up to", "add": "plus up to"}
        text = words.get(self.kind, "give or take")
        return text if self.kind in ("none", "full") else f"{text} {self.share:.0%}"


_JITTER: Mapping[str, Callable[[float], tuple[float, float]]] = {
    "none": lambda share: (1.0, 1.0),
    "subtract": lambda share: (1.0 - share, 1.0),
    "add": lambda share: (1.0, 1.0 + share),
    "spread": lambda share: (1.0 - share, 1.0 + share),
    "full": lambda share: (0.0, 1.0),
}


_HINT = RetryAfter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """When a client tries again, how often, and after what wait.

    The delay before retry n (0 for the first) is min(base_s · factorⁿ, cap_s), changed by the jitter; a hint of the
    server takes its place.
    """

    name: str
    source: str
    max_retries: int
    base_s: float
    factor: float = 2.0
    cap_s: float = math.inf
    jitter: Jitter = Jitter()
    retry_statuses: frozenset[int] = frozenset({408, 409, 429})
    #: Every status from this one up is retried too.
    retry_from_status: int = 500
    #: No answer at all: refused, reset, timed out before the head.
    connection_errors: Literal["retried", "final"] = "retried"
    #: A body that is cut, of a request that did not ask for a stream: either the attempt fails as a whole and its
    #: headers are lost, or the head alone decides.
    cut_body: Literal["connection error", "by head"] = "by head"
    #: `x-should-retry: true` or `false` overrides the statuses.
    should_retry_header: Literal["obeyed", "ignored"] = "obeyed"
    #: None: the client does not look at hints.
    retry_after: RetryAfter | None = _HINT
    #: Whether the client's `x-stainless-retry-count` counts these retries. A loop of one's own around an SDK with its
    #: retries turned off sends 0 every time: "ignore". "auto": read it where any attempt counts above 0.
    counts: Counts = "auto"

    def __post_init__(self) -> None:
        if isinstance(self.max_retries, bool) or not isinstance(self.max_retries, int) or self.max_retries < 0:
            raise PolicyError(f"max_retries {self.max_retries!r} is not a whole number from 0 up")
        for name in ("base_s", "factor", "cap_s"):
            value = getattr(self, name)
            if not value >= 0:
                raise PolicyError(f"{name} {value!r} is not a number from 0 up")

    def should_retry(self, failure: Failure) -> bool:
        """Say whether the policy tries again after this failure, retries left or not."""
        if self._as_connection_error(failure):
            return self.connection_errors == "retried"
        if failure.status is None or failure.succeeded:
            return False
        told = failure.header("x-should-retry")
        if self.should_retry_header == "obeyed" and told in ("true", "false"):
            return told == "true"
        return failure.status in self.retry_statuses or failure.status >= self.retry_from_status

    def envelope(self, failure: Failure, retry: int) -> Envelope:
        """Return the wait allowed between this failure and retry number `retry`, 0 for the first."""
        default = self._backoff(retry)
        if self.retry_after is None or self._as_connection_error(failure):
            return default
        return self.retry_after.envelope(failure, default)

    def changed(self, **changes: Any) -> Policy:
        """Return the policy with some of its fields changed: `policy.changed(max_retries=5)`."""
        _known(changes, "policy")
        return replace(self, **changes)

    def to_json(self) -> dict[str, Any]:
        """Return the policy as plain JSON values; `policy_from_json` reads them. What has no end is Infinity."""
        return asdict(self) | {"retry_statuses": sorted(self.retry_statuses)}

    def _backoff(self, retry: int) -> Envelope:
        try:
            delay = min(self.base_s * float(self.factor) ** retry, self.cap_s)
        except OverflowError:
            delay = self.cap_s
        low, high = self.jitter.around(delay)
        return Envelope(low, high, f"backoff {delay:g} s, {self.jitter}")

    def _as_connection_error(self, failure: Failure) -> bool:
        cut = not failure.whole and not failure.streamed and self.cut_body == "connection error"
        return failure.status is None or cut


def custom(*, base_s: float, max_retries: int = 2, name: str = "custom", **rest: Any) -> Policy:
    """Make a policy of one's own; the words are the fields of `Policy`.

    `custom(base_s=1, factor=2, cap_s=30, jitter=Jitter("full"), max_retries=3)`
    """
    _known(rest, "custom")
    return Policy(**{"source": "given by the user"} | rest, name=name, base_s=base_s, max_retries=max_retries)


def policy_from_json(value: Mapping[str, Any]) -> Policy:
    """Read a policy as `Policy.to_json` wrote it."""
    hint = value["retry_after"]
    parts = {
        "jitter": Jitter(**value["jitter"]),
        "retry_statuses": frozenset(value["retry_statuses"]),
        "retry_after": None if hint is None else RetryAfter(**hint),
    }
    return Policy(**dict(value) | parts)


def find(name: str) -> Policy:
    """Return the policy of that name."""
    if name in POLICIES:
        return POLICIES[name]
    offer = sorted(POLICIES, key=lambda known: -difflib.SequenceMatcher(None, name.lower(), known).ratio())
    raise PolicyError(
        f"No policy is called {name!r}.\n  on offer, nearest first: {', '.join(offer)}\n"
        f"  for one of your own: windtunnel.policies.custom(base_s=…, factor=…, cap_s=…, max_retries=…)"
    )


def _known(given: Mapping[str, Any], where: str) -> None:
    known = list(Policy.__dataclass_fields__)
    for word in given:
        if word not in known:
            near = difflib.get_close_matches(word, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise PolicyError(f"{where}: unknown {word!r}{hint} (known: {', '.join(known)})")


# Both read in the packages' own source (wire.md 7.1 and 7.2): the same statuses, formula and override; they differ in
# how a hint is read, and in a body that is cut: Python reads the body of a call without a stream inside the attempt
# and takes the cut for a connection error, TypeScript has decided at the head.
_ANTHROPIC_PYTHON = Policy(
    name="anthropic_python",
    source="anthropic 2.12.0 for Python, _base_client.py",
    max_retries=2,
    base_s=0.5,
    cap_s=8.0,
    jitter=Jitter("subtract", 0.25),
    cut_body="connection error",
    retry_after=RetryAfter(ceiling_s=4_294_967.0),
    counts="read",
)

# Read in the package's own source: a hint of more than a minute is passed over, the rest is as in the newer ones.
_ANTHROPIC_PYTHON_0 = replace(
    _ANTHROPIC_PYTHON,
    name="anthropic_python_0",
    source="anthropic 0.125.0 for Python, _base_client.py",
    retry_after=RetryAfter(ceiling_s=60.0, beyond="ignored"),
)

_ANTHROPIC_TYPESCRIPT = replace(
    _ANTHROPIC_PYTHON,
    name="anthropic_typescript",
    source="@anthropic-ai/sdk 1.12.0 for TypeScript, client.js",
    cut_body="by head",
    retry_after=RetryAfter(ceiling_s=(2**31 - 1) / 1000, beyond="ignored", numbers="prefix", zero_ms="falls through"),
)

POLICIES: Mapping[str, Policy] = MappingProxyType(
    {policy.name: policy for policy in (_ANTHROPIC_PYTHON, _ANTHROPIC_PYTHON_0, _ANTHROPIC_TYPESCRIPT)}
)
