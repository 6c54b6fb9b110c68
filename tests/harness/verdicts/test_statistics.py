"""The arithmetic behind the verdicts on populations."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.verdicts._statistics import binomial_tail, crowding, crowding_p_value, distance, ks_p_value

places = st.lists(st.floats(0, 1), min_size=1, max_size=40)


# Computed with scipy 1.17.1: scipy.stats.kstwo.sf(distance, number).
@pytest.mark.parametrize(
    ("far", "number", "p"),
    [
        (0.5, 20, 3.787595240539032e-05),
        (0.3, 50, 0.00017353260202718738),
        (0.2, 100, 0.0005551927327988775),
        (0.15, 200, 0.0002154191244887308),
        (0.1, 200, 0.03411035080315383),
        (0.07, 1000, 0.00010494206285958879),
    ],
)
def test_small_chances_are_those_of_scipy(far, number, p):
    assert ks_p_value(far, number) == pytest.approx(p, rel=0.001)


@pytest.mark.parametrize(
    ("far", "number", "p"),
    [(0.2, 20, 0.352720173623415), (0.1, 50, 0.6623112704658186), (0.03, 1000, 0.3226902143914636)],
)
def test_large_chances_are_near_those_of_scipy(far, number, p):
    assert ks_p_value(far, number) == pytest.approx(p, rel=0.03)


def test_no_distance_is_certain_and_a_whole_one_impossible():
    assert ks_p_value(0.0, 30) == 1.0
    assert ks_p_value(1.0, 30) == 0.0


def test_the_distance_of_a_few_values_by_hand():
    assert distance([0.5], [0.5]) == 0.5
    assert distance([0.1, 0.2], [0.1, 0.2]) == pytest.approx(0.8)
    assert distance([0.25, 0.75], [0.25, 0.75]) == 0.25
    assert distance([4.0], [4.0]) == 1.0


@given(places, st.floats(0, 0.3), st.floats(0, 0.3), st.randoms())
def test_a_doubt_about_the_values_never_makes_the_distance_longer(values, early, late, chance):
    true = distance(values, values)
    seen = [value + chance.uniform(-early, late) for value in values]

    assert distance([at - late for at in seen], [at + early for at in seen]) <= true + 1e-9


def test_the_chance_is_as_often_that_small_as_it_says():
    chance = random.Random(1)
    p_values = []
    for _ in range(2000):
        drawn = [chance.random() for _ in range(20)]
        p_values.append(ks_p_value(distance(drawn, drawn), 20))

    for level in (0.01, 0.1, 0.5):
        share = sum(p <= level for p in p_values) / len(p_values)
        assert share == pytest.approx(level, abs=0.03)


# Computed with scipy 1.17.1: scipy.stats.binom.sf(16, 49, 0.1).
def test_the_binomial_tail_is_that_of_scipy():
    assert binomial_tail(17, 49, 0.1) == pytest.approx(2.7680715430054863e-06)


@pytest.mark.parametrize(("at_least", "share", "chance"), [(0, 0.1, 1.0), (3, 1.0, 1.0), (3, 0.0, 0.0)])
def test_the_binomial_tail_at_its_ends(at_least, share, chance):
    assert binomial_tail(at_least, 5, share) == chance


@given(st.lists(st.floats(0, 100), min_size=1, max_size=30), st.floats(0, 20))
def test_the_fullest_window_is_the_fullest_that_begins_at_any_moment(moments, window):
    by_hand = max(sum(start <= moment and moment - start <= window for moment in moments) for start in moments)

    assert crowding(moments, window) == by_hand


def test_a_larger_crowd_is_less_likely():
    chances = [crowding_p_value(crowd, 30, 0.1) for crowd in range(31)]

    assert chances[:2] == [1.0, 1.0]
    assert all(more >= fewer for more, fewer in pairwise(chances))
    assert chances[30] < 1e-20


def test_the_bound_on_crowds_holds():
    chance = random.Random(2)
    crowds = [crowding([chance.random() for _ in range(30)], 0.1) for _ in range(2000)]

    for crowd in range(2, 15):
        share = sum(seen >= crowd for seen in crowds) / len(crowds)
        assert share <= crowding_p_value(crowd, 30, 0.1) + 0.03
