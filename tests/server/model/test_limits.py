"""Rate limits: buckets on a clock."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.limits import Bucket, Exceeded, Limiter, Standing, model_class
from windtunnel_server.model.models import Model, find
from windtunnel_server.settings import RateLimits


def model(name: str) -> Model:
    known = find(name)
    assert known is not None
    return known


SONNET, HAIKU = model("claude-sonnet-4-6"), model("claude-haiku-4-5")

amounts = st.lists(st.tuples(st.floats(0, 90), st.integers(1, 60)), max_size=20)


@given(limit=st.integers(1, 100_000), asked=amounts)
def test_a_minute_never_lets_more_through_than_two_buckets(limit: int, asked: list[tuple[float, int]]) -> None:
    bucket, at, taken = Bucket(limit, 0.0), 0.0, []
    for gap_s, amount in asked:
        at += gap_s
        if bucket.wait_s(amount, at) == 0 and amount <= limit:
            bucket.take(amount, at)
            taken.append((at, amount))

    for since, _ in taken:
        # What the full bucket held, and what a minute adds to it.
        assert sum(amount for when, amount in taken if since <= when < since + 60) <= 2 * limit


@given(limit=st.integers(1, 2_000_000), first=st.integers(0, 3_000_000), second=st.integers(1, 2_000_000))
def test_the_wait_it_tells_is_enough_and_none_too_long(limit: int, first: int, second: int) -> None:
    bucket = Bucket(limit, 0.0)
    bucket.take(first, 0.0)
    wait_s = bucket.wait_s(second, 0.0)

    if wait_s > 0.01:
        assert bucket.wait_s(second, wait_s * 0.99) > 0
    assert bucket.wait_s(second, wait_s) == 0


@given(limit=st.integers(1, 2_000_000), taken=st.integers(0, 2_000_000))
def test_it_is_whole_when_it_says_so(limit: int, taken: int) -> None:
    bucket = Bucket(limit, 0.0)
    bucket.take(taken, 0.0)

    standing = bucket.standing(0.0)

    assert bucket.standing(standing.whole_in_s) == Standing(limit, limit, 0.0)
    assert standing.remaining == max(limit - taken, 0)


def test_it_is_refilled_evenly_and_never_above_its_limit() -> None:
    bucket = Bucket(60, 0.0)
    bucket.take(60, 0.0)

    assert [bucket.standing(at).remaining for at in (0.0, 0.5, 1.0, 10.0, 60.0, 600.0)] == [0, 0, 1, 10, 60, 60]


def test_time_that_runs_backwards_refills_nothing() -> None:
    bucket = Bucket(60, 10.0)
    bucket.take(30, 10.0)

    assert bucket.level(5.0) == 30


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
