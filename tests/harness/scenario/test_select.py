"""What was asked for, and the cases, the runner and the processes that follow from it."""

from __future__ import annotations

from functools import partial

import pytest

from windtunnel.scenario.case import run
from windtunnel.scenario.pool import LIMIT_S
from windtunnel.scenario.select import Wish, WishError, title


def test_nothing_asked_for_is_the_library_against_the_unified_client():
    cases = Wish().cases()

    assert {case.client for case in cases} == {"unified"}
    assert len({case.id for case in cases}) >= 40
    assert Wish().runner() is run
    assert title(Wish()) == "windtunnel: the library of scenarios"


def test_a_command_is_asked_with_its_options_again():
    wish = Wish(scenarios=("refusal",), command="node 'my agent.js'", lacks=("tools",), timeout_s=7)

    (case,) = wish.cases()

    assert case.client == "node my agent.js"
    assert case.rerun == (
        "windtunnel run refusal --client-command 'node '\"'\"'my agent.js'\"'\"'' --timeout 7 --lacks tools "
        "--provider anthropic --seed 0"
    )


def test_a_command_has_its_own_time_and_the_abilities_that_are_left_to_it():
    wish = Wish(scenarios=("refusal",), command="node agent.js", lacks=("tools",), timeout_s=300)

    runner = wish.runner()

    assert isinstance(runner, partial)
    command = runner.keywords["command"]
    assert ("tools" in command.abilities, "stream" in command.abilities) == (False, True)
    assert (command.timeout_s, command.interrupted, wish.limit_s) == (300, "stop", 300 + LIMIT_S)


def test_processes_are_started_where_they_are_worth_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("os.cpu_count", lambda: 4)

    assert [Wish().jobs(cases) for cases in (0, 1, 20, 60, 1000)] == [1, 1, 1, 2, 4]
    assert [Wish(command="true").jobs(cases) for cases in (1, 3, 60)] == [1, 3, 4]


def test_a_shard_of_all_is_a_part_of_them():
    every = Wish(clients=("naive",)).cases()
    parts = [Wish(clients=("naive",), shard=f"{index}/4").cases() for index in (1, 2, 3, 4)]

    assert sorted(case.key for part in parts for case in part) == sorted(case.key for case in every)


def test_a_pair_is_a_name_and_a_value():
    with pytest.raises(WishError, match="--set error: write NAME=VALUE"):
        Wish(scenarios=("any-refusal-is-final",), chosen=("error",)).cases()
