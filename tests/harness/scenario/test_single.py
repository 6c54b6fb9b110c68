"""The one case of `windtunnel exec`."""

from __future__ import annotations

import pytest

from windtunnel.scenario.select import WishError
from windtunnel.scenario.single import CALM, one_case

USUAL = {"client": ["./bin/agent", "-v"], "provider": "anthropic", "seed": 5, "policy": "claude_code"}


def test_without_a_scenario_the_weather_is_calm():
    case = one_case(None, **USUAL, options=["--timeout", "9"])  # type: ignore[arg-type]

    assert (case.scenario, case.client) == (CALM, "agent -v")
    assert case.rerun == (
        "windtunnel exec --timeout 9 --provider anthropic --seed 5 --policy claude_code -- ./bin/agent -v"
    )


def test_a_scenario_with_variables_needs_a_choice():
    chosen = one_case("any-refusal-is-final", **USUAL, chosen=["error=billing"])  # type: ignore[arg-type]

    assert chosen.scenario.variables == {"error": "billing"}
    assert "--scenario any-refusal-is-final" in chosen.rerun and "--set error=billing -- " in chosen.rerun
    with pytest.raises(WishError, match="that is 7 scenarios; choose one with --set: error=billing, "):
        one_case("any-refusal-is-final", **USUAL)  # type: ignore[arg-type]


def test_a_folder_is_more_than_one(tmp_path):
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("name: x", encoding="utf-8")

    with pytest.raises(WishError, match="that is 2 scenarios; name the file of one"):
        one_case(str(tmp_path), **USUAL)  # type: ignore[arg-type]
