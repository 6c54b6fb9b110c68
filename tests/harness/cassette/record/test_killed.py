"""kill -9 at any byte and between any two changes of the disk, for both recorders: what is there afterwards is whole.

`tests/harness/cassette/test_files.py` has the same for a single change of a file.
"""

from __future__ import annotations

import io
import os
import pickle
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from windtunnel.cassette import files
from windtunnel.cassette.interaction import Interaction, Request, Response
from windtunnel.cassette.record.scribe import write_all

#: Writes three interactions behind the one that is there, again and again, each time in a child that is killed later: by
#: itself when it is about to change the disk for the n-th time, or by the system as soon as it writes so many bytes into
#: one file. A copy of what it left is kept under the number, and a line tells what it died of; 0: it came to its end.
DRIVER = """
import datetime as dt, io, os, pathlib, pickle, resource, shutil, signal, sys
from windtunnel.cassette.interaction import Interaction, Request, Response
from windtunnel.cassette.record.scribe import write_all
from windtunnel.recording import keep

recorder, way, steps = sys.argv[1], sys.argv[2], [int(word) for word in sys.argv[3:]]
folder = pathlib.Path.cwd()
path = folder / "there" / "a.yaml"

def taken(number):
    asked = Request(method="POST", uri="https://api.anthropic.com/v1/messages", body=b'{"n":%d}' % number)
    began = dt.datetime(2027, 1, 1, 0, 0, number, tzinfo=dt.UTC)
    return Interaction(request=asked, response=Response(status=200, body=b"x" * 5000), recorded_at=began)

def record():
    fresh = [taken(number) for number in (1, 2, 3)]
    if recorder == "scribe":
        assert write_all(path, io.BytesIO(b"".join(map(pickle.dumps, fresh))), afresh=False)["error"] is None
    else:
        keep(path, fresh, afresh=lambda: False)

CHANGES = {"open", "os.rename", "os.remove", "os.chmod", "fcntl.flock"}

def killed_before_change(step):
    left = step

    def watch(event, args):
        nonlocal left
        if event in CHANGES and (event == "fcntl.flock" or str(path.parent) in str(args[0])):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)

def killed_at_byte(size):
    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

def once(step):
    shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir()
    shutil.copy(folder / "old.yaml", path)
    child = os.fork()
    if not child:
        {"change": killed_before_change, "byte": killed_at_byte}[way](step)
        record()
        os._exit(0)
    died = os.waitpid(child, 0)[1]
    shutil.copy(path, folder / f"after-{step}.yaml")
    print(step, os.WTERMSIG(died), os.WEXITSTATUS(died), flush=True)
    return os.WIFSIGNALED(died)

# All that is needed is loaded here, and not in every child.
shutil.copytree(folder, folder / "warm", ignore=shutil.ignore_patterns("after*"))
path, real = folder / "warm" / "a.yaml", path
record()
path = real
for step in steps or range(1, 1000):
    if not once(step) and not steps:
        break
"""


def numbers(path: Path) -> list[bytes]:
    return [one.request.body for one in files.load(path).interactions]


def taken(number: int) -> Interaction:
    asked = Request(method="POST", uri="https://api.anthropic.com/v1/messages", body=b'{"n":%d}' % number)
    return Interaction(request=asked, response=Response(status=200, body=b"{}"))


def left_by(recorder: str, way: str, folder: Path, *steps: int) -> dict[int, tuple[list[bytes], int]]:
    """Have a recorder killed again and again; return what each left in the cassette, and the signal it died of."""
    files.save(folder / "old.yaml", [taken(0)], expected=None)
    run = subprocess.run(
        [sys.executable, "-c", DRIVER, recorder, way, *map(str, steps)],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert run.returncode == 0, run.stderr
    ends = [tuple(map(int, line.split())) for line in run.stdout.splitlines()]
    assert all(code == 0 for _, _, code in ends), run.stderr
    return {step: (numbers(folder / f"after-{step}.yaml"), died) for step, died, _ in ends}


ALL = [b'{"n":%d}' % number for number in range(4)]
each_recorder = pytest.mark.parametrize("recorder", ["scribe", "in process"])


@pytest.mark.slow
@each_recorder
def test_killed_between_any_two_changes_of_the_disk_it_leaves_what_was_complete(recorder: str, tmp_path: Path):
    left = left_by(recorder, "change", tmp_path)

    *killed, last = left.values()
    assert last == (ALL, 0)
    assert {died for _, died in killed} == {signal.SIGKILL} and len(killed) > 4
    assert all(there == ALL[: len(there)] for there, _ in killed)
    assert killed[0][0] == ALL[:1] and killed[-1][0] == ALL


@pytest.mark.slow
@each_recorder
def test_killed_at_any_byte_it_leaves_the_old_cassette(recorder: str, tmp_path: Path):
    left = left_by(recorder, "byte", tmp_path, 1, 100, 1000, 4000, 5000, 1 << 20)

    *killed, (there, died) = left.values()
    assert (there, died) == (ALL, 0)
    assert {died for _, died in killed} == {signal.SIGXFSZ}
    assert all(there == ALL[:1] for there, _ in killed)


def test_a_recorder_that_dies_while_it_hands_over_leaves_what_it_had_handed_over(tmp_path: Path):
    said = [pickle.dumps(taken(number)) for number in range(3)]
    whole = b"".join(said)

    for cut in [*range(0, len(whole), 7), len(whole)]:
        path = tmp_path / f"{cut}.yaml"
        told = write_all(path, io.BytesIO(whole[:cut]), afresh=False)

        complete = sum(cut >= sum(map(len, said[: number + 1])) for number in range(3))
        assert told == {"count": complete, "error": None}
        assert (numbers(path) if path.exists() else []) == ALL[:complete]
