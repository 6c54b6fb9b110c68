"""The fixture beside what else may be in a run: other plugins, other fixtures, other tests."""

from __future__ import annotations

import pytest


def test_tests_share_neither_script_nor_journal(run):
    result = run(
        """
import pytest
from helpers import ask

@pytest.mark.parametrize("name", ["one", "two", "three"])
def test_it(windtunnel, name):
    assert len(windtunnel.journal) == 0 and windtunnel.core.script.left == []
    windtunnel.script(reply(name), reply("left over"))

    assert ask() == name
    assert len(windtunnel.journal) == 1
    assert windtunnel.clock.now() == 0
"""
    )

    result.assert_outcomes(passed=3)


SHARED = """
import os
import time

import pytest
from helpers import ask

@pytest.mark.parametrize("name", ["one", "two", "three", "four"])
def test_it(windtunnel, name):
    windtunnel.script(reply(name))
    time.sleep(60)

    assert ask() == name
    assert len(windtunnel.journal) == 1
"""


@pytest.mark.slow
def test_workers_of_xdist_run_it_side_by_side(run, workers: list[str]):
    run(SHARED, *workers).assert_outcomes(passed=4)


def test_other_plugins_may_all_be_away(run):
    away = [
        word for name in ("randomly", "timeout", "xdist", "anyio", "hypothesispytest") for word in ("-p", f"no:{name}")
    ]

    run(SHARED, *away).assert_outcomes(passed=4)


def test_the_fixture_goes_with_those_of_pytest(run):
    result = run(
        """
import os
from helpers import ask

def test_it(tmp_path, capsys, monkeypatch, caplog, recwarn, windtunnel):
    windtunnel.script(reply("said"))
    (tmp_path / "file").write_text("written")
    monkeypatch.chdir(tmp_path)
    print(ask())

    assert capsys.readouterr().out == "said\\n"
    assert os.listdir() == ["file"]
    assert len(recwarn) == 0
"""
    )

    result.assert_outcomes(passed=1)


def test_a_test_may_freeze_time_itself(run):
    result = run(
        """
import datetime
import time

from freezegun import freeze_time
from helpers import ask

def test_inside(windtunnel):
    with freeze_time("2020-02-02"):
        assert ask()
        assert datetime.date.today() == datetime.date(2020, 2, 2)
    assert datetime.date.today() == datetime.date(2026, 11, 2)
    time.sleep(3600 * 24)
    assert datetime.date.today() == datetime.date(2026, 11, 3)

@freeze_time("2020-02-02")
def test_outside(windtunnel):
    assert ask()
    assert datetime.date.today() == datetime.date(2020, 2, 2)

def test_afterwards():
    assert datetime.datetime.__module__ == "datetime"
    assert time.sleep.__class__.__name__ == "builtin_function_or_method"
""",
        "-p",
        "no:randomly",
    )

    result.assert_outcomes(passed=3)


WAITS = """
import time
from helpers import ask

def test_long(windtunnel):
    windtunnel.script(reply("late", stream={"first_byte": 600}))
    started = time.monotonic()
    assert ask(body={"model": "claude-sonnet-4-6", "max_tokens": 10, "messages": [{"role": "user", "content": "Hi"}]})
    time.sleep(600)
    assert time.monotonic() - started >= 600
"""


def test_pytest_itself_keeps_real_time(run):
    result = run(WAITS, "--durations=0", "-vv")

    result.assert_outcomes(passed=1)
    assert result.duration < 60
    lines = [line.split() for line in result.stdout.lines if "test_long" in line and " call " in line]
    assert [float(line[0].rstrip("s")) < 5 for line in lines] == [True]


def test_an_async_test_runs_on_virtual_time(run):
    result = run(
        """
import asyncio

import pytest
from helpers import ask

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.anyio
async def test_it(windtunnel):
    windtunnel.script(reply("from a thread"))
    await asyncio.sleep(600)

    assert windtunnel.clock.now() == pytest.approx(600)
    assert await asyncio.to_thread(ask) == "from a thread"
"""
    )

    result.assert_outcomes(passed=1)


def test_trio_is_told_that_it_needs_real_time(run):
    result = run(
        """
import pytest

@pytest.fixture
def anyio_backend():
    return "trio"

@pytest.mark.anyio
async def test_virtual(windtunnel):
    pass

@pytest.mark.anyio
@pytest.mark.windtunnel(clock="real")
async def test_real(windtunnel):
    pass
"""
    )

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(['trio cannot run on * ask for real time: @pytest.mark.windtunnel(clock="real")'])


@pytest.mark.slow
def test_a_test_that_hangs_is_ended_by_pytest_timeout_and_leaves_nothing_behind(run):
    result = run(
        """
import os
import time

import pytest

@pytest.mark.timeout(1)
def test_hangs(windtunnel):
    while True:
        pass

def test_next(windtunnel):
    time.sleep(600)
    assert windtunnel.clock.now() == 600

def test_after():
    assert time.sleep.__class__.__name__ == "builtin_function_or_method"
""",
        "-p",
        "no:randomly",
    )

    result.assert_outcomes(failed=1, passed=2)


def test_a_bug_of_the_tunnel_fails_the_test_and_is_named(run):
    result = run(
        """
import pytest
import urllib.error
from helpers import ask

def test_it(windtunnel):
    def broken(*args):
        raise LookupError("lost my way")

    windtunnel.core.provider.answer = broken
    with pytest.raises(urllib.error.HTTPError):
        ask()
"""
    )

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*windtunnel itself failed; this is a bug in it*", "*LookupError: lost my way*"])
