"""The marker `windtunnel_scenario`: one test for each scenario and provider, judged by what the scenario expects."""

from __future__ import annotations

from pathlib import Path

import pytest

WEATHER = {
    "calm": "name: calm\nsteps: [{reply: Hello}]\nexpect: {attempts: 1}",
    "storm": "name: storm\nsteps: [{fail: wrong_api_key_}, {reply: Hello}]\nexpect: {attempts: 1}",
    "compacts": "name: full\nneeds: [compaction]\nexpect: {attempts: 1}",
    "varied": "name: ${text}\nvariables: {text: [one, two]}\nsteps: [{reply: '${text}'}]\nexpect: {attempts: 1}",
    "elsewhere": "name: elsewhere\nproviders: [vertex]\nexpect: {attempts: 1}",
    "unsure": "name: unsure\nsteps: [{reply: Hello}]\nexpect: {backoff: own}",
}
TESTS = """
import pytest
from helpers import ask

@pytest.mark.windtunnel_scenario({marker})
def test_agent(windtunnel):
    try:
        ask()
    except OSError:
        {then}
"""


@pytest.fixture
def weather(pytester: pytest.Pytester) -> Path:
    """A folder of scenarios."""
    folder = pytester.mkdir("weather")
    for name, text in WEATHER.items():
        (folder / f"{name}.yaml").write_text(text.replace("wrong_api_key_", "invalid_api_key"), encoding="utf-8")
    return folder


def test_a_folder_makes_a_test_of_each_scenario_that_is_for_a_provider_we_have(run, weather):
    result = run(TESTS.format(marker='"weather", lacks=["compaction"]', then="pass"), "-v", "-rs")

    result.assert_outcomes(passed=5, skipped=1)
    result.stdout.fnmatch_lines_random(
        [
            "*test_agent[[]calm[]] PASSED*",
            "*test_agent[[]varied-text=one[]] PASSED*",
            "*test_agent[[]varied-text=two[]] PASSED*",
            "*needs compaction: the client does not say that it shortens the conversation*",
        ]
    )
    result.stdout.no_fnmatch_line("*elsewhere*")


def test_what_a_scenario_expects_fails_the_test_with_evidence(run, weather):
    result = run(TESTS.format(marker='"weather/storm.yaml"', then="ask()"))

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*the scenario 'storm' expects better:*", "*attempts: fail.*", "*allowed: *", "*to do: *"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")


def test_a_test_that_fails_by_itself_is_not_judged_besides(run, weather):
    result = run(TESTS.format(marker='"weather/storm.yaml"', then="raise"))

    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*expects better*")


def test_scenarios_of_the_library_go_by_their_names(run):
    result = run(TESTS.format(marker='"refusal", "wrong-api-key"', then="pass"), "-v")

    # Nothing has been claimed, so the outcome is unknown: that fails no test.
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines_random(["*test_agent[[]refusal[]] PASSED*", "*test_agent[[]wrong-api-key[]] PASSED*"])


def test_what_is_unknown_is_told_at_the_end_and_fails_where_it_is_strict(run, weather):
    calm = run(TESTS.format(marker='"weather/unsure.yaml"', then="pass"))
    strict = run(TESTS.format(marker='"weather/unsure.yaml", strict=True', then="pass"))

    calm.assert_outcomes(passed=1)
    calm.stdout.fnmatch_lines(
        ["*windtunnel: what cannot be told*", "*test_agent[[]unsure[]]: backoff is unknown; to do: *"]
    )
    strict.assert_outcomes(failed=1)


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ('"weathr"', "*weathr: is neither a file or folder here nor a scenario of the library*"),
        ('"refusl"', "*nearest there: refusal*"),
        ("", "*give it names of scenarios, files or folders*"),
        ('"calm", lack=["tools"]', "*the marker is windtunnel_scenario(name_or_path*"),
        ('"refusal", lacks=["compation"]', "*did you mean compaction?*"),
        ('"refusal", providers=["anthropc"]', "*providers: unknown 'anthropc'; did you mean anthropic?*"),
        ('"refusal", policy="claude_cod"', "*No policy is called 'claude_cod'*"),
    ],
)
def test_a_mistake_in_the_marker_is_a_usage_error(run, weather, marker: str, said: str):
    result = run(TESTS.format(marker=marker, then="pass"))

    assert result.ret in (pytest.ExitCode.USAGE_ERROR, pytest.ExitCode.INTERRUPTED)
    (result.stderr if result.stderr.str() else result.stdout).fnmatch_lines([said])


def test_a_broken_file_names_its_line(run, weather):
    (weather / "calm.yaml").write_text("name: a\nstps: []", encoding="utf-8")

    result = run(TESTS.format(marker='"weather"', then="pass"))

    assert "calm.yaml:2: scenario: unknown 'stps'; did you mean steps?" in result.stdout.str() + result.stderr.str()


def test_a_test_without_the_fixture_is_told_that_it_needs_it(run):
    result = run('import pytest\n\n@pytest.mark.windtunnel_scenario("refusal")\ndef test_it():\n    pass\n')

    said = result.stdout.str() + result.stderr.str()
    assert "windtunnel_scenario is for tests that use the fixture windtunnel" in said


def test_the_scenario_sets_the_server_up(run, pytester: pytest.Pytester):
    pytester.makefile(".yaml", small="name: small\nserver: {context_window: 5000}\nexpect: {attempts: 1}")

    result = run(
        'import pytest\n\n@pytest.mark.windtunnel_scenario("small.yaml")\n'
        "def test_it(windtunnel):\n    from helpers import ask\n    ask()\n"
        "    assert (windtunnel.settings.context_window, windtunnel.scenario.name) == (5000, 'small')\n"
    )

    result.assert_outcomes(passed=1)


@pytest.mark.slow
def test_workers_share_the_scenarios_and_the_end_tells_what_all_of_them_saw(run, weather, workers):
    result = run(
        TESTS.format(marker='"weather", lacks=["compaction"]', then="pass"), "--windtunnel-html=page.html", *workers
    )

    result.assert_outcomes(passed=5, skipped=1)
    result.stdout.fnmatch_lines(["*what cannot be told*", "*test_agent[[]unsure[]]: backoff is unknown*"])
    page = (weather.parent / "page.html").read_text(encoding="utf-8")
    assert "test_agent[varied-text=two]" in page
