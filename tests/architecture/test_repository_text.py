"""The repository names no package registry and no folder of one person's machine: it builds wherever it is."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Written in pieces, so that this file passes its own test.
REGISTRIES = (
    "pypi" + ".org",
    "pythonhosted" + ".org",
    "npmjs" + ".org",
    "npmjs" + ".com",
    "yarnpkg" + ".com",
    "deb.debian" + ".org",
    "security.debian" + ".org",
    "crates" + ".io",
    "rubygems" + ".org",
    "proxy.golang" + ".org",
)
REGISTRY = re.compile("|".join(map(re.escape, REGISTRIES)), re.IGNORECASE)
MACHINE_PATH = re.compile(r"(?<![\w.~*/-])/(?:wo" + r"rk|ro" + r"ot|tmp/v)(?:/|\b(?![\w-]))")


def repository_files() -> list[Path]:
    """Every file that git has or would take."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        run = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, timeout=50)
    except FileNotFoundError:
        pytest.skip("git is not here to say which files are ours")
    if run.returncode != 0:
        pytest.skip(f"this is not a git checkout: {run.stderr.strip()}")
    return [path for name in run.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def texts() -> Iterator[tuple[Path, str]]:
    """Every text file, with its name; files that are not UTF-8 have no text."""
    for path in repository_files():
        try:
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue


def found(pattern: re.Pattern[str]) -> list[str]:
    """Every match as "file:line: match"."""
    return [
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
        for path, text in texts()
        for match in pattern.finditer(text)
    ]


def test_no_file_names_a_package_registry():
    assert found(REGISTRY) == []


def test_no_file_names_a_folder_of_one_machine():
    assert found(MACHINE_PATH) == []


def test_constraints_are_names_and_versions_only():
    lines = [line for path in ROOT.glob("constraints*.txt") for line in path.read_text(encoding="utf-8").splitlines()]

    odd = [line for line in lines if not line.startswith("#") and not re.fullmatch(r"[\w.-]+==[\w.]+", line)]

    assert len(lines) > 20
    assert odd == []


@pytest.mark.parametrize("text", ["cd /wo" + "rk/main", "'/ro" + "ot/.cache'", "see https://py" + "pi.org/project"])
def test_such_a_name_would_be_found(text: str):
    assert MACHINE_PATH.search(text) or REGISTRY.search(text)


@pytest.mark.parametrize("text", ["arn:aws:iam::1:root", "at work/home", "GET /workspaces", "/v1/root-cause", "wo/rk"])
def test_words_that_only_look_alike_are_left_alone(text: str):
    assert not MACHINE_PATH.search(text)
    assert not REGISTRY.search(text)
