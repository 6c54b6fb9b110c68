"""The acceleration limit, minute by minute."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.clock import VIRTUAL_START
from windtunnel_server.model.ramp import Ramp
from windtunnel_server.settings import Acceleration


def ramp(first: int = 100, growth: int = 10, start: float = 0.0) -> Ramp:
    return Ramp(Acceleration(input_tokens_per_minute=first, growth=growth), start)


def test_a_minute_allows_what_the_one_before_it_used_and_the_growth() -> None:
    limit = ramp()
    for minute, used in enumerate((100, 110, 120)):
        assert limit.fits(used, minute * 60.0)
        limit.take(used, minute * 60.0)

    assert limit.current(179.0) == 120
    assert limit.current(180.0) == 130


def test_a_call_that_does_not_fit_is_told_the_truth_about_the_next_minute() -> None:
    limit = ramp(start=VIRTUAL_START + 20)
    limit.take(95, 0.0)

    assert not limit.fits(10, 3.0)
    promised, wait_s = limit.following(3.0), limit.wait_s(3.0)

    assert (promised, wait_s) == (110, 37.0)
    assert limit.current(3.0 + wait_s) == promised
    assert limit.fits(10, 3.0 + wait_s)


def test_after_an_idle_minute_it_begins_anew() -> None:
    limit = ramp()
    limit.take(100, 0.0)
    limit.take(110, 60.0)

    assert [limit.current(at) for at in (60.0, 120.0, 180.0)] == [110, 120, 100]


def test_use_that_falls_takes_the_limit_down_with_it_but_never_below_the_first() -> None:
    limit = ramp()
    for minute, used in enumerate((100, 110, 120, 95, 1)):
        limit.take(used, minute * 60.0)

    assert [limit.current(at) for at in (240.0, 300.0)] == [105, 100]


@given(at=st.floats(0, 1e6), start=st.sampled_from([0.0, VIRTUAL_START, VIRTUAL_START + 0.3]))
def test_the_boundary_is_reached_by_the_wait_and_not_before(at: float, start: float) -> None:
    limit = ramp(start=start)
    limit.take(101, at)
    wait_s = limit.wait_s(at)

    assert 0 < wait_s <= 60 + 1e-3
    assert limit.current(at + wait_s) == 111
