"""Signals reach the command once, a second one ends it, and it does not outlive us."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from windtunnel.execution import _keeper

pytestmark = pytest.mark.slow

linux = pytest.mark.skipif(sys.platform != "linux", reason="orphans come to us on Linux alone")

#: A command that counts the signals it gets, and ends by itself when a file says so.
COUNTING = """
import os, signal, sys, time
seen = []
for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
    signal.signal(signum, lambda got, _: seen.append(got))
open("pid", "w").write(str(os.getpid()))
open("ready", "w").close()
until = time.monotonic() + 20
while not os.path.exists("over") and time.monotonic() < until:
    time.sleep(0.01)
open("seen", "w").write(repr([int(got) for got in seen]))
"""


@pytest.fixture
def started(tmp_path, eventually):
    """Run a program of Python under `execute`, in a process (and a process group) of its own."""
    running = []

    def start(code, **options):
        (tmp_path / "command.py").write_text(textwrap.dedent(code))
        runner = textwrap.dedent(f"""
            import os, sys
            from windtunnel.execution import execute
            execution = execute([sys.executable, "-S", "command.py"], env=dict(os.environ), **{options!r})
            print(execution.how, execution.signals, execution.stopped_by, flush=True)
        """)
        process = subprocess.Popen(
            [sys.executable, "-c", runner],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )
        running.append(process)
        eventually((tmp_path / "ready").exists)
        return process

    yield start
    for process in running:
        (tmp_path / "over").touch()
        process.communicate(timeout=30)


def settle():
    """Longer than the keeper takes to tell a signal to us from one to the whole group."""
    time.sleep(4 * _keeper._SAME_S)


def said_by(process):
    out, _ = process.communicate(timeout=30)
    return out.strip()


def test_a_signal_to_us_alone_reaches_the_command(started, tmp_path):
    process = started(COUNTING)

    process.send_signal(signal.SIGUSR1)
    settle()
    (tmp_path / "over").touch()

    assert said_by(process) == "exited with code 0 () None"
    assert (tmp_path / "seen").read_text() == repr([int(signal.SIGUSR1)])


def test_a_signal_to_the_whole_group_reaches_the_command_once(started, tmp_path):
    process = started(COUNTING)

    os.killpg(process.pid, signal.SIGINT)
    settle()
    (tmp_path / "over").touch()

    assert said_by(process) == f"exited with code 0 ({int(signal.SIGINT)},) None"
    assert (tmp_path / "seen").read_text() == repr([int(signal.SIGINT)])


def test_after_one_ctrl_c_a_command_has_all_the_time_it_wants(started, tmp_path):
    process = started(COUNTING, grace_s=0.1)

    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.5)

    assert process.poll() is None


def test_a_second_ctrl_c_kills(started, tmp_path):
    process = started(COUNTING)

    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        settle()

    assert said_by(process) == f"died by SIGKILL ({int(signal.SIGINT)}, {int(signal.SIGINT)}) SIGKILL"


def test_sigterm_to_us_leaves_the_command_the_grace_and_no_more(started, tmp_path):
    process = started(COUNTING, grace_s=0.3)

    process.send_signal(signal.SIGTERM)

    assert said_by(process) == f"died by SIGKILL ({int(signal.SIGTERM)},) SIGKILL"


@linux
def test_it_ends_when_we_are_killed(started, tmp_path, eventually, gone):
    process = started(COUNTING, grace_s=0.1)

    process.kill()

    eventually(lambda: gone(tmp_path / "pid"))


@linux
def test_it_ends_when_its_keeper_is_killed_and_we_say_so(started, tmp_path, eventually, gone):
    process = started(COUNTING)
    keeper = int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()[0])

    os.kill(keeper, signal.SIGKILL)

    eventually(lambda: gone(tmp_path / "pid"))
    assert said_by(process) == ""
    assert process.returncode == 1


def test_it_runs_on_the_standard_library_alone():
    bare = subprocess.run(
        [sys.executable, "-I", "-S", "-c", "import runpy, sys; runpy.run_path(sys.argv[1]); "
         "print([name for name in sys.modules if name.startswith('windtunnel')])", _keeper.__file__],
        capture_output=True, text=True, timeout=30,
    )  # fmt: skip

    assert bare.stdout.strip() == "[]", bare.stderr


@linux
def test_descendants_are_found_through_the_dead(tmp_path):
    with subprocess.Popen(["sh", "-c", "sleep 60 & sleep 61"], process_group=0) as parent:
        while len([name for _, name in _keeper.descendants() if name == "sleep"]) < 2:
            time.sleep(0.01)

        found = _keeper.descendants()
        os.killpg(parent.pid, signal.SIGKILL)

    assert parent.pid in [pid for pid, _ in found]
    assert parent.pid not in [pid for pid, _ in _keeper.descendants()]


def test_a_faked_clock_is_set_ahead_by_what_it_has_missed():
    since = {"speed": 101, "at": time.monotonic() - 2}

    assert _keeper._caught_up({b"FAKETIME": b"+5 x101"}, since)[b"FAKETIME"] in (b"+205 x101", b"+206 x101")
    assert _keeper._caught_up({b"FAKETIME": b"-300 x101"}, since)[b"FAKETIME"] in (b"-100 x101", b"-99 x101")


def test_a_clock_that_is_not_faked_is_left_alone():
    since = {"speed": 1, "at": time.monotonic() - 2}

    assert _keeper._caught_up({b"FAKETIME": b"-1d"}, since) == {b"FAKETIME": b"-1d"}
    assert _keeper._caught_up({b"A": b"b"}, since | {"speed": 9}) == {b"A": b"b"}
