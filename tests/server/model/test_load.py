"""When calls are shed."""

from __future__ import annotations

import gc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.load import Crowd, Load
from windtunnel_server.settings import Overload


def load(seed: int = 0, **limits: float) -> Load:
    return Load(Overload(**limits), seed=seed)  # type: ignore[arg-type]


def test_more_calls_under_way_than_there_is_room_for_are_shed() -> None:
    busy = load(concurrent=3)

    assert [busy.sheds(under_way, 0.0) for under_way in (0, 2, 3, 9, 2)] == [False, False, True, True, False]


def test_calls_of_the_last_second_count_and_it_recovers_when_they_cease() -> None:
    busy = load(requests_per_second=2)

    came = [busy.sheds(0, at) for at in (0.0, 0.1, 0.2, 0.9, 1.0, 1.95, 2.5)]

    assert came == [False, False, True, True, True, False, False]


def test_knocking_is_load_too() -> None:
    busy = load(requests_per_second=2)

    assert [busy.sheds(0, at * 0.3) for at in range(12)] == [False] * 2 + [True] * 10


def test_a_share_of_them_is_shed_and_the_seed_says_which() -> None:
    def shed(seed: int) -> list[bool]:
        busy = load(seed, concurrent=1, share=0.25)
        return [busy.sheds(1, float(at)) for at in range(2000)]

    assert 400 < sum(shed(1)) < 600
    assert shed(1) == shed(1) != shed(2)


@given(st.lists(st.floats(0, 0.6), max_size=60), st.integers(1, 5))
def test_a_pace_that_fits_is_never_shed(gaps: list[float], rate: int) -> None:
    busy, at = load(requests_per_second=rate), 0.0
    for gap_s in gaps:
        at += 1.001 / rate + gap_s

        assert not busy.sheds(0, at)


@pytest.mark.parametrize("leave", ["over", "forgotten"])
def test_a_call_is_under_way_until_it_is_over_or_nobody_holds_it(leave: str) -> None:
    crowd = Crowd()
    kept, call = crowd.let_in(), crowd.let_in()
    assert len(crowd) == 2

    if leave == "over":
        crowd.over(call)
        crowd.over(call)
    del call
    gc.collect()

    assert len(crowd) == 1
    crowd.over(kept)
    assert len(crowd) == 0
