"""What can be set, by marker, option and ini key; and that nothing is set under a name that is not ours."""

from __future__ import annotations

import pytest

from windtunnel import plugin


def test_marker_options_set_the_tunnel_up(run):
    result = run(
        """
import datetime
import time

import pytest
from windtunnel_server.clock import RealClock, VirtualClock

def test_default(windtunnel):
    assert isinstance(windtunnel.clock, VirtualClock)
    assert (windtunnel.core.seed, datetime.datetime.now().year) == (0, 2026)
    assert time.time() == windtunnel.clock.wall()

@pytest.mark.windtunnel(clock="real", seed=7)
def test_real(windtunnel):
    assert isinstance(windtunnel.clock, RealClock)
    assert windtunnel.core.seed == 7

@pytest.mark.windtunnel(dates=False)
def test_dates(windtunnel):
    assert time.time() != windtunnel.clock.wall()

@pytest.mark.windtunnel(seed=1, clock="real")
class TestNearestMarkerWins:
    @pytest.mark.windtunnel(seed=2)
    def test_it(self, windtunnel):
        assert windtunnel.core.seed == 2
        assert isinstance(windtunnel.clock, RealClock)
"""
    )

    result.assert_outcomes(passed=4)


@pytest.mark.parametrize(
    ("mark", "said"),
    [
        ("clok='real'", "*UsageError: *::test_it: the marker windtunnel does not know clok; it is windtunnel(clock=*"),
        ("'real'", "*UsageError: *::test_it: the marker windtunnel does not know 'real'; it is windtunnel(clock=*"),
        ("clock='reel'", '*ValueError: clock: \'reel\' is neither "virtual" nor "real"'),
    ],
)
def test_a_marker_that_cannot_be_is_an_error_that_says_what_can(run, mark: str, said: str):
    result = run(f"import pytest\n\n@pytest.mark.windtunnel({mark})\ndef test_it(windtunnel):\n    pass\n")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])


SHOW_SEED = """
import pytest

def test_seed(windtunnel):
    assert windtunnel.core.seed == {run}

@pytest.mark.windtunnel(seed=5)
def test_marker_wins(windtunnel):
    assert windtunnel.core.seed == 5
"""


def test_the_seed_comes_from_the_option_before_the_ini_key(run):
    result = run(SHOW_SEED.format(run=12), "--windtunnel-seed=12", ini="windtunnel_seed = 3")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["windtunnel: seed 12"])


def test_the_seed_comes_from_the_ini_key(run):
    result = run(SHOW_SEED.format(run=3), ini="windtunnel_seed = 3")

    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["windtunnel: seed 3"])


def test_a_seed_that_is_no_number_is_a_usage_error(run):
    result = run("", ini="windtunnel_seed = three")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*windtunnel_seed = three: must be a whole number"])


def test_a_misspelt_option_is_a_usage_error(run):
    result = run("", "--windtunnel-sed=3")

    assert result.ret == pytest.ExitCode.USAGE_ERROR


def test_nothing_is_registered_without_our_name(pytester: pytest.Pytester):
    config = pytester.parseconfigure()
    ours = [group for group in config._parser._groups if group.name == "windtunnel"]
    options = [name for group in ours for option in group.options for name in option.names()]
    markers = [line for line in config.getini("markers") if "windtunnel" in line]
    fixtures = [name for name, value in vars(plugin).items() if type(value).__name__ == "FixtureFunctionDefinition"]

    assert sorted(options) == [
        "--windtunnel-cassette-report",
        "--windtunnel-html",
        "--windtunnel-network",
        "--windtunnel-record",
        "--windtunnel-seed",
    ]
    assert [name for name in config._parser._inidict if "windtunnel" in name] == [
        "windtunnel_seed",
        "windtunnel_network",
        "windtunnel_record",
        "windtunnel_cassette_dir",
        "windtunnel_redact",
        "windtunnel_html",
    ]
    assert [line.partition("(")[0] for line in markers] == ["windtunnel", "windtunnel_scenario", "windtunnel_cassette"]
    assert fixtures == ["windtunnel"]


def test_the_plugin_adds_to_pytest_what_we_know_of_and_no_more(pytester: pytest.Pytester):
    def registered(*args: str) -> tuple[set[str], set[str], set[str]]:
        config = pytester.parseconfigure(*args)
        options = {n for g in config._parser._groups for option in g.options for n in option.names()}
        return options, set(config._parser._inidict), {line.partition(":")[0] for line in config.getini("markers")}

    with_it, without = registered(), registered("-p", "no:windtunnel")
    added = [one - other for one, other in zip(with_it, without, strict=True)]

    assert added[0] == {f"--windtunnel-{name}" for name in ("cassette-report", "html", "network", "record", "seed")}
    assert added[1] == {
        f"windtunnel_{name}" for name in ("cassette_dir", "html", "network", "record", "redact", "seed")
    }
    assert {line.partition("(")[0] for line in added[2]} == {"windtunnel", "windtunnel_cassette", "windtunnel_scenario"}
