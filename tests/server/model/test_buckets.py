"""Buckets on a clock."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.buckets import HOUR_S, Bucket, Standing

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


def test_a_period_may_be_an_hour() -> None:
    bucket = Bucket(3600, 0.0, HOUR_S)
    bucket.take(3600, 0.0)

    assert [bucket.standing(at).remaining for at in (0.0, 60.0, 3600.0)] == [0, 60, 3600]
