"""What the tests of commands share: an environment, programs to write, and a look at who still runs."""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest

from windtunnel.execution.faketime import SpeedError, find_faketime


@pytest.fixture
def env() -> dict[str, str]:
    return dict(os.environ)


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., str]:
    """Write a program and say where it is."""

    def write(text: str, *, name: str = "program", mode: int = stat.S_IRWXU) -> str:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return str(path)

    return write


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def gone() -> Callable[[Path], bool]:
    """Whether the process whose number a file holds is gone; the file may come a moment later."""

    def is_gone(file: Path) -> bool:
        return not is_running(int(file.read_text(encoding="utf-8")))

    return is_gone


@pytest.fixture
def eventually() -> Callable[[Callable[[], bool]], None]:
    """Wait for something that another process does."""

    def wait(done: Callable[[], bool]) -> None:
        until = time.monotonic() + 20
        while not done():
            assert time.monotonic() < until, "waited 20 s for it"
            time.sleep(0.01)

    return wait


@pytest.fixture
def libfaketime(lacking: Callable[[str], NoReturn]) -> Path:
    try:
        found = find_faketime()
    except SpeedError as error:
        lacking(str(error))
    return found


@pytest.fixture
def tool(lacking: Callable[[str], NoReturn]) -> Callable[[str], str]:
    """Path of a program that a test needs."""

    def find(name: str) -> str:
        found = shutil.which(name)
        if found is None:
            lacking(f"{name} is not installed; on Debian: apt-get install {name}")
        return found

    return find
