"""What a scenario expects, one verdict for each word."""

from __future__ import annotations

import pytest

from windtunnel.policies import find
from windtunnel.scenario.expect import Bounds, Expect
from windtunnel.scenario.judge import _ASKED, Evidence, judge, policy_for
from windtunnel.verdicts.claims import Claims
from windtunnel_server.journal import Entry

OWN = find("anthropic_python")


def entry(number: int, at: float, status: int) -> Entry:
    return Entry(
        number=number,
        provider="anthropic",
        method="POST",
        path="/v1/messages",
        arrived_at=at,
        sender="task 1",
        headers=(("x-stainless-retry-count", str(number - 1)),),
        status=status,
        head_at=at,
        ended="complete",
        ended_at=at,
    )


SEEN = Evidence(entries=[entry(1, 0, 529), entry(2, 0.45, 400)], claims=Claims(outcome="error"), own_policy=OWN)


def test_every_word_is_judged_and_in_its_order():
    every = Expect(
        outcome="success", attempts=2, backoff="own", auth=True, compaction=True, stream=True, tokens="exact",
        jitter=True, synchrony=True, within=10,
    )  # fmt: skip

    names = [verdict.name for verdict in judge(every, SEEN)]

    assert list(_ASKED) == every.words == list(Expect.model_fields) == names


@pytest.mark.parametrize(
    ("expect", "value"),
    [
        (Expect(outcome="error"), "pass"),
        (Expect(outcome="honest"), "pass"),
        (Expect(outcome="success"), "fail"),
        (Expect(attempts=2), "pass"),
        (Expect(attempts={"at_least": 3}), "fail"),
        (Expect(attempts={"at_most": 2}), "pass"),
        (Expect(backoff="own"), "pass"),
        (Expect(backoff={"base": 3, "factor": 2, "cap": 60, "max_retries": 2}), "fail"),
        (Expect(within=0.5), "pass"),
        (Expect(within=0.4), "fail"),
    ],
)
def test_the_words_mean_what_they_say(expect: Expect, value: str):
    (verdict,) = judge(expect, SEEN)

    assert verdict.value == value, verdict.render()


def test_nothing_asked_is_nothing_judged():
    assert judge(Expect(), SEEN) == []


@pytest.mark.parametrize(
    ("asked", "name"),
    [(None, OWN.name), ("own", OWN.name), ("claude_code", "claude_code"), ({"like": "claude_code", "name": "x"}, "x")],
)
def test_the_scenario_chooses_the_policy_or_leaves_it_to_the_client(asked, name: str):
    assert policy_for(Expect(backoff=asked), OWN).name == name


def test_bounds_include_their_ends():
    assert Bounds(at_least=1, at_most=3).range == range(1, 4)
    assert 10**9 in Bounds(at_least=2).range and 1 not in Bounds(at_least=2).range
    assert Expect(attempts=2).attempts == Bounds(at_least=2, at_most=2)
