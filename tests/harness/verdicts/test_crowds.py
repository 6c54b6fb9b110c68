"""Twelve identical calls at once, three of them refused: right chains where the marks allow, and never a false failure."""

from __future__ import annotations

import random

import pytest

from windtunnel.policies import POLICIES, Failure, Policy
from windtunnel.verdicts import EXACT, REAL, Tolerance
from windtunnel.verdicts.backoff import judge
from windtunnel.verdicts.chains import chains

PYTHON, CLAUDE = POLICIES["anthropic_python"], POLICIES["claude_code"]
CALLS, REFUSED = 12, 3
RATE_LIMITED = Failure(status=429)


def crowd(told, seed: int, policy: Policy, *, counted: bool, marked: bool, spread_s: float = 0.01, failures: int = 1):
    """Write down twelve calls with one body, `REFUSED` of them answered 429 so many times; return whose each entry is."""
    chance = random.Random(seed)
    refused = set(chance.sample(range(CALLS), REFUSED))
    planned = []
    for call in range(CALLS):
        at = chance.uniform(0, spread_s)
        for attempt in range(failures + 1 if call in refused else 1):
            last = call not in refused or attempt == failures
            takes = chance.uniform(0.001, 0.05)
            planned.append((at, takes, 200 if last else 429, attempt, call))
            envelope = policy.envelope(RATE_LIMITED, attempt)
            at += takes + chance.uniform(envelope.low_s, envelope.high_s)
    owners = {}
    for at, takes, status, attempt, call in sorted(planned):
        entry = told.call(
            at,
            status,
            takes=takes,
            count=attempt if counted else 0,
            sender=f"task {call}" if marked else None,
            connection=chance.randrange(4),
        )
        owners[entry.number] = call
    return owners


def true_chains(owners: dict[int, int]) -> set[tuple[int, ...]]:
    return {tuple(number for number, owner in owners.items() if owner == call) for call in owners.values()}


@pytest.mark.parametrize("counted", [True, False])
def test_in_process_the_chains_are_right_in_a_hundred_runs_of_a_hundred(journals, counted):
    policy = PYTHON if counted else CLAUDE
    for seed in range(100):
        told = journals()
        owners = crowd(told, seed, policy, counted=counted, marked=True, failures=2)

        found = chains(told.entries)

        assert {chain.numbers for chain in found} == true_chains(owners)
        assert all(chain.certain for chain in found)
        assert judge(told.entries, policy, tolerance=EXACT, finished=True).passed


@pytest.mark.parametrize("failures", [1, 2])
def test_from_another_process_there_are_twelve_chains_of_the_right_lengths(journals, failures):
    """Who of the three came back cannot be told; that three did, and nine had no need to, can."""
    for seed in range(100):
        told = journals()
        crowd(told, seed, PYTHON, counted=True, marked=False, failures=failures)

        found = chains(told.entries)

        assert sorted(len(chain.attempts) for chain in found) == [1] * 9 + [failures + 1] * 3
        for chain in found:
            statuses = [attempt.status for attempt in chain.attempts]
            assert statuses == [429] * (len(statuses) - 1) + [200]


def test_a_chain_that_is_called_certain_is_right(journals):
    said = 0
    for seed in range(300):
        told = journals()
        owners = crowd(told, seed, PYTHON, counted=True, marked=False, spread_s=3.0)

        for chain in chains(told.entries):
            if chain.certain:
                said += len(chain.attempts) > 1
                assert chain.numbers in true_chains(owners)
    assert said > 50


@pytest.mark.parametrize(("policy", "counted"), [(PYTHON, True), (CLAUDE, False)], ids=["counts", "no counts"])
@pytest.mark.parametrize("tolerance", [EXACT, REAL], ids=["exact", "real"])
@pytest.mark.parametrize("spread_s", [0.01, 1.0, 20.0])
def test_a_client_elsewhere_that_keeps_to_its_policy_never_fails(journals, policy, counted, tolerance, spread_s):
    for seed in range(100):
        told = journals()
        crowd(told, seed, policy, counted=counted, marked=False, spread_s=spread_s, failures=2)

        verdict = judge(told.entries, policy, tolerance=tolerance, finished=True)

        assert not verdict.failed, f"seed {seed}: {verdict.render()}"


def test_calls_elsewhere_that_all_give_up_in_vain_never_fail(journals):
    """Their attempts, interleaved, look like one call with too many of them."""
    plain = POLICIES["vercel_ai"]
    for seed in range(200):
        chance, told = random.Random(seed), journals()
        starts = [chance.uniform(0, 20) for _ in range(chance.choice((2, 3)))]
        for at in sorted(start + wait for start in starts for wait in (0.0, 2.0, 6.0)):
            told.call(at, 429)

        verdict = judge(told.entries, plain, tolerance=Tolerance(0.001, 0.001), finished=True)

        assert not verdict.failed, f"seed {seed}: {verdict.render()}"


def test_a_client_elsewhere_that_hammers_still_fails(told):
    for attempt in range(50):
        told.call(attempt * 0.01, 429)

    verdict = judge(told.entries, POLICIES["vercel_ai"], tolerance=REAL, finished=True)

    assert verdict.failed
    assert {"waited too briefly", "too many attempts"} <= {finding.title for finding in verdict.findings}
