from __future__ import annotations

import threading
from pathlib import Path

import pytest

from windtunnel.cassette.lock import locked


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with locked(tmp_path / "a.yaml"):
        assert [file.name for file in tmp_path.iterdir()] == [".a.yaml.lock"]

    assert list(tmp_path.iterdir()) == []


def test_it_is_let_go_of_when_something_fails(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "a.yaml"):
        raise ZeroDivisionError

    with locked(tmp_path / "a.yaml"):
        pass


def test_one_at_a_time_among_many(tmp_path: Path) -> None:
    counter = tmp_path / "count"
    counter.write_text("0")

    def count() -> None:
        for _ in range(25):
            with locked(counter):
                counter.write_text(str(int(counter.read_text()) + 1))

    threads = [threading.Thread(target=count) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counter.read_text() == "150"
    assert list(tmp_path.iterdir()) == [counter]


def test_a_lock_that_a_dead_process_left_is_free(tmp_path: Path) -> None:
    (tmp_path / ".a.yaml.lock").touch()

    with locked(tmp_path / "a.yaml"):
        pass

    assert list(tmp_path.iterdir()) == []
