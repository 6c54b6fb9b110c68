"""The pages know every word of the scenario language, and the library's list every scenario."""

from __future__ import annotations

import dataclasses
import importlib.util
import inspect
from pathlib import Path

from windtunnel.scenario.expect import Bounds, Expect
from windtunnel.scenario.schema import PROVIDER_NAMES, Scenario
from windtunnel.scenario_tests import _Marked
from windtunnel.subjects.ask import Ask
from windtunnel_server.script import THENS

ROOT = Path(__file__).parents[2]
SCENARIOS = (ROOT / "docs" / "reference" / "scenarios.md").read_text(encoding="utf-8")
PYTEST = (ROOT / "docs" / "reference" / "pytest.md").read_text(encoding="utf-8")


def test_every_key_of_a_scenario_has_a_row():
    assert [name for name in Scenario.model_fields if f"| `{name}` |" not in SCENARIOS] == []


def test_every_word_of_ask_and_expect_is_there():
    words = [*(field.name for field in dataclasses.fields(Ask)), *Expect.model_fields, *Bounds.model_fields]

    assert [word for word in words if f"`{word}`" not in SCENARIOS and f"{word}:" not in SCENARIOS] == []
    assert [name for name in PROVIDER_NAMES if f"`{name}`" not in SCENARIOS] == []
    assert all(f'"{word}"' in (ROOT / "docs" / "reference" / "script.md").read_text(encoding="utf-8") for word in THENS)


def test_every_option_of_the_marker_has_a_row():
    options = [name for name in inspect.signature(_Marked).parameters if name != "asked"]

    assert [name for name in options if f"| `{name}` |" not in PYTEST] == []


def test_the_list_of_the_library_is_the_one_its_files_give():
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)

    page = (ROOT / "scenarios" / "README.md").read_text(encoding="utf-8")

    assert page == generator.scenarios_page(), "run python docs/generate.py"
