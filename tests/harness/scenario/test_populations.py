"""Many seeds tell together what one alone could not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from windtunnel.scenario.case import Case, run
from windtunnel.scenario.populations import with_populations
from windtunnel_server.words import fail

#: They start processes.
pytestmark = pytest.mark.slow

pytest.importorskip("anthropic")


@pytest.fixture
def storms(scenario) -> list[Case]:
    stormy = scenario(
        steps=[fail("overloaded", times="forever")], ask={"clients": 8}, expect={"backoff": "own", "jitter": True}
    )
    return [Case(id="storm", scenario=stormy, seed=seed) for seed in range(5)]


def test_jitter_that_one_run_cannot_tell_is_judged_over_all_seeds(storms):
    results = [run(case) for case in storms]

    judged = with_populations(results, storms)

    assert {result.status for result in results} == {"unknown"}
    assert {result.status for result in judged} == {"pass"}
    assert [result.seed for result in judged] == [0, 1, 2, 3, 4]
    # Two retries of eight clients in five runs, each of them once.
    assert "n = 80" in judged[0].verdicts[1].summary


def test_one_seed_stays_as_it_is_and_files_of_one_name_are_not_mixed(storms):
    one = run(storms[0])
    other = replace(one, id="b/storm.yaml")
    cases = [storms[0], replace(storms[0], id="b/storm.yaml")]

    assert with_populations([one, other], cases) == [one, other]
