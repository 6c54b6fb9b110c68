"""Cases to be run, and results that need no run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from windtunnel.results import Result
from windtunnel.scenario.case import Case
from windtunnel.scenario.schema import Scenario
from windtunnel_server.words import fail, reply


@pytest.fixture
def scenario() -> Callable[..., Scenario]:
    def scenario(**words: Any) -> Scenario:
        usual = {"name": "a storm", "steps": [fail("overloaded"), reply("Hello")], "expect": {"outcome": "success"}}
        return Scenario(**usual | words)

    return scenario


@pytest.fixture
def case(scenario: Callable[..., Scenario]) -> Callable[..., Case]:
    def case(id: str = "storm", **fields: Any) -> Case:
        return Case(**{"id": id, "scenario": scenario()} | fields)

    return case


@pytest.fixture
def cases(case: Callable[..., Case]) -> Callable[[int], list[Case]]:
    def cases(number: int) -> list[Case]:
        return [case(seed=seed) for seed in range(number)]

    return cases


@pytest.fixture
def result(case: Callable[..., Case]) -> Callable[..., Result]:
    def result(**fields: Any) -> Result:
        return case(**fields).result("pass")

    return result
