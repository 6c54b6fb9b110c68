"""What the cassette of a test is called, where its marker gives no name, and where it lies."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Final

import pytest

SUFFIXES: Final = (".yaml", ".yml")
#: What a file system or a shell minds.
_MINDED: Final = re.compile(r"[^\w.@=+-]+")
_FUNCTION: Final = re.compile(r"(?P<name>[\w.]+)(\[(?P<parameters>.*)\])?", re.DOTALL)
#: File systems take 255; the suffix, the digest and the name of the lock need some of them.
_LONGEST_BYTES: Final = 160
_DIGITS: Final = 8


def name_of(item: pytest.Item) -> str:
    """Return the name of a test's own cassette: no other test of its module has it.

    `TestA::test_one[x]` is "TestA.test_one-x". What a file cannot be called becomes "_", and a digest stands behind it.
    """
    classes = [node.name for node in item.listchain() if isinstance(node, pytest.Class)]
    return plain(".".join([*classes, item.name]))


def plain(name: str) -> str:
    """Make a file's name of a test's, and of no two tests' the same."""
    function = _FUNCTION.fullmatch(name)
    if function is None:
        return _cut(_MINDED.sub("_", name)) + _digest(name)
    parameters = function["parameters"]
    wished = function["name"] if parameters is None else f"{function['name']}-{parameters}"
    found = _cut(_MINDED.sub("_", wished))
    return found if found == wished else found + _digest(name)


def file_of(item: pytest.Item, name: str) -> Path:
    """Return where a cassette of that name is for a test."""
    return folder_of(item) / (name if name.endswith(SUFFIXES) else f"{name}.yaml")


def own_file(item: pytest.Item) -> Path:
    """Return where a test's own cassette is. In a folder for all, each module has a folder of its own."""
    given = item.config.getini("windtunnel_cassette_dir")
    return folder_of(item) / (_module(item) if given else "") / f"{name_of(item)}.yaml"


def folder_of(item: pytest.Item) -> Path:
    """Where the cassettes of a test are: in `cassettes/<test module>/` beside it, or in the folder of the ini key."""
    given = item.config.getini("windtunnel_cassette_dir")
    return item.config.rootpath / given if given else item.path.parent / "cassettes" / item.path.stem


def shown(file: Path) -> str:
    """A path as short as it can be said from here."""
    here = Path.cwd()
    return str(file.relative_to(here)) if file.is_relative_to(here) else str(file)


def _module(item: pytest.Item) -> Path:
    root, path = item.config.rootpath, item.path.with_suffix("")
    return path.relative_to(root) if path.is_relative_to(root) else Path(path.name)


def _cut(name: str) -> str:
    return name.encode()[:_LONGEST_BYTES].decode(errors="ignore")


def _digest(name: str) -> str:
    return f"-{hashlib.sha256(name.encode()).hexdigest()[:_DIGITS]}"
