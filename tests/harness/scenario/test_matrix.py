"""From what was asked for to the cases."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.scenario.case import Case
from windtunnel.scenario.library import Found, find
from windtunnel.scenario.matrix import MatrixError, Shard, cases
from windtunnel.scenario.schema import Scenario

SCENARIO = Scenario(name="a")


def made(found: list[Found], **asked: object) -> list[Case]:
    usual: dict[str, object] = {"clients": ["anthropic"], "providers": ["anthropic"], "seeds": [0]}
    return cases(found, **usual | asked)  # type: ignore[arg-type]


def test_every_combination_is_a_case_and_what_is_asked_for_twice_is_one():
    found = [Found(name, Path(f"{name}.yaml"), SCENARIO) for name in ("a", "b")]

    listed = made(found, clients=["naive", "anthropic", "naive"], seeds=range(3))

    assert len({case.key for case in listed}) == len(listed) == 2 * 2 * 3


def test_a_scenario_that_ships_goes_by_its_name_and_a_file_by_its_path(tmp_path: Path):
    mine = tmp_path / "refusal.yaml"
    mine.write_text("name: mine", encoding="utf-8")

    assert [case.id for case in made(find(["refusal"]))] == ["refusal"]
    assert [case.id for case in made(find([str(mine)]))] == [str(mine)]
    assert len({case.id for case in made(find(["refusal", str(mine)]))}) == 2


def test_a_choice_keeps_the_scenarios_whose_variables_have_that_value():
    listed = made(find(["any-refusal-is-final"]), chosen={"error": "billing"})

    assert [dict(case.scenario.variables) for case in listed] == [{"error": "billing"}]


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"eror": "billing"}, "--set: unknown 'eror'; did you mean error?"),
        ({"error": "bill"}, "--set: no scenario has error=bill; there are error=billing, "),
    ],
)
def test_a_choice_that_nothing_fits_is_refused(chosen: dict[str, str], said: str):
    with pytest.raises(MatrixError) as refused:
        made(find(["any-refusal-is-final"]), chosen=chosen)

    assert str(refused.value).startswith(said)


@given(st.integers(1, 12), st.integers(0, 40))
def test_the_shards_together_are_every_case_once(count: int, number: int):
    listed = [Case(id="a", scenario=SCENARIO, seed=seed) for seed in range(number)]

    parts = [Shard.read(f"{index}/{count}").of(listed) for index in range(1, count + 1)]

    assert sorted(case.seed for part in parts for case in part) == list(range(number))
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@pytest.mark.parametrize("text", ["", "3", "0/2", "3/2", "a/b", "1/0", "-1/2", "1/2/3"])
def test_a_shard_that_cannot_be_is_refused(text: str):
    with pytest.raises(MatrixError, match=r"--shard .*: write .* 2/5"):
        Shard.read(text)
