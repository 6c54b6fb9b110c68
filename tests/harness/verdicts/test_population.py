"""Jitter and synchrony: populations that keep to their policy, and some that do not."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from windtunnel.policies import POLICIES, Failure, Jitter, Policy, custom
from windtunnel.verdicts import EXACT, REAL, Tolerance
from windtunnel.verdicts.account import AttemptAccount, ChainAccount, Report
from windtunnel.verdicts.backoff import judge
from windtunnel.verdicts.chains import Chain
from windtunnel.verdicts.population import FEWEST_WAITS, jitter, synchrony

PYTHON = POLICIES["anthropic_python"]
STEADY = custom(base_s=1, max_retries=3, name="steady")
JITTERED = [policy for policy in POLICIES.values() if policy.jitter.present]
OVERLOADED = Failure(status=529)

#: Where in its envelope, 0 to 1, the wait before a retry of a client lies: chance, client, retry → place.
Draw = Callable[[random.Random, int, int], float]


def even(chance: random.Random, client: int, retry: int) -> float:
    return chance.random()


def population(
    policy: Policy,
    draw: Draw = even,
    *,
    clients: int = 20,
    seed: int = 1,
    failures: Sequence[Failure] = (OVERLOADED,) * 2,
    staggered_s: float = 0.0,
    certain: bool = True,
) -> Report:
    """Make the report of clients that all fail, at once or within `staggered_s`, and come back by `draw`."""
    chance = random.Random(seed)
    chains = []
    for client in range(clients):
        at = chance.uniform(0.0, staggered_s)
        rows = [AttemptAccount(client + 1, at, at, "529")]
        for retry, failure in enumerate(failures):
            envelope = policy.envelope(failure, retry)
            gap = envelope.low_s + (envelope.high_s - envelope.low_s) * draw(chance, client, retry)
            mark = EXACT.mark(gap, envelope)
            at += gap
            rows.append(AttemptAccount((retry + 1) * clients + client + 1, at, at, "529", gap, envelope, mark))
        chains.append(ChainAccount(Chain((), certain, "sender", len(rows) if certain else 0), tuple(rows)))
    return Report(policy.name, tuple(chains))


def titles(verdict) -> list[str]:
    return [finding.title for finding in verdict.findings]


# --- jitter --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", JITTERED, ids=lambda policy: policy.name)
def test_waits_drawn_from_the_policy_pass(policy):
    verdict = jitter(population(policy), policy, tolerance=EXACT)

    assert verdict.passed, verdict.render()
    assert f"{policy.name}: {policy.jitter}, n = 40, D = 0." in verdict.summary
    assert ", p = " in verdict.summary


def test_right_populations_pass_in_999_of_1000_seeds():
    failed = [seed for seed in range(1000) if not jitter(population(PYTHON, seed=seed), PYTHON, tolerance=EXACT).passed]

    assert len(failed) <= 1


@pytest.mark.parametrize("place", [0.0, 0.3, 0.5, 1.0])
def test_no_jitter_where_it_is_declared_fails_at_the_least_number_of_waits(place):
    steady = population(PYTHON, lambda *_: place, clients=FEWEST_WAITS, failures=[OVERLOADED])

    verdict = jitter(steady, PYTHON, tolerance=EXACT)

    assert verdict.failed
    assert titles(verdict) == ["no jitter"]
    assert f"at {place:.0%} of its envelope" in verdict.findings[0].seen
    assert "n = 20, D = " in verdict.findings[0].seen


@pytest.mark.parametrize(
    "shape",
    [
        lambda chance, client, retry: chance.random() ** 3,
        lambda chance, client, retry: chance.random() / 2,
        lambda chance, client, retry: chance.choice((0.1, 0.9)),
        lambda chance, client, retry: min(max(chance.gauss(0.5, 0.08), 0), 1),
    ],
    ids=["leans to one side", "half the width", "two values", "a bell"],
)
def test_jitter_of_another_shape_fails_in_every_seed(shape):
    for seed in range(200):
        verdict = jitter(population(PYTHON, shape, clients=60, seed=seed), PYTHON, tolerance=EXACT)

        assert verdict.failed
        assert titles(verdict) == ["jitter of another shape"]


def test_full_jitter_declared_and_equal_jitter_done_fails():
    full = PYTHON.changed(jitter=Jitter("full"), name="full")

    verdict = jitter(population(full, lambda chance, *_: chance.uniform(0.5, 1)), full, tolerance=EXACT)

    assert verdict.failed
    assert verdict.findings[0].seen.startswith("0, 0, ")


def test_one_wait_too_few_is_unknown():
    few = population(PYTHON, clients=FEWEST_WAITS - 1, failures=[OVERLOADED])

    verdict = jitter(few, PYTHON, tolerance=EXACT)

    assert verdict.unknown
    assert verdict.findings[0].seen == "19 waits"
    assert verdict.findings[0].allowed == "at least 20 waits"


def test_the_reports_of_many_runs_are_judged_together():
    runs = [population(PYTHON, clients=1, seed=seed) for seed in range(30)]

    assert jitter(runs[0], PYTHON, tolerance=EXACT).unknown
    verdict = jitter(runs, PYTHON, tolerance=EXACT)
    assert verdict.passed and "n = 60" in verdict.summary


def test_waits_after_a_hint_say_nothing_of_jitter():
    hinted = Failure(status=429, headers=(("retry-after", "2"),))

    verdict = jitter(population(PYTHON, failures=[hinted] * 3), PYTHON, tolerance=EXACT)

    assert verdict.unknown
    assert verdict.findings[0].seen == "0 waits; 60 left out: followed a hint"


def test_uncertain_chains_are_left_out():
    verdict = jitter(population(PYTHON, certain=False), PYTHON, tolerance=EXACT)

    assert verdict.unknown
    assert "40 left out: in uncertain chains" in verdict.findings[0].seen


def test_what_the_clock_adds_to_short_waits_cannot_be_told_from_jitter():
    assert jitter(population(PYTHON), PYTHON, tolerance=REAL).unknown
    assert jitter(population(PYTHON), PYTHON, tolerance=Tolerance(0.001, 0.005)).passed


def test_what_the_clock_adds_never_fails_a_client():
    slow = custom(base_s=3, max_retries=2, jitter=Jitter("full"), name="slow")
    report = population(slow, clients=1000)
    chains = tuple(
        replace(chain, attempts=tuple(_later(row, REAL.late_s) for row in chain.attempts)) for chain in report.chains
    )

    late = replace(report, chains=chains)

    assert jitter(late, slow, tolerance=REAL).passed
    assert jitter(late, slow, tolerance=EXACT).failed


def _later(row: AttemptAccount, by_s: float) -> AttemptAccount:
    return row if row.gap_s is None else replace(row, gap_s=row.gap_s + by_s, at_s=row.at_s + by_s)


def test_a_policy_without_jitter_wants_exact_waits():
    exact = population(STEADY)
    off = exact.chains[0].attempts[1]
    broken = replace(exact.chains[0], attempts=(exact.chains[0].attempts[0], replace(off, gap_s=1.3, mark="late")))

    verdict = jitter(replace(exact, chains=(broken, *exact.chains[1:])), STEADY, tolerance=EXACT)

    assert jitter(exact, STEADY, tolerance=EXACT).passed
    assert verdict.failed
    assert verdict.findings[0].seen == "1 of 39 waits, one of them 1.300 s"


def test_a_policy_without_jitter_and_without_waits_is_unknown():
    assert jitter(Report(STEADY.name), STEADY).unknown


def test_reports_made_by_another_policy_are_refused():
    with pytest.raises(ValueError, match="anthropic_python, not steady"):
        jitter(population(PYTHON), STEADY)


# --- synchrony -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("policy", JITTERED, ids=lambda policy: policy.name)
@pytest.mark.parametrize("staggered_s", [0.0, 0.5])
def test_independent_clients_pass(policy, staggered_s):
    verdict = synchrony(population(policy, staggered_s=staggered_s), policy, tolerance=EXACT)

    assert verdict.passed, verdict.render()
    assert " of 20 arrivals in " in verdict.summary and ", p = " in verdict.summary


def test_independent_clients_pass_in_999_of_1000_seeds():
    failed = [
        seed
        for seed in range(1000)
        if not synchrony(population(PYTHON, clients=12, seed=seed), PYTHON, tolerance=EXACT).passed
    ]

    assert len(failed) <= 1


def shared(chance: random.Random, client: int, retry: int) -> float:
    """The same random number for every client: one seed for all of them."""
    return random.Random(retry).random()


@pytest.mark.parametrize("clients", [8, 12, 40])
def test_clients_that_share_their_random_numbers_fail(clients):
    for seed in range(100):
        herd = population(PYTHON, shared, clients=clients, seed=seed)

        verdict = synchrony(herd, PYTHON, tolerance=EXACT)

        assert verdict.failed
        assert titles(verdict) == ["clients come back in step"]
        assert verdict.findings[0].seen.startswith(f"{clients} of {clients} arrivals within")


def test_a_herd_inside_a_crowd_fails():
    half = population(PYTHON, lambda chance, client, retry: 0.5 if client % 2 else chance.random(), clients=60)

    assert synchrony(half, PYTHON, tolerance=EXACT).failed


def test_clients_without_jitter_where_it_is_declared_fail():
    assert synchrony(population(PYTHON, lambda *_: 1.0), PYTHON, tolerance=EXACT).failed


def test_herds_that_jitter_alone_does_not_show_fail():
    """In each run all clients share one number, and over the runs the numbers are spread as they should be."""
    runs = [
        population(PYTHON, lambda *_, place=(run + 0.5) / 20: place, clients=12, failures=[OVERLOADED])
        for run in range(20)
    ]

    assert jitter(runs, PYTHON, tolerance=EXACT).passed
    assert synchrony(runs, PYTHON, tolerance=EXACT).failed


def test_too_few_clients_are_unknown():
    verdict = synchrony(population(PYTHON, shared, clients=5), PYTHON, tolerance=EXACT)

    assert verdict.unknown
    assert verdict.findings[0].seen == "at most 5 requests failed within 1.000 s"


def test_clients_that_failed_at_other_times_are_no_group():
    verdict = synchrony(population(PYTHON, clients=20, staggered_s=10_000), PYTHON, tolerance=EXACT)

    assert verdict.unknown


def test_many_small_groups_are_judged_as_far_as_they_can_convict():
    runs = [population(PYTHON, clients=8, seed=seed, failures=[OVERLOADED]) for seed in range(300)]

    verdict = synchrony(runs, PYTHON, tolerance=EXACT)

    assert verdict.passed
    assert "124 groups" in verdict.summary


def test_a_policy_without_jitter_is_in_step_by_construction():
    verdict = synchrony(population(STEADY), STEADY, tolerance=EXACT)

    assert verdict.unknown
    assert titles(verdict) == ["in step by construction"]


def test_a_hint_sends_everyone_back_together_and_is_only_noted():
    hinted = Failure(status=429, headers=(("retry-after", "2"),))

    verdict = synchrony(population(PYTHON, failures=[hinted, OVERLOADED]), PYTHON, tolerance=EXACT)

    assert verdict.passed
    assert titles(verdict) == ["after the same hint clients come back together, by construction"]
    assert verdict.findings[0].seen == "20 retries after a hint"


def test_hints_that_chance_lengthens_are_judged_like_any_wait():
    unified = POLICIES["unified_client"]
    hinted = Failure(status=429, headers=(("retry-after", "20"),))

    spread, together = (population(unified, draw, failures=[hinted]) for draw in (even, shared))

    assert synchrony(spread, unified, tolerance=EXACT).passed
    assert jitter(spread, unified, tolerance=EXACT).passed
    assert titles(synchrony(together, unified, tolerance=EXACT)) == ["clients come back in step"]


def test_a_hint_that_is_a_date_is_not_judged_whoever_lengthens_it():
    """How long the wait was meant to be is known to the second only, and so is not spread evenly."""
    date = (("retry-after", "Wed, 21 Oct 2026 07:28:20 GMT"), ("date", "Wed, 21 Oct 2026 07:28:00 GMT"))
    dated = Failure(status=429, headers=date)

    unified = POLICIES["unified_client"]

    assert jitter(population(unified, failures=[dated] * 3), unified, tolerance=EXACT).unknown


def test_what_the_clock_adds_to_short_waits_hides_herds():
    assert synchrony(population(PYTHON, shared), PYTHON, tolerance=REAL).unknown


def test_a_journal_is_judged_from_end_to_end(told):
    chance = random.Random(7)
    waits = [chance.uniform(0.375, 0.5) for _ in range(30)]
    for client in range(30):
        told.call(0.0, 529, count=0, sender=f"task {client}")
    for wait, client in sorted((wait, client) for client, wait in enumerate(waits)):
        told.call(wait, 200, count=1, sender=f"task {client}")

    report = judge(told.entries, PYTHON, tolerance=EXACT, finished=True).report

    assert jitter(report, PYTHON, tolerance=EXACT).passed
    assert synchrony(report, PYTHON, tolerance=EXACT).passed
