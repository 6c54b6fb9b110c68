"""Rate limits: who is turned away, for how long, and what the standings promise."""

from __future__ import annotations

import gc
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from windtunnel_server.clock import VIRTUAL_START
from windtunnel_server.model.buckets import Standing
from windtunnel_server.model.limits import Exceeded, Family, Limiter, Pool, model_class
from windtunnel_server.model.models import Model, find
from windtunnel_server.settings import Acceleration, RateLimits


def model(name: str) -> Model:
    known = find(name)
    assert known is not None
    return known


SONNET, HAIKU = model("claude-sonnet-4-6"), model("claude-haiku-4-5")
POOLS: tuple[Pool, ...] = ("standard", "fast", "long_context")


def test_the_limit_that_is_hit_is_named_with_the_wait() -> None:
    limiter = Limiter(RateLimits(requests_per_minute=2, input_tokens_per_minute=1000))
    for _ in range(2):
        assert limiter.exceeded(SONNET, 100, 0.0) is None
        limiter.let_in(SONNET, 100, 0.0)

    assert limiter.exceeded(SONNET, 100, 0.0) == Exceeded("requests", 2, 30)
    assert limiter.exceeded(SONNET, 950, 30.0) is None
    limiter.let_in(SONNET, 950, 30.0)
    assert limiter.exceeded(SONNET, 950, 60.0) == Exceeded("input_tokens", 1000, 24)


def test_input_that_never_fits_is_never_let_in() -> None:
    limiter = Limiter(RateLimits(input_tokens_per_minute=1000))

    assert limiter.exceeded(SONNET, 1001, 0.0) == Exceeded("input_tokens", 1000, 1)


def test_output_is_taken_when_it_is_known_and_the_next_call_waits() -> None:
    limiter = Limiter(RateLimits(output_tokens_per_minute=60))
    limiter.said(SONNET, 80, 0.0)

    assert limiter.exceeded(SONNET, 5, 0.0) == Exceeded("output_tokens", 60, 21)
    assert limiter.standing(SONNET, 0.0)["output_tokens"].remaining == 0
    assert limiter.exceeded(SONNET, 5, 21.0) is None


def test_classes_of_models_have_limits_of_their_own() -> None:
    limiter = Limiter(RateLimits(requests_per_minute=1))
    limiter.let_in(SONNET, 1, 0.0)

    assert limiter.exceeded(model("claude-sonnet-4-5"), 1, 0.0) is not None
    assert limiter.exceeded(HAIKU, 1, 0.0) is None
    assert limiter.exceeded(model("claude-sonnet-5"), 1, 0.0) is None


@pytest.mark.parametrize(
    ("name", "shared"),
    [("claude-3-5-haiku-20241022", "haiku 3"), ("claude-opus-4-8", "opus 4"), ("claude-fable-5", "fable 5")],
)
def test_a_class_is_a_line_and_a_major_version(name: str, shared: str) -> None:
    assert model_class(model(name)) == shared


def test_calls_under_way_are_counted_over_all_models_until_they_are_over() -> None:
    limiter = Limiter(RateLimits(concurrent=2))
    first, second = limiter.let_in(SONNET, 1, 0.0), limiter.let_in(HAIKU, 1, 0.0)

    assert limiter.exceeded(SONNET, 1, 0.0) == Exceeded("concurrent", None, 1)
    limiter.over(first)
    limiter.over(first)
    assert limiter.exceeded(SONNET, 1, 0.0) is None
    third = limiter.let_in(SONNET, 1, 0.0)
    assert limiter.exceeded(SONNET, 1, 0.0) is not None
    assert second is not third


def test_a_call_that_nobody_holds_any_more_is_over() -> None:
    limiter = Limiter(RateLimits(concurrent=1))
    call = limiter.let_in(SONNET, 1, 0.0)

    del call
    gc.collect()

    assert limiter.exceeded(SONNET, 1, 0.0) is None


def test_what_is_not_limited_has_no_standing() -> None:
    assert set(Limiter(RateLimits(input_tokens_per_minute=5)).standing(SONNET, 0.0)) == {"input_tokens"}


def test_of_several_limits_the_one_with_the_longest_wait_is_told() -> None:
    limiter = Limiter(RateLimits(requests_per_minute=60, input_tokens_per_minute=600))
    for _ in range(60):
        limiter.let_in(SONNET, 10, 0.0)

    assert limiter.exceeded(SONNET, 10, 0.0) == Exceeded("requests", 60, 1)
    assert limiter.exceeded(SONNET, 100, 0.0) == Exceeded("input_tokens", 600, 10)


def test_bytes_are_counted_by_the_hour() -> None:
    limiter = Limiter(RateLimits(prompt_bytes_per_hour=3600))
    limiter.let_in(SONNET, 1, 0.0, prompt_bytes=3600)

    assert limiter.exceeded(SONNET, 1, 0.0, prompt_bytes=90) == Exceeded("prompt_bytes", 3600, 90)
    assert limiter.exceeded(SONNET, 1, 90.0, prompt_bytes=90) is None


def test_use_that_grows_too_fast_waits_for_the_next_minute_of_the_wall_clock() -> None:
    ramp = Acceleration(input_tokens_per_minute=100, growth=50)
    limiter = Limiter(RateLimits(acceleration=ramp), start=VIRTUAL_START + 15)
    limiter.let_in(SONNET, 90, 0.0)

    assert limiter.exceeded(SONNET, 20, 0.0) == Exceeded("acceleration", 100, 45, 150)
    assert limiter.exceeded(HAIKU, 20, 0.0) is None
    assert limiter.exceeded(SONNET, 150, 45.0) is None


def test_a_wait_that_was_rounded_by_a_hair_is_enough_all_the_same() -> None:
    limiter = Limiter(RateLimits(acceleration=Acceleration(input_tokens_per_minute=100, growth=50)))
    just_before = 29.999_999_5
    limiter.let_in(SONNET, 100, just_before)
    exceeded = limiter.exceeded(SONNET, 150, just_before)

    assert exceeded is not None and exceeded.wait_s == 30
    assert limiter.exceeded(SONNET, 150, just_before + 30) is None


def test_other_endpoints_have_limits_of_their_own() -> None:
    limiter = Limiter(RateLimits(count_tokens_per_minute=2, requests_per_minute=1))

    assert [limiter.other("count_tokens", 0.0) for _ in range(3)] == [None, None, Exceeded("count_tokens", 2, 30)]
    assert limiter.other("batch_calls", 0.0) is None
    assert limiter.exceeded(SONNET, 1, 0.0) is None
    assert limiter.other("count_tokens", 30.0) is None


def test_a_queue_that_is_full_says_when_enough_of_it_has_left() -> None:
    limiter = Limiter(RateLimits(batch_queue=100))
    waiting = {60.0: 40, 30.0: 30, 90.0: 20}

    assert limiter.queued(waiting, 10, 5.0) is None
    assert limiter.queued(waiting, 11, 5.0) == Exceeded("batch_queue", 100, 25)
    assert limiter.queued(waiting, 60, 5.0) == Exceeded("batch_queue", 100, 55)


limits = st.fixed_dictionaries(
    {},
    optional={
        "requests_per_minute": st.integers(1, 50),
        "input_tokens_per_minute": st.integers(50, 5_000),
        "output_tokens_per_minute": st.integers(50, 5_000),
        "prompt_bytes_per_hour": st.integers(500, 50_000),
    },
)


class Kept(RuleBasedStateMachine):
    """Calls come as they like: what the standings and the waits say, holds."""

    @initialize(limits=limits, growth=st.none() | st.integers(1, 1000))
    def open(self, limits: dict[str, Any], growth: int | None) -> None:
        ramp = None if growth is None else Acceleration(input_tokens_per_minute=1000, growth=growth)
        self.limiter = Limiter(RateLimits(acceleration=ramp, **limits), start=VIRTUAL_START + 7.25)
        self.at, self.before = 0.0, dict[Family, Standing]()
        self.promise: tuple[int, int] | None = None

    @rule(for_s=st.floats(0, 100))
    def time_goes_by(self, for_s: float) -> None:
        self.at += for_s
        self.promise = None
        self.before = dict(self.limiter.standing(SONNET, self.at))

    @rule(tokens=st.integers(0, 1000), size=st.integers(0, 4000), answer=st.integers(0, 3000))
    def a_call_comes(self, tokens: int, size: int, answer: int) -> None:
        exceeded = self.limiter.exceeded(SONNET, tokens, self.at, prompt_bytes=size)
        if exceeded is None:
            self.limiter.let_in(SONNET, tokens, self.at, prompt_bytes=size)
            self.limiter.said(SONNET, answer, self.at)
            # What somebody was told held as long as nobody else came.
            self.promise = None
        elif self._ever_fits(tokens, size, exceeded):
            self.promise = tokens, size
            self.wait_s = exceeded.wait_s

    @precondition(lambda self: self.promise is not None)
    @rule()
    def the_wait_is_kept(self) -> None:
        tokens, size = self.promise or (0, 0)
        self.at += self.wait_s
        assert self.limiter.exceeded(SONNET, tokens, self.at, prompt_bytes=size) is None
        self.promise, self.before = None, dict(self.limiter.standing(SONNET, self.at))

    @invariant()
    def what_is_left_never_rises_without_time(self) -> None:
        if hasattr(self, "limiter"):
            now = self.limiter.standing(SONNET, self.at)
            for family, standing in now.items():
                assert 0 <= standing.remaining <= self.before.get(family, standing).remaining <= standing.limit
            self.before = dict(now)

    @invariant()
    def it_is_whole_when_it_says_so_and_not_a_second_before(self) -> None:
        if hasattr(self, "limiter"):
            for family, one in self.limiter.standing(SONNET, self.at).items():
                assert (one.whole_in_s == 0) == (one.remaining == one.limit)
                refilled = one.limit / (3600 if family == "prompt_bytes" else 60) * one.whole_in_s
                missing = one.limit - one.remaining
                # What is left is told in whole numbers, and as 0 where an answer took more than there was.
                assert refilled > missing - 1.001
                assert refilled < missing + 0.001 or one.remaining == 0

    def _ever_fits(self, tokens: int, size: int, exceeded: Exceeded) -> bool:
        """A prompt above a limit never fits; one above what the next minute allows may have to wait for another."""
        standing = self.limiter.standing(SONNET, self.at)
        needs = {"input_tokens": tokens, "prompt_bytes": size}
        fits = all(amount <= standing[name].limit for name, amount in needs.items() if name in standing)  # type: ignore[index]
        return fits and tokens <= 1000


Kept.TestCase.settings = settings(max_examples=30, stateful_step_count=20, deadline=None)
TestKept = Kept.TestCase


@given(st.floats(0, 1e5), st.integers(1, 60))
def test_waits_are_whole_seconds_and_never_none(at: float, limit: int) -> None:
    limiter = Limiter(RateLimits(requests_per_minute=limit))
    for _ in range(limit):
        limiter.let_in(SONNET, 0, at)
    exceeded = limiter.exceeded(SONNET, 0, at)

    assert exceeded is not None and exceeded.wait_s == max(math.ceil(60 / limit - 1e-6), 1)


# --- pools ---------------------------------------------------------------------------------------------------------


def test_fast_mode_takes_from_limits_of_its_own_and_shares_the_requests() -> None:
    limits = RateLimits(requests_per_minute=2, input_tokens_per_minute=10, fast_output_tokens_per_minute=5)
    limiter = Limiter(limits)

    limiter.let_in(SONNET, 1000, 0.0, pool="fast")
    limiter.said(SONNET, 6, 0.0, pool="fast")

    assert limiter.exceeded(SONNET, 10, 0.0) is None
    assert limiter.exceeded(SONNET, 10, 0.0, pool="fast") == Exceeded("fast_output_tokens", 5, 24)
    limiter.let_in(SONNET, 10, 0.0)
    assert limiter.exceeded(SONNET, 0, 0.0) == Exceeded("requests", 2, 30)


def test_a_limit_of_nothing_lets_nothing_in_and_never_fills() -> None:
    limiter = Limiter(RateLimits(fast_input_tokens_per_minute=0))

    assert limiter.exceeded(SONNET, 1, 1e6, pool="fast") == Exceeded("fast_input_tokens", 0, 1)
    assert limiter.exceeded(SONNET, 1, 1e6) is None


@pytest.mark.parametrize(
    ("limits", "fast", "long_context", "pool"),
    [
        (RateLimits(), False, False, "standard"),
        (RateLimits(), True, True, "fast"),
        (RateLimits(), False, True, "standard"),
        (RateLimits(long_context_output_tokens_per_minute=1), False, True, "long_context"),
        (RateLimits(long_context_output_tokens_per_minute=1), False, False, "standard"),
    ],
)
def test_long_prompts_share_the_usual_limits_unless_they_have_some(
    limits: RateLimits, fast: bool, long_context: bool, pool: str
) -> None:
    assert Limiter(limits).pool(fast=fast, long_context=long_context) == pool


def test_standings_are_those_a_call_may_meet() -> None:
    limits = RateLimits(
        input_tokens_per_minute=1, fast_input_tokens_per_minute=2, long_context_input_tokens_per_minute=3
    )
    limiter = Limiter(limits)

    shown = {
        pool: {family: stand.limit for family, stand in limiter.standing(SONNET, 0.0, pool=pool).items()}
        for pool in POOLS
    }

    assert shown == {
        "standard": {"input_tokens": 1},
        "fast": {"input_tokens": 1, "fast_input_tokens": 2},
        "long_context": {"input_tokens": 3},
    }
