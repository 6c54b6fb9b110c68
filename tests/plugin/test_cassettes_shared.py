"""Tests that share a cassette: recorded together, whichever process they are in, and judged by what all of them played."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from windtunnel.cassette.files import load

SHARED = """
import pytest
from helpers import BODY, ask

pytestmark = pytest.mark.windtunnel_cassette("shared", unplayed="fail")

@pytest.mark.parametrize("size", [11, 12, 13, 14])
def test_one_of_its_own(windtunnel, size):
    assert ask(body=BODY | {"max_tokens": size})

@pytest.mark.parametrize("time", [1, 2])
def test_what_another_test_asks_too(windtunnel, time):
    assert ask()
"""


def kept_sizes(pytester: pytest.Pytester) -> list[int]:
    kept = load(pytester.path / "cassettes/test_it/shared.yaml").interactions
    return sorted(json.loads(one.request.body)["max_tokens"] for one in kept)


@pytest.mark.parametrize(
    ("mode", "spread"), [("once", False), ("new", False), ("all", False), ("once", True), ("new", True), ("all", True)]
)
def test_tests_that_share_a_cassette_record_it_together(
    run, upstream, cassette, taken, pytester, workers, mode: str, spread: bool
):
    if mode == "all":
        cassette("shared", taken(asked="Something else"))

    recorded = run(SHARED, f"--windtunnel-record={mode}", *(workers if spread else []))
    asked = len(upstream.asked)
    played = run(SHARED)

    recorded.assert_outcomes(passed=6)
    played.assert_outcomes(passed=6)
    assert len(upstream.asked) == asked
    assert kept_sizes(pytester) == [10, 11, 12, 13, 14]


@pytest.mark.parametrize("mode", ["once", "all"])
def test_what_was_there_before_the_run_is_played_or_replaced(run, upstream, cassette, taken, pytester, mode: str):
    cassette("shared", taken(asked="Something else"))

    result = run(SHARED, f"--windtunnel-record={mode}")

    if mode == "once":
        result.assert_outcomes(failed=6, errors=6)
        assert (len(upstream.asked), kept_sizes(pytester)) == (0, [10])
    else:
        result.assert_outcomes(passed=6)
        assert kept_sizes(pytester) == [10, 11, 12, 13, 14]


def test_a_worker_that_takes_the_place_of_another_knows_what_was_made(run, upstream, cassette, taken, pytester):
    cassette("shared", taken(asked="Something else"))
    source = """
import os
import pytest
from helpers import BODY, ask

@pytest.mark.windtunnel_cassette("shared")
@pytest.mark.parametrize("size", [11, 12, 13])
def test_it(windtunnel, size):
    ask(body=BODY | {"max_tokens": size})

def test_that_ends_the_worker():
    os._exit(1)

@pytest.mark.windtunnel_cassette("shared")
@pytest.mark.parametrize("size", [14, 15])
def test_later(windtunnel, size):
    ask(body=BODY | {"max_tokens": size})
"""
    plugins = ["-p", "no:randomly", "-p", "no:hypothesispytest", "-p", "no:inline_snapshot"]

    result = run(source, "--windtunnel-record=all", "-n", "1", *plugins)

    result.assert_outcomes(passed=5, failed=1)
    assert kept_sizes(pytester) == [11, 12, 13, 14, 15]


# --- what nobody has played --------------------------------------------------------------------------------------

PLAYED = """
import pytest
from helpers import BODY, ask

@pytest.mark.windtunnel_cassette("shared", unplayed="{unplayed}")
class TestBoth:
    def test_one(self):
        ask()

    def test_two(self):
        {two}
"""
ASKS = 'ask(body=BODY | {"max_tokens": 11})'


@pytest.fixture
def shared(cassette, taken) -> Callable[..., Path]:
    """A cassette of two interactions, one for each of two tests, and perhaps one for none."""

    def sized(size: int) -> Any:
        one = taken()
        body = json.dumps(json.loads(one.request.body) | {"max_tokens": size}).encode()
        return replace(one, request=replace(one.request, body=body))

    return lambda *more: cassette("shared", taken(), sized(11), *map(sized, more))


@pytest.mark.parametrize("spread", [False, True])
@pytest.mark.parametrize("unplayed", ["warn", "fail"])
def test_what_one_of_them_has_played_is_played(run, shared, workers, unplayed: str, spread: bool):
    shared()

    result = run(PLAYED.format(unplayed=unplayed, two=ASKS), *(workers if spread else []))

    assert result.ret == pytest.ExitCode.OK
    result.stdout.no_fnmatch_line("*not played*")


@pytest.mark.parametrize("spread", [False, True])
def test_what_none_of_them_has_played_fails_the_run_at_its_end(run, shared, workers, spread: bool):
    shared(12)

    result = run(PLAYED.format(unplayed="fail", two=ASKS), *(workers if spread else []))

    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "failed: test_it.py::TestBoth::test_* and 1 more: not played: interaction 3 of cassettes/test_it/shared.yaml; *"
        ]
    )


def test_what_none_of_them_has_played_is_told_once(run, shared):
    shared(12)

    result = run(PLAYED.format(unplayed="warn", two=ASKS))

    assert result.ret == pytest.ExitCode.OK
    assert result.stdout.str().count("not played: interaction 3 of") == 1


@pytest.mark.parametrize(
    ("two", "args"),
    [
        ("pytest.skip()", []),
        ("assert False", ["--maxfail=9"]),
        (ASKS, ["-k", "test_one"]),
        (ASKS, ["--deselect", "test_it.py::TestBoth::test_two"]),
    ],
    ids=["skipped", "failed", "not chosen", "deselected"],
)
def test_nothing_is_told_where_one_of_them_has_not_passed(run, shared, two: str, args: list[str]):
    shared()

    result = run(PLAYED.format(unplayed="fail", two=two), *args)

    assert result.parseoutcomes()["passed"] == 1
    result.stdout.no_fnmatch_line("*not played*")


def test_a_test_that_was_picked_by_name_may_have_fellows(run, shared):
    shared()

    result = run(PLAYED.format(unplayed="fail", two=ASKS), "test_it.py::TestBoth::test_one")

    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["test_it.py::TestBoth::test_one: not played: interaction 2 of *"])


def test_what_a_test_played_that_then_failed_counts(run, shared, pytester):
    shared()

    run(PLAYED.format(unplayed="warn", two=f"{ASKS}; ask()"), "--windtunnel-cassette-report=played.json")

    (seen,) = json.loads((pytester.path / "played.json").read_text(encoding="utf-8"))["cassettes"].values()
    assert seen == {"played": [1, 2]}


# --- tests that do not share one -------------------------------------------------------------------------------------

APART = """
import pytest
from helpers import BODY, ask

pytestmark = pytest.mark.windtunnel_cassette

class TestA:
    def test_one(self):
        ask(body=BODY | {"max_tokens": 11})

class TestB:
    def test_one(self):
        ask(body=BODY | {"max_tokens": 12})

@pytest.mark.parametrize("size", [13, 14, 15, 16], ids=["a/b", "a b", "x::y", "z::y"])
def test_p(size):
    ask(body=BODY | {"max_tokens": size})
"""


@pytest.mark.parametrize("ini", ["", "windtunnel_cassette_dir = tapes"])
def test_each_test_without_a_name_has_a_cassette_of_its_own(run, upstream, pytester, ini: str):
    run(APART, "--windtunnel-record=all", ini=ini).assert_outcomes(passed=6)
    played = run(APART, ini=ini)

    played.assert_outcomes(passed=6)
    played.stdout.no_fnmatch_line("*not played*")
    assert len(upstream.asked) == 6
    files = list((pytester.path / ("tapes/test_it" if ini else "cassettes/test_it")).glob("*.yaml"))
    assert [len(load(file).interactions) for file in files] == [1] * 6
