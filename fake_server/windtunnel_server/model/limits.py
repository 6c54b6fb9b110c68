"""Rate limits: who has used how much of what (wire.md 3.2). Instants are seconds on the clock.

Requests, bytes and input tokens are taken when a call is let in; output tokens when its answer is known, so an answer
may take more than there is, and the next call waits for it. Input read from the prompt cache is not counted. Where a
call exceeds several limits, the one it would have to wait longest for is told, so the wait is enough for all of them.

Tokens of fast mode have limits of their own for the whole window (documented: the page on fast mode, 2026), and so had those
of prompts above 200 K tokens where a beta opened the window (the page on rate limits, until March 2026); both are left out of
the usual ones. Places of inference share their limits (the same page). Requests are counted together, whatever their
speed and length (unverified).

Unverified: that a refused call takes nothing; which models share a limit (here: one line and major version, such as
Sonnet 4.x); the wait told for a prompt that never fits, and for the limit on calls under way (here: a second); what the
bytes of a prompt are (here: those of the body); that count_tokens and the batch endpoints have buckets of the same kind.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from windtunnel_server.model.buckets import GRAIN, HOUR_S, MINUTE_S, Bucket, Standing
from windtunnel_server.model.load import Crowd, UnderWay
from windtunnel_server.model.models import Model
from windtunnel_server.model.ramp import Ramp
from windtunnel_server.settings import RateLimits
from windtunnel_server.wire.generation import generation

#: Limits of each model class apart that are buckets.
Family: TypeAlias = Literal[
    "requests",
    "input_tokens",
    "output_tokens",
    "prompt_bytes",
    "fast_input_tokens",
    "fast_output_tokens",
    "long_context_input_tokens",
    "long_context_output_tokens",
]
#: Which buckets a call's tokens are taken from.
Pool: TypeAlias = Literal["standard", "fast", "long_context"]
#: Limits that calls of other endpoints share, over all models.
Other: TypeAlias = Literal["count_tokens", "batch_calls"]

_INPUT: Final[Mapping[Pool, Family]] = {
    "standard": "input_tokens",
    "fast": "fast_input_tokens",
    "long_context": "long_context_input_tokens",
}
_OUTPUT: Final[Mapping[Pool, Family]] = {
    "standard": "output_tokens",
    "fast": "fast_output_tokens",
    "long_context": "long_context_output_tokens",
}


@dataclass(frozen=True, slots=True)
class Exceeded:
    """The limit that a call would exceed. `wait_s` are the seconds until it would fit, whole, from 1 up.

    `limit` is None for calls under way: the API's words for that name no number. `following` is what the limit will be
    when the wait is over, where it grows.
    """

    family: Family | Other | Literal["acceleration", "batch_queue", "concurrent"]
    limit: int | None
    wait_s: int
    following: int | None = None


class Limiter:
    """The limits of an organisation. `start`: POSIX seconds at the clock's 0, for those that go by the wall clock."""

    def __init__(self, limits: RateLimits, *, start: float = 0.0) -> None:
        self._limits, self._start = limits, start
        asked: Mapping[Family, int | None] = {
            "requests": limits.requests_per_minute,
            "input_tokens": limits.input_tokens_per_minute,
            "output_tokens": limits.output_tokens_per_minute,
            "prompt_bytes": limits.prompt_bytes_per_hour,
            "fast_input_tokens": limits.fast_input_tokens_per_minute,
            "fast_output_tokens": limits.fast_output_tokens_per_minute,
            "long_context_input_tokens": limits.long_context_input_tokens_per_minute,
            "long_context_output_tokens": limits.long_context_output_tokens_per_minute,
        }
        self._limited = {family: limit for family, limit in asked.items() if limit is not None}
        self._buckets: dict[str, Mapping[Family, Bucket]] = {}
        self._ramps: dict[str, Ramp] = {}
        per_minute: Mapping[Other, int | None] = {
            "count_tokens": limits.count_tokens_per_minute,
            "batch_calls": limits.batch_calls_per_minute,
        }
        self._others = {other: Bucket(limit, 0.0) for other, limit in per_minute.items() if limit is not None}
        self._crowd = Crowd()

    def pool(self, *, fast: bool, long_context: bool) -> Pool:
        """Tell where a call's tokens are taken from. Long prompts share the usual limits unless they have some."""
        limits = self._limits
        has_long = limits.long_context_input_tokens_per_minute or limits.long_context_output_tokens_per_minute
        if fast:
            return "fast"
        return "long_context" if long_context and has_long else "standard"

    # --- messages ------------------------------------------------------------------------------------------------

    def exceeded(
        self, model: Model, input_tokens: int, at: float, *, prompt_bytes: int = 0, pool: Pool = "standard"
    ) -> Exceeded | None:
        """Tell which limit a call would exceed; None where there is room for it."""
        most = self._limits.concurrent
        if most is not None and len(self._crowd) >= most:
            return Exceeded("concurrent", None, 1)
        # An answer's length is not known yet: some output has to be left.
        needs = _taken(input_tokens, prompt_bytes, pool) | {_OUTPUT[pool]: 1}
        found = [*self._short(model, needs, at), *self._too_fast(model, input_tokens, at)]
        return max(found, key=lambda one: one.wait_s, default=None)

    def let_in(
        self, model: Model, input_tokens: int, at: float, *, prompt_bytes: int = 0, pool: Pool = "standard"
    ) -> UnderWay:
        """Take a call's request and input; it counts as under way until it is `over`."""
        self._take(model, _taken(input_tokens, prompt_bytes, pool), at)
        if (ramp := self._ramp_of(model)) is not None:
            ramp.take(input_tokens, at)
        return self._crowd.let_in()

    def over(self, call: UnderWay) -> None:
        self._crowd.over(call)

    def said(self, model: Model, output_tokens: int, at: float, *, pool: Pool = "standard") -> None:
        """Take an answer's output."""
        self._take(model, {_OUTPUT[pool]: output_tokens}, at)

    def standing(self, model: Model, at: float, *, pool: Pool = "standard") -> Mapping[Family, Standing]:
        """Tell where each limit stands that a call of that pool may meet; what is not limited is left out.

        Long prompts are told of theirs in the place of the usual ones (unverified).
        """
        stands = {family: bucket.standing(at) for family, bucket in self._of(model, at).items()}
        shown = {family: stand for family, stand in stands.items() if not family.startswith(("fast_", "long_context_"))}
        if pool == "fast":
            return shown | {family: stand for family, stand in stands.items() if family.startswith("fast_")}
        for usual, own in (("input_tokens", _INPUT[pool]), ("output_tokens", _OUTPUT[pool])):
            if own in stands:
                shown[usual] = stands[own]  # type: ignore[index]
        return shown

    # --- other endpoints -----------------------------------------------------------------------------------------

    def other(self, name: Other, at: float) -> Exceeded | None:
        """Take a call of another endpoint, or tell that it would exceed its limit."""
        bucket = self._others.get(name)
        if bucket is None:
            return None
        wait_s = bucket.wait_s(1, at)
        if wait_s > 0:
            return Exceeded(name, bucket.limit, _whole(wait_s))
        bucket.take(1, at)
        return None

    def queued(self, waiting: Mapping[float, int], more: int, at: float) -> Exceeded | None:
        """Tell whether so many requests more would be too many; `waiting`: how many leave the queue at which instant."""
        most, left = self._limits.batch_queue, sum(waiting.values()) + more
        if most is None or left <= most:
            return None
        free_at = at
        for instant, leaving in sorted(waiting.items()):
            free_at, left = instant, left - leaving
            if left <= most:
                break
        return Exceeded("batch_queue", most, _whole(free_at - at))

    # --- the parts -----------------------------------------------------------------------------------------------

    def _short(self, model: Model, needs: Mapping[Family, int], at: float) -> Iterator[Exceeded]:
        buckets = self._of(model, at)
        for family, need in needs.items():
            if family not in buckets:
                continue
            bucket = buckets[family]
            wait_s = bucket.wait_s(need, at)
            if wait_s > 0 or need > bucket.limit:
                yield Exceeded(family, bucket.limit, _whole(wait_s))

    def _too_fast(self, model: Model, input_tokens: int, at: float) -> Iterator[Exceeded]:
        ramp = self._ramp_of(model)
        if ramp is not None and not ramp.fits(input_tokens, at):
            yield Exceeded("acceleration", ramp.current(at), _whole(ramp.wait_s(at)), ramp.following(at))

    def _take(self, model: Model, amounts: Mapping[Family, int], at: float) -> None:
        buckets = self._of(model, at)
        for family, amount in amounts.items():
            if family in buckets:
                buckets[family].take(amount, at)

    def _of(self, model: Model, at: float) -> Mapping[Family, Bucket]:
        name = model_class(model)
        if name not in self._buckets:
            limited = self._limited.items()
            self._buckets[name] = {
                family: Bucket(limit, at, HOUR_S if family == "prompt_bytes" else MINUTE_S) for family, limit in limited
            }
        return self._buckets[name]

    def _ramp_of(self, model: Model) -> Ramp | None:
        if self._limits.acceleration is None:
            return None
        return self._ramps.setdefault(model_class(model), Ramp(self._limits.acceleration, self._start))


def model_class(model: Model) -> str:
    """Name the class of models that share limits: "sonnet 4"."""
    return f"{model.line} {generation(model.id)[0]}"


def _taken(input_tokens: int, prompt_bytes: int, pool: Pool) -> dict[Family, int]:
    """What a call takes when it is let in."""
    return {"requests": 1, _INPUT[pool]: input_tokens, "prompt_bytes": prompt_bytes}


def _whole(wait_s: float) -> int:
    return max(math.ceil(wait_s - GRAIN), 1)
