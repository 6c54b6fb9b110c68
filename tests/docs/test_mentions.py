"""The documentation knows every word a user can write, and links to pages that are there."""

from __future__ import annotations

import dataclasses
import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import typer

import windtunnel
from windtunnel import cli, plugin, policies
from windtunnel_server import faults, script
from windtunnel_server.control import PREFIX, Control
from windtunnel_server.wire import errors

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"


def page(name: str) -> str:
    return (REFERENCE / name).read_text(encoding="utf-8")


@pytest.fixture
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_generate", ROOT / "docs" / "generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_pages_on_faults_and_errors_are_the_ones_the_code_gives(generator: ModuleType):
    hint = "run python docs/generate.py"

    assert page("faults.md") == generator.faults_page(), hint
    assert page("errors.md") == generator.errors_page(), hint
    assert page("validation.md") == generator.validation_page(), hint


def test_every_fault_and_every_option_of_it_is_there():
    text = page("faults.md")

    missing = [name for name in faults.FAULTS if f"### {name}\n" not in text]
    options = [
        f"{name}: {option}"
        for name in faults.FAULTS
        for option in faults.options_of(name)
        if f"| `{option}` |" not in text.partition(f"### {name}\n")[2].partition("\n###")[0]
    ]

    assert (missing, options) == ([], [])


def test_every_kind_of_error_is_there():
    text = page("errors.md")

    assert [name for name in errors.KINDS if f"| `{name}` |" not in text] == []


def test_every_word_of_a_script_is_there():
    text = page("script.md")
    specs = (script.Stream, script.ErrorSpec, script.ReplySpec, script.Step)
    words = {field.name for spec in specs for field in dataclasses.fields(spec)} - {"kind", "status", "error"}

    assert [word for word in sorted({*words, *script.ENDPOINTS}) if f"`{word}`" not in text.replace('"', "")] == []


def test_every_option_ini_key_and_marker_option_of_the_plugin_is_there(pytestconfig: pytest.Config):
    parser = pytest.Parser(_ispytest=True)
    plugin.pytest_addoption(parser)
    options = [name for group in parser._groups for option in group.options for name in option.names()]
    text = page("pytest.md")

    assert len(options) >= 3
    assert [name for name in options if f"`{name}" not in text] == []
    assert [name for name in parser._inidict if f"`{name}`" not in text] == []
    assert [name for name in plugin._MARKER_OPTIONS if f"| `{name}` |" not in text] == []


def options_of(command: Any) -> list[str]:
    asked = [param for param in command.params if param.param_type_name == "option"]
    return [word for option in asked for word in (*option.opts, *option.secondary_opts)]


def test_every_option_of_every_command_is_there():
    root = typer.main.get_command(cli.app)
    text = page("command.md")

    assert [word for option in root.params for word in option.opts if f"{word}`" not in text] == []
    for name, command in root.commands.items():  # type: ignore[attr-defined]
        assert f"## windtunnel {name}\n" in text
        parts = getattr(command, "commands", None)
        if parts is None:
            assert options_of(command)
            assert [word for word in options_of(command) if f"`{word}`" not in text] == []
        else:
            own = page(f"{name}-command.md")
            assert [part for part in parts if f"`{part} " not in own] == []
            words = [word for part in parts.values() for word in options_of(part)]
            assert [word for word in words if not re.search(rf"(?<![\w-]){word}(?![\w-])", own)] == []


def test_every_control_call_is_there():
    routes = Control.__new__(Control)
    routes.__init__(core=None)  # type: ignore[misc, arg-type]
    text = page("control-api.md")

    assert PREFIX in text
    assert [name for name, (verb, _) in routes._routes.items() if f"`{verb} {name}" not in text] == []


def test_every_policy_is_there_with_its_source():
    text = page("policies.md").replace("`", "")

    for name, policy in policies.POLICIES.items():
        assert f"| {name} | {policy.source} |" in text


def test_every_word_of_a_policy_is_there():
    text = page("policies.md")
    fields = [*dataclasses.fields(policies.Policy), *dataclasses.fields(policies.RetryAfter)]

    assert [field.name for field in fields if f"`{field.name.removesuffix('_s')}`" not in text] == []


def test_every_public_name_is_mentioned(everything: str):
    assert [name for name in windtunnel.__all__ if name not in everything] == []


def test_every_link_leads_to_a_page_and_a_heading_that_are_there():
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    broken = []
    for path in pages:
        for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text(encoding="utf-8")):
            name, _, heading = target.partition("#")
            aim = path if not name else (path.parent / name).resolve()
            if not aim.is_file() or (heading and heading not in headings(aim)):
                broken.append(f"{path.relative_to(ROOT)}: {target}")

    assert broken == []


def headings(path: Path) -> set[str]:
    """Anchors as they are made of headings: lower case, spaces to hyphens, no punctuation."""
    found = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}
