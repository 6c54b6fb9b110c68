"""The cassettes of this project are well, and our own are what the fake says today. `test_expected.py` plays them."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from windtunnel.cassette.verify import verify

pytest.importorskip("anthropic", minversion="1", reason="the recorded clients are those of SDK 1 and later")

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "cassettes"
CASSETTES = sorted(FOLDER.rglob("*.yaml"))
NAMES = [str(path.relative_to(FOLDER).with_suffix("")) for path in CASSETTES]


def test_there_are_cassettes_of_every_provider_and_of_both_origins() -> None:
    kinds = {name.partition("-")[0] for name in NAMES}

    assert kinds == {
        f"{origin}/{p}" for origin in ("real", "own") for p in ("anthropic", "bedrock", "vertex", "foundry")
    }


@pytest.mark.parametrize("path", CASSETTES, ids=NAMES)
def test_a_cassette_is_well_and_says_where_it_is_from(path: Path) -> None:
    faults = [fault for fault in verify(path, environ={}) if fault.weight == "error"]

    assert faults == []
    assert "# Source: " in path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [path.stem for path in CASSETTES if path.parent.name == "own"])
def test_our_own_are_what_the_fake_says_today(name: str, make: ModuleType) -> None:
    there = (FOLDER / "own" / f"{name}.yaml").read_bytes()

    assert make.make(name) == there
