"""The fenced code blocks of the README and the documentation."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A block, and the line of its page on which its code begins."""

    page: str
    line: int
    language: str
    code: str

    @property
    def name(self) -> str:
        return f"{self.page}:{self.line}"

    @property
    def is_test(self) -> bool:
        return self.language == "python" and re.search(r"^(async )?def test_", self.code, re.MULTILINE) is not None


def blocks() -> Iterator[Block]:
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        for match in _FENCE.finditer(text):
            line = text.count("\n", 0, match.start(2)) + 1
            yield Block(str(path.relative_to(ROOT)), line, match[1], match[2])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    wanted: dict[str, Callable[[Block], bool]] = {
        "snippet": lambda block: block.language == "python" and not block.is_test,
        "scenario_block": lambda block: block.language == "yaml" and re.search("^name: ", block.code, re.M) is not None,
        "steps_block": lambda block: block.language == "json" and block.code.startswith("["),
    }
    for name in wanted.keys() & set(metafunc.fixturenames):
        metafunc.parametrize(name, [block for block in blocks() if wanted[name](block)], ids=lambda block: block.name)


@pytest.fixture
def inner_tests() -> list[Block]:
    return [block for block in blocks() if block.is_test]


@pytest.fixture
def everything() -> str:
    """All pages in one text."""
    return "\n".join(path.read_text(encoding="utf-8") for path in PAGES)


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `windtunnel` command on the PATH that runs the code under test, installed or not."""
    script = tmp_path / "bin" / "windtunnel"
    script.parent.mkdir()
    script.write_text(f"#!{sys.executable}\nfrom windtunnel.cli import main\n\nmain()\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setenv("PATH", f"{script.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
