"""Claims of many, and their sum."""

from __future__ import annotations

import pytest

from windtunnel.subjects.ask import Ask
from windtunnel.subjects.crowd import on_threads, plus, summed
from windtunnel.verdicts.claims import Claim


def test_claims_stand_in_the_order_of_their_ends():
    claims = summed(Claim(outcome="success", client=n, ended_at=at) for n, at in enumerate([3.0, 1.0, 1.0]))

    assert claims.calls is not None
    assert [claim.client for claim in claims.calls] == [1, 2, 0]


def test_one_failure_is_a_failure_and_no_claim_at_all_is_one_too():
    good, bad = Claim(outcome="success"), Claim(outcome="error")

    assert [summed(claims).outcome for claims in ([good], [good, bad], [])] == ["success", "error", "error"]


def test_counts_are_added_also_inside_objects_and_nothing_else_is():
    usage = {"input_tokens": 3, "service_tier": "standard", "cache_creation": {"a": 1}, "more": None, "on": True}

    total = plus(plus({}, usage), {"input_tokens": 4, "cache_creation": {"a": 2, "b": 5}})

    assert total == {"input_tokens": 7, "cache_creation": {"a": 3, "b": 5}}


def test_what_one_of_many_raises_is_raised_when_all_have_ended():
    ended = []

    def play(number, tell):
        if number == 1:
            raise KeyError("one of them")
        ended.append(number)

    with pytest.raises(KeyError, match="one of them"):
        on_threads(Ask(clients=3), play)

    assert sorted(ended) == [0, 2]
