"""libfaketime: where it is, what it is told, and what cannot be."""

from __future__ import annotations

import re
import time

import pytest

from windtunnel.execution import faketime
from windtunnel.execution.faketime import SpeedError, check_fakeable, check_speed, faked, find_faketime, forget


@pytest.fixture
def library(tmp_path, monkeypatch):
    path = tmp_path / "libfaketimeMT.so.1"
    path.write_bytes(b"")
    monkeypatch.setenv("WINDTUNNEL_LIBFAKETIME", str(path))
    return path


@pytest.fixture
def nowhere(tmp_path, monkeypatch):
    """A system without it."""
    monkeypatch.delenv("WINDTUNNEL_LIBFAKETIME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(faketime, "_FOLDERS", (f"{tmp_path}/lib/*-linux-*/faketime",))
    monkeypatch.setattr(faketime.importlib.util, "find_spec", lambda name: None)
    return tmp_path


def test_the_variable_comes_first(library):
    assert find_faketime() == library


def test_a_variable_that_leads_nowhere_is_an_error(monkeypatch):
    monkeypatch.setenv("WINDTUNNEL_LIBFAKETIME", "/no/such/lib.so")

    with pytest.raises(SpeedError, match="WINDTUNNEL_LIBFAKETIME=/no/such/lib.so: there is no such file"):
        find_faketime()


def test_the_one_for_threads_is_taken_from_the_usual_folders(nowhere):
    folder = nowhere / "lib" / "riscv64-linux-gnu" / "faketime"
    folder.mkdir(parents=True)
    for name in ("libfaketime.so.1", "libfaketimeMT.so.1"):
        (folder / name).touch()

    assert find_faketime() == folder / "libfaketimeMT.so.1"


def test_it_is_found_beside_its_program(nowhere):
    (nowhere / "bin").mkdir()
    (nowhere / "bin" / "faketime").touch(mode=0o755)
    (nowhere / "lib" / "faketime").mkdir(parents=True)
    (nowhere / "lib" / "faketime" / "libfaketime.so.1").touch()

    assert find_faketime() == nowhere / "lib" / "faketime" / "libfaketime.so.1"


def test_where_there_is_none_the_way_to_get_it_is_told(nowhere):
    with pytest.raises(SpeedError) as raised:
        find_faketime()

    for way in (
        "apt-get install faketime",
        "dnf install libfaketime",
        "apk add libfaketime",
        "brew install libfaketime",
    ):
        assert way in str(raised.value)


@pytest.mark.parametrize("speed", [0.0, -1.0, float("nan"), float("inf"), 1001.0])
def test_a_speed_that_cannot_be_is_refused(speed):
    with pytest.raises(SpeedError, match=f"--speed {speed:g}: "):
        check_speed(speed)


def test_the_machines_own_speed_needs_nothing(nowhere):
    assert faked({"A": "b"}, 1, start=0.0) == {"A": "b"}


@pytest.mark.parametrize(
    ("speed", "said"), [(100, "x100"), (2.5, "x2.5"), (0.5, "x0.5"), (1000, "x1000"), (1 / 3, "x0.333333")]
)
def test_speed_and_start_are_told_to_the_library(library, speed, said):
    env = faked({"A": "b"}, speed, start=time.time() + 90)

    assert (env["A"], env["LD_PRELOAD"], env["NO_FAKE_STAT"]) == ("b", str(library), "1")
    assert re.fullmatch(rf"\+(89|90) {re.escape(said)}", env["FAKETIME"])


def test_the_past_has_its_sign_too(library):
    assert faked({}, 2, start=time.time() - 90)["FAKETIME"] in ("-90 x2", "-91 x2")


def test_other_libraries_stay_and_another_faketime_goes(library):
    before = {
        "LD_PRELOAD": "/lib/jemalloc.so:/lib/faketime/libfaketime.so.1",
        "FAKETIME": "-1d",
        "FAKETIME_SHARED": "x",
    }

    env = faked(before, 10, start=time.time())

    assert env["LD_PRELOAD"] == f"{library}:/lib/jemalloc.so"
    assert env["FAKETIME"] == "+0 x10" and "FAKETIME_SHARED" not in env


def test_a_program_out_of_reach_is_an_error_that_says_what_to_do(libfaketime, monkeypatch):
    monkeypatch.setattr(faketime, "why_unfakeable", lambda *_, **__: "it is made of stone")

    with pytest.raises(SpeedError, match="--speed cannot hurry agent: it is made of stone. Run it at --speed 1, or"):
        check_fakeable(["agent"], env={})


def test_what_was_never_shared_is_forgotten_without_complaint():
    forget([0, 2**30])
