"""Rate limits: token buckets, refilled continuously on the clock (wire.md 3.2). Instants are seconds on that clock.

A minute's worth fits a bucket, and it starts full. Requests and input tokens are taken when a call is let in; output
tokens when its answer is known, so an answer may take more than there is, and the next call waits for it. Input read
from the prompt cache is not counted.

Unverified: that a refused call takes nothing; which models share a bucket (here: one line and major version, such as
Sonnet 4.x); the wait told for a prompt that never fits, and for the limit on calls under way (here: a second).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from weakref import WeakSet

from windtunnel_server.model.models import Model
from windtunnel_server.settings import RateLimits
from windtunnel_server.wire.generation import generation

Family = Literal["requests", "input_tokens", "output_tokens"]

FAMILIES: Final[tuple[Family, ...]] = ("requests", "input_tokens", "output_tokens")

_MINUTE_S: Final = 60.0
#: Sums of floats may fall short of a whole token by a rounding error; this gets past it.
_GRAIN: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Standing:
    """Where one limit stands: what a minute allows, what is left, and the seconds until it is whole again."""

    limit: int
    remaining: int
    whole_in_s: float


@dataclass(frozen=True, slots=True)
class Exceeded:
    """The limit that a call would exceed. `wait_s` are the seconds until it would fit, whole, from 1 up.

    `limit` is None for calls under way: the API's words for that name no number.
    """

    family: Family | Literal["concurrent"]
    limit: int | None
    wait_s: int


class Bucket:
    """A limit a minute, refilled evenly."""

    __slots__ = ("_at", "_level", "limit")

    def __init__(self, limit: int, at: float) -> None:
        self.limit = limit
        self._level, self._at = float(limit), at

    def level(self, at: float) -> float:
        """What is in it; below 0 where an answer took more than there was."""
        if at > self._at:
            self._level = min(self._level + (at - self._at) * self.limit / _MINUTE_S, float(self.limit))
            self._at = at
        return self._level

    def take(self, amount: int, at: float) -> None:
        self._level = self.level(at) - amount

    def wait_s(self, amount: int, at: float) -> float:
        """Seconds until `amount` is there; for more than ever fits, until the bucket is full."""
        short = min(amount, self.limit) - self.level(at)
        return short * _MINUTE_S / self.limit if short > _GRAIN else 0.0

    def standing(self, at: float) -> Standing:
        left = math.floor(self.level(at) + _GRAIN)
        return Standing(self.limit, max(left, 0), self.wait_s(self.limit, at))


class UnderWay:
    """A call that has been let in and has not ended; one that nobody holds any more has."""

    __slots__ = ("__weakref__",)


class Limiter:
    """The limits of an organisation, for each class of models apart; calls under way are counted over all of them."""

    def __init__(self, limits: RateLimits) -> None:
        per_minute = (limits.requests_per_minute, limits.input_tokens_per_minute, limits.output_tokens_per_minute)
        self._limits = {family: limit for family, limit in zip(FAMILIES, per_minute, strict=True) if limit is not None}
        self._concurrent = limits.concurrent
        self._buckets: dict[str, Mapping[Family, Bucket]] = {}
        self._under_way: WeakSet[UnderWay] = WeakSet()

    def exceeded(self, model: Model, input_tokens: int, at: float) -> Exceeded | None:
        """Tell which limit a call would exceed; None where there is room for it."""
        if self._concurrent is not None and len(self._under_way) >= self._concurrent:
            return Exceeded("concurrent", None, 1)
        # An answer's length is not known yet: some output has to be left.
        needs: Mapping[Family, int] = {"requests": 1, "input_tokens": input_tokens, "output_tokens": 1}
        for family, bucket in self._of(model, at).items():
            wait_s = bucket.wait_s(needs[family], at)
            if wait_s > 0 or needs[family] > bucket.limit:
                return Exceeded(family, bucket.limit, max(math.ceil(wait_s - _GRAIN), 1))
        return None

    def let_in(self, model: Model, input_tokens: int, at: float) -> UnderWay:
        """Take a call's request and input; it counts as under way until it is `over`."""
        self._take(model, {"requests": 1, "input_tokens": input_tokens}, at)
        call = UnderWay()
        self._under_way.add(call)
        return call

    def over(self, call: UnderWay) -> None:
        self._under_way.discard(call)

    def said(self, model: Model, output_tokens: int, at: float) -> None:
        """Take an answer's output."""
        self._take(model, {"output_tokens": output_tokens}, at)

    def standing(self, model: Model, at: float) -> Mapping[Family, Standing]:
        """Tell where each limit stands; what is not limited is left out."""
        return {family: bucket.standing(at) for family, bucket in self._of(model, at).items()}

    def _take(self, model: Model, amounts: Mapping[Family, int], at: float) -> None:
        buckets = self._of(model, at)
        for family, amount in amounts.items():
            if family in buckets:
                buckets[family].take(amount, at)

    def _of(self, model: Model, at: float) -> Mapping[Family, Bucket]:
        name = model_class(model)
        if name not in self._buckets:
            self._buckets[name] = {family: Bucket(limit, at) for family, limit in self._limits.items()}
        return self._buckets[name]


def model_class(model: Model) -> str:
    """Name the class of models that share limits: "sonnet 4"."""
    return f"{model.line} {generation(model.id)[0]}"
