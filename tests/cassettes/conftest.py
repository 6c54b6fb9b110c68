"""What the tests of the cassettes share."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def make() -> Iterator[ModuleType]:
    """The program that makes our own cassettes; it knows how to make clients too."""
    path = Path(__file__).parents[2] / "cassettes" / "make.py"
    spec = importlib.util.spec_from_file_location("cassettes.make", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        # Dataclasses look for their module there.
        patch.setitem(sys.modules, spec.name, module)
        spec.loader.exec_module(module)
        yield module
