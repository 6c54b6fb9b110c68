"""What a package lists in `__all__` is what its `__init__` brings in, and all of it is really there."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INITS = {
    "windtunnel": ROOT / "harness/windtunnel/__init__.py",
    "windtunnel_server": ROOT / "fake_server/windtunnel_server/__init__.py",
}
OURS = tuple(INITS)

packages = pytest.mark.parametrize("package", INITS)


def listed(package: str) -> list[str]:
    return list(getattr(importlib.import_module(package), "__all__", []))


def statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Statements at module level, those under `if TYPE_CHECKING:` included."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If):
            yield from statements(statement.body)
            yield from statements(statement.orelse)


def names_of(statement: ast.stmt) -> list[str]:
    """Names a statement offers: those it defines, and those it takes out of our own modules."""
    match statement:
        case ast.ImportFrom(module=module, names=names, level=level):
            ours = level > 0 or (module or "").partition(".")[0] in OURS
            return [name.asname or name.name for name in names] if ours else []
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            return [name]
        case ast.Assign(targets=targets):
            return [target.id for target in targets if isinstance(target, ast.Name)]
        case ast.AnnAssign(target=ast.Name(id=name)):
            return [name]
    return []


def offered(init: Path) -> set[str]:
    module = ast.parse(init.read_text(encoding="utf-8"))
    return {name for part in statements(module.body) for name in names_of(part) if not name.startswith("_")}


@packages
def test_the_list_is_sorted_and_names_nothing_twice(package: str):
    names = listed(package)

    assert names == sorted(set(names))


@packages
def test_the_list_names_what_the_init_file_offers(package: str):
    assert set(listed(package)) - {"__version__"} == offered(INITS[package])


@packages
def test_every_listed_name_is_there(package: str):
    module = importlib.import_module(package)

    missing = [name for name in listed(package) if not hasattr(module, name)]

    assert missing == []


@packages
def test_a_name_that_is_not_there_is_an_attribute_error(package: str):
    module = importlib.import_module(package)

    with pytest.raises(AttributeError, match="no_such_name"):
        module.no_such_name  # noqa: B018 - the look-up is the act


def test_the_harness_has_public_names():
    assert listed("windtunnel") != []
