from __future__ import annotations

import errno
import os
import random
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from windtunnel.cassette import reader
from windtunnel.cassette.files import CassetteMissing, load, loads, save, update
from windtunnel.cassette.interaction import CassetteError, Interaction
from windtunnel.cassette.spots import Spot


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cassettes" / "talk.yaml"


def test_what_is_saved_is_loaded(path: Path, three: list[Interaction]) -> None:
    save(path, three, expected=None)

    cassette = load(path)

    assert list(cassette.interactions) == three
    assert cassette.format == 1
    assert [(key.method, key.uri, key.body) for key in cassette.keys] == [
        (each.request.method, each.request.uri, each.request.body) for each in three
    ]
    assert [file.name for file in path.parent.iterdir()] == ["talk.yaml"]


def test_nothing_is_built_before_it_is_asked_for(
    path: Path, three: list[Interaction], monkeypatch: pytest.MonkeyPatch
) -> None:
    save(path, three, expected=None)
    built: list[Spot] = []
    structure = reader.structure
    monkeypatch.setattr(reader, "structure", lambda spot: built.append(spot) or structure(spot))  # type: ignore[func-returns-value]

    cassette = load(path)
    keys = list(cassette.keys)

    assert len(cassette.interactions) == len(keys) == 3
    assert built == []
    assert cassette.interactions[1] is cassette.interactions[1]
    assert len(built) == 1


def test_a_file_in_another_layout_is_read_as_well(path: Path, three: list[Interaction]) -> None:
    save(path, three, expected=None)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n").replace(b"method: POST", b"method: 'POST'"))

    cassette = load(path)

    assert cassette.spots is None
    assert list(cassette.interactions) == three
    assert [key.body for key in cassette.keys] == [each.request.body for each in three]


def test_a_cassette_that_is_not_there_is_missing(path: Path) -> None:
    with pytest.raises(CassetteMissing, match=r"talk.yaml: there is no such cassette; record it first"):
        load(path)


def test_a_cut_cassette_is_damaged_wherever_it_is_cut(path: Path, answered: Interaction) -> None:
    save(path, [answered, answered], expected=None)
    raw = path.read_bytes()

    for end in range(len(raw) - 1):
        with pytest.raises(CassetteError, match=r"talk.yaml.*The file is left as it is; restore it"):
            loads(raw[:end], path)


def test_a_cut_after_an_edit_by_hand_is_found_too(path: Path, answered: Interaction) -> None:
    save(path, [answered, answered], expected=None)
    raw = path.read_bytes().replace(b"method: POST", b"method: 'POST'")
    second = raw.index(b"# --- 2 ---")

    with pytest.raises(CassetteError, match=r"without the line '# end of cassette' that ends a cassette"):
        loads(raw[:second], path)


def test_the_last_line_end_may_be_missing(path: Path, answered: Interaction) -> None:
    save(path, [answered], expected=None)

    assert list(loads(path.read_bytes()[:-1], path).interactions) == [answered]


def test_a_damaged_file_is_named_with_its_line_and_left_alone(path: Path, three: list[Interaction]) -> None:
    save(path, three, expected=None)
    damaged = path.read_bytes().replace(b"    status: {", b"    status: [", 1)
    path.write_bytes(damaged)
    line = damaged[: damaged.index(b"status: [")].count(b"\n") + 1

    with pytest.raises(CassetteError, match=rf"talk.yaml, line {line}: this is not YAML"):
        load(path)
    with pytest.raises(CassetteError, match="this is not YAML"):
        update(path, lambda old: old)
    with pytest.raises(CassetteError, match="there is a cassette already, which is not overwritten unread"):
        save(path, three, expected=None)
    assert path.read_bytes() == damaged


def test_a_cassette_of_a_later_windtunnel_is_left_alone_with_the_remedy(path: Path, answered: Interaction) -> None:
    save(path, [answered], expected=None)
    path.write_bytes(path.read_bytes().replace(b"format: 1", b"format: 2"))

    with pytest.raises(CassetteError, match=r"is 2, and this .* to 1. The file is left as it is; upgrade windtunnel"):
        update(path, lambda old: [])
    assert b"format: 2" in path.read_bytes()


def test_a_cassette_changed_meanwhile_is_not_overwritten(path: Path, three: list[Interaction]) -> None:
    save(path, three, expected=None)
    mine = load(path)
    update(path, lambda old: old[:1])

    with pytest.raises(CassetteError, match="the cassette was changed since it was loaded"):
        save(path, three[1:], expected=mine)

    assert list(load(path).interactions) == three[:1]
    path.unlink()
    with pytest.raises(CassetteError, match="the cassette was deleted since it was loaded"):
        save(path, three[1:], expected=mine)


def test_a_cassette_as_expected_is_overwritten(path: Path, three: list[Interaction]) -> None:
    save(path, three, expected=None)

    save(path, three[1:], expected=load(path))

    assert list(load(path).interactions) == three[1:]


def test_an_update_adds_to_what_is_there(path: Path, three: list[Interaction]) -> None:
    first = update(path, lambda old: [*old, three[0]])
    second = update(path, lambda old: (each for each in [three[1], *old]))

    assert list(first.interactions) == three[:1]
    assert list(second.interactions) == [three[1], three[0]]
    assert second.raw == path.read_bytes()


def test_an_update_leaves_comments_of_unchanged_interactions_alone(path: Path, three: list[Interaction]) -> None:
    save(path, three, expected=None)
    path.write_bytes(path.read_bytes().replace(b"- request:", b"# seen by a reviewer\n- request:"))

    update(path, lambda old: [old[0], replace(old[1], provider="vertex"), old[2]])

    assert path.read_bytes().count(b"# seen by a reviewer") == 2
    assert [line for line in path.read_text().splitlines() if "---" in line] == [f"# --- {n} ---" for n in (1, 2, 3)]


def test_keys_of_others_beside_the_interactions_are_kept(path: Path, answered: Interaction) -> None:
    save(path, [answered], expected=None)
    path.write_bytes(path.read_bytes().replace(b"version: 1\n", b"version: 1\nmetadata: {about: weather}\n"))

    cassette = update(path, lambda old: [*old, answered])

    assert cassette.extra == {"metadata": {"about": "weather"}}
    assert len(cassette.interactions) == 2


def test_writers_that_work_at_once_lose_nothing(path: Path, answered: Interaction) -> None:
    def add(number: int) -> None:
        added = replace(answered, request=replace(answered.request, body=str(number).encode()))
        update(path, lambda old: [*old, added])

    threads = [threading.Thread(target=add, args=[number]) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(int(key.body) for key in load(path).keys) == list(range(12))
    assert [file.name for file in path.parent.iterdir()] == ["talk.yaml"]


def test_a_disk_that_is_full_leaves_the_old_cassette(
    path: Path, three: list[Interaction], monkeypatch: pytest.MonkeyPatch
) -> None:
    save(path, three[:1], expected=None)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)

    with pytest.raises(CassetteError, match="cannot be written: No space left on device; what was there is unharmed"):
        update(path, lambda old: three)
    assert list(load(path).interactions) == three[:1]
    assert [file.name for file in path.parent.iterdir()] == ["talk.yaml"]


def test_a_folder_that_cannot_be_written_is_a_cassette_error(tmp_path: Path, answered: Interaction) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(CassetteError, match="the cassette cannot be written"):
        save(tmp_path / "file" / "talk.yaml", [answered], expected=None)


def test_mode_and_link_of_the_old_file_stay(tmp_path: Path, path: Path, answered: Interaction) -> None:
    save(path, [], expected=None)
    path.chmod(0o640)
    link = tmp_path / "link.yaml"
    link.symlink_to(path)

    cassette = update(link, lambda old: [answered])

    assert link.is_symlink()
    assert cassette.path == link
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert len(load(path).interactions) == 1


#: Forks a child for each line it reads; the child saves one version of the cassette after the other until it is killed,
#: by the system where the line is a number: as soon as it writes so many bytes into one file.
SAVES_FOR_EVER = """
import os, pathlib, resource, signal, sys
from windtunnel.cassette.files import update

path = pathlib.Path(sys.argv[1])
# All that is needed is loaded here, and not in every child.
update(path, lambda old: [*old[:1]])

def versions(old):
    return [old[0]] * (1 + len(old) % 5)

for line in sys.stdin:
    child = os.fork()
    if not child:
        if size := int(line):
            signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        update(path, versions)
        print(os.getpid(), flush=True)
        while True:
            update(path, versions)
    print(os.WTERMSIG(os.waitpid(child, 0)[1]), flush=True)
"""


class Writer:
    """A process that writes a cassette, and dies."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdin is not None and process.stdout is not None
        self._stdin, self._stdout = process.stdin, process.stdout

    def dies_at(self, size: int) -> int:
        self._go(size)
        return self._heard()

    def dies_after(self, for_s: float) -> int:
        self._go(0)
        child = self._heard()
        # Real time, as the child's death is: an instant of its loop, which goes round in some milliseconds.
        time.sleep(for_s)
        os.kill(child, signal.SIGKILL)
        return self._heard()

    def _go(self, size: int) -> None:
        self._stdin.write(f"{size}\n")
        self._stdin.flush()

    def _heard(self) -> int:
        return int(self._stdout.readline())


@pytest.fixture
def writer(path: Path, streamed: Interaction) -> Iterator[Writer]:
    """Writes a cassette of 1 to 5 times the same interaction of some 250 kB."""
    large = replace(streamed, response=replace(streamed.response, body=streamed.response.body * 300))
    save(path, [large], expected=None)
    command = [sys.executable, "-c", SAVES_FOR_EVER, str(path)]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield Writer(process)
        assert process.stdin is not None
        process.stdin.close()


def test_killed_at_any_instant_it_leaves_the_old_cassette_or_the_new_one(path: Path, writer: Writer) -> None:
    chance, large, seen = random.Random(7), load(path).interactions[0], set()

    for _ in range(30):
        assert writer.dies_after(chance.uniform(0.0, 0.02)) == signal.SIGKILL
        interactions = load(path).interactions
        assert list(interactions) == [large] * len(interactions)
        seen.add(len(interactions))

    assert len(seen) > 1


def test_killed_at_any_byte_it_leaves_the_old_cassette(path: Path, writer: Writer) -> None:
    chance, before = random.Random(7), path.read_bytes()

    for size in [1, 100, *(chance.randrange(1, 2 * len(before)) for _ in range(10))]:
        update(path, lambda old: old[:1])
        assert writer.dies_at(size) == signal.SIGXFSZ
        assert path.read_bytes() == before


def test_what_a_killed_writer_left_is_taken_away_by_the_next(path: Path, answered: Interaction) -> None:
    path.parent.mkdir()
    (path.parent / ".talk.yaml.part").write_bytes(b"half a cass")
    (path.parent / ".talk.yaml.lock").touch()

    update(path, lambda old: [answered])

    assert [file.name for file in path.parent.iterdir()] == ["talk.yaml"]


def test_a_change_that_fails_changes_nothing(path: Path, answered: Interaction) -> None:
    save(path, [answered], expected=None)
    before = path.read_bytes()

    def change(old: Sequence[Interaction]) -> Sequence[Interaction]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        update(path, change)
    assert path.read_bytes() == before


def test_loading_and_importing_windtunnel_leave_the_parser_alone(path: Path, answered: Interaction) -> None:
    save(path, [answered], expected=None)
    program = (
        "import sys, windtunnel, windtunnel.plugin\n"
        "assert not {'yaml', 'windtunnel.cassette'} & set(sys.modules), sorted(sys.modules)\n"
        "from windtunnel.cassette.files import load\n"
        f"assert len(load({str(path)!r}).interactions[:]) == 1\n"
        "assert 'yaml' not in sys.modules\n"
    )

    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    run = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=50)

    assert run.returncode == 0, run.stderr
