"""Ctrl-C ends the command, and everything that it has started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "windtunnel"]


def running(mark: str) -> list[int]:
    """Processes with this in their command line."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes()
        except OSError:
            continue
        if mark.encode() in words and int(path.parent.name) != os.getpid():
            found.append(int(path.parent.name))
    return found


@pytest.fixture
def mark(tmp_path: Path) -> Iterator[str]:
    """A word that only processes of this test have in their command lines."""
    mark = f"asleep-{os.getpid()}-{tmp_path.name}"
    yield mark
    for pid in running(mark):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_its_workers_and_their_commands(mark: str, jobs: str, by: signal.Signals):
    sleeper = f"{sys.executable} -S -c 'import time; time.sleep(600)' {mark}"
    run = subprocess.Popen(
        [*COMMAND, "run", "refusal", "wrong-api-key", "--client-command", sleeper, "--timeout", "500", "-j", jobs],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    _wait_for(lambda: len([pid for pid in running(mark) if pid != run.pid]) >= int(jobs), run)

    os.killpg(run.pid, by)
    _, err = run.communicate(timeout=20)

    assert (run.returncode, err) == (130, "windtunnel: interrupted; nothing runs any more, and nothing was judged\n")
    _wait_for(lambda: running(mark) == [], run)


def _wait_for(happened, run) -> None:
    until = time.monotonic() + 15
    while not happened():
        assert time.monotonic() < until, (run.poll(), "did not happen")
        time.sleep(0.05)
