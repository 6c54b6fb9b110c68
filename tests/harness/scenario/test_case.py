"""One case: what it is called, how it is run again, why it is skipped, and what comes of it."""

from __future__ import annotations

import os
import shlex

import pytest

from windtunnel.scenario.case import pointed_at, run, status_of, why_skipped
from windtunnel.subjects.subject import ABILITIES
from windtunnel.verdicts.verdict import Verdict
from windtunnel_server.words import fail

ALL = frozenset(ABILITIES)


def test_a_case_is_run_judged_and_kept(case, scenario):
    played = case(scenario=scenario(expect={"outcome": "success", "attempts": 2, "backoff": "own"}), client="naive")

    result = run(played)

    assert [verdict.name for verdict in result.verdicts] == ["outcome", "attempts", "backoff"]
    assert [verdict.value for verdict in result.verdicts] == ["pass", "pass", "fail"]
    assert (result.status, result.exact, len(result.entries)) == ("fail", True, 2)
    assert result.claims is not None and result.claims.outcome == "success"
    assert result.policy is not None and result.policy["name"] == "anthropic_python"


def test_the_same_seed_gives_the_same_run_and_another_one_another(case, scenario):
    stormy = scenario(steps=[fail("overloaded", chance=0.5)], ask={"rounds": 12}, expect={"outcome": "honest"})

    runs = [run(case(scenario=stormy, client="naive", seed=seed)) for seed in (1, 1, 2)]

    seen = [[entry.status for entry in result.entries] for result in runs]
    assert seen[0] == seen[1] != seen[2]


def test_the_command_that_runs_it_again_says_all_that_matters(case, scenario):
    plain = case()
    full = case("my files/a b.yaml", client="naive", seed=7, policy="claude_code")
    varied = case(scenario=scenario(variables={"hint": "5; rm x", "n": 2}))

    assert plain.rerun == "windtunnel run storm --provider anthropic --seed 0"
    assert shlex.split(full.rerun) == [
        *("windtunnel", "run", "my files/a b.yaml", "--provider", "anthropic", "--client", "naive"),
        *("--seed", "7", "--policy", "claude_code"),
    ]
    assert shlex.split(varied.rerun)[-4:] == ["--set", "hint=5; rm x", "--set", "n=2"]


def test_files_of_one_name_are_told_apart(case):
    one, other = case("a/storm.yaml"), case("b/storm.yaml")

    assert one.result("skip").scenario == other.result("skip").scenario == "storm"
    assert one.key != other.key


@pytest.mark.parametrize(
    ("words", "fields", "abilities", "why"),
    [
        ({}, {}, ALL, ""),
        ({"needs": ["compaction"]}, {}, ALL, ""),
        ({"needs": ["compaction", "tools"]}, {}, ALL - {"compaction"}, "needs compaction: the client does not say"),
        ({"providers": ["vertex"]}, {}, ALL, "the scenario makes no sense on anthropic; it is for vertex"),
        ({}, {"provider": "nowhere"}, ALL, "there is no provider nowhere; there are anthropic, "),
    ],
)
def test_what_cannot_be_run_is_skipped_with_the_reason(case, scenario, words, fields, abilities, why):
    told = why_skipped(case(scenario=scenario(**words), **fields), abilities, ("anthropic",))

    assert told.startswith(why) and bool(told) == bool(why)


def test_a_client_that_cannot_talk_to_a_provider_is_skipped(case):
    assert why_skipped(case(), ALL, ("bedrock",)) == "the client anthropic cannot talk to anthropic; it can to bedrock"


def test_whatever_goes_wrong_in_the_tunnel_is_a_result(case):
    result = run(case(client="nobody"))

    assert (result.status, result.verdicts) == ("error", ())
    assert result.reason.startswith("SubjectError: No built-in client is called 'nobody'")


def test_the_environment_points_at_the_door_and_comes_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ANTHROPIC_AUTH_TOKEN", "mine")
    monkeypatch.setenv("HOME_OF_MINE", "here")
    before = dict(os.environ)

    with pointed_at({"ANTHROPIC_BASE_URL": "http://127.0.0.1:1"}):
        inside = dict(os.environ)

    assert inside["ANTHROPIC_BASE_URL"] == "http://127.0.0.1:1"
    assert ("ANTHROPIC_AUTH_TOKEN" in inside, inside["HOME_OF_MINE"]) == (False, "here")
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("values", "status"),
    [
        (["pass", "pass"], "pass"),
        (["pass", "unknown"], "unknown"),
        (["unknown", "fail"], "fail"),
        ([], "unknown"),
    ],
)
def test_one_failure_fails_all_and_nothing_asked_is_unknown(values, status):
    assert status_of([Verdict("one", value) for value in values]) == status
