"""The marker `windtunnel_cassette`: what is recorded answers, nothing else does, and nothing leaves the machine."""

from __future__ import annotations

import json

import pytest

from windtunnel.cassette.files import load
from windtunnel.cassette.interaction import Arrival

#: As `helpers.BODY`, in the inner tests.
BODY = {"model": "claude-sonnet-4-6", "max_tokens": 10, "messages": [{"role": "user", "content": "Hello"}]}

PLAY = """
import pytest
from helpers import BODY, ask

@pytest.mark.windtunnel_cassette({marker})
def test_it(windtunnel):
    {body}
"""


def play(marker: str = '"hello"', body: str = 'assert ask() == "recorded"') -> str:
    return PLAY.format(marker=marker, body=body)


# --- playing -----------------------------------------------------------------------------------------------------


def test_a_cassette_answers_and_the_tunnel_tells_what_was_played(run, cassette):
    cassette("hello")

    result = run(
        play(
            body='assert ask() == "recorded"; '
            "assert [str(p) for p in windtunnel.cassette.played] == ['interaction 1 of cassettes/test_it/hello.yaml']; "
            "assert windtunnel.cassette.unplayed == [] and windtunnel.cassette.misses == []"
        )
    )

    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*windtunnel: cassettes*")


def test_without_a_name_a_cassette_is_called_as_the_test(run, cassette):
    cassette("test_it")

    run(play(marker="")).assert_outcomes(passed=1)


def test_several_cassettes_are_played_one_behind_the_other(run, cassette, taken):
    cassette("one", taken("first"))
    cassette("two", taken("second"))

    run(play('"one", "two.yaml"', 'assert [ask(), ask()] == ["first", "second"]')).assert_outcomes(passed=1)


def test_a_folder_may_be_named_for_all(run, cassette):
    cassette("hello", folder="tapes")

    run(play(), ini="windtunnel_cassette_dir = tapes").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("ini", "name", "text"),
    [
        ("", "windtunnel.redact.yaml", "patterns: [Hell.]"),
        ("windtunnel_redact = own.toml", "own.toml", 'patterns = ["Hell."]'),
        (
            "windtunnel_redact = our_rules_of_redaction:RULES",
            "our_rules_of_redaction.py",
            "from windtunnel.cassette.redact import Rules\nRULES = Rules(patterns=['Hell.'])",
        ),
    ],
)
def test_rules_of_ones_own_hold_when_a_test_records_and_when_it_plays(run, upstream, pytester, ini, name, text):
    (pytester.path / name).write_text(text, encoding="utf-8")

    run(play(body="ask()"), "--windtunnel-record=once", ini=ini).assert_outcomes(passed=1)
    run(play(body="ask()"), ini=ini).assert_outcomes(passed=1)

    assert len(upstream.asked) == 1
    assert "Hello" not in (pytester.path / "cassettes" / "test_it" / "hello.yaml").read_text(encoding="utf-8")


def test_rules_that_cannot_be_followed_fail_the_test_that_plays(run, cassette):
    cassette("hello")

    result = run(play(), ini="windtunnel_redact = none.yaml")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*none.yaml: the rules of redaction cannot be read: No such file*"])


def test_the_marker_says_pace_rules_and_repeats(run, cassette, taken):
    cassette("hello", taken(arrivals=(Arrival(40.0, 5),)))
    marker = '"hello", pace="recorded", match=["method", "path"], allow_repeats=True'
    body = 'assert ask(body={"any": 1}) == ask() == "recorded"; assert windtunnel.clock.now() >= 80'

    run(play(marker, body)).assert_outcomes(passed=1)


def test_a_script_is_laid_over_it(run, cassette):
    cassette("hello")
    body = """
    import urllib.error
    windtunnel.script(fail("overloaded"))
    with pytest.raises(urllib.error.HTTPError):
        ask()
    assert ask() == "recorded"
"""

    run(play(body=body.strip())).assert_outcomes(passed=1)


def test_a_scenario_is_played_over_it(run, cassette, pytester):
    cassette("hello")
    weather = "name: storm\nsteps: [{fail: overloaded}]\nexpect: {attempts: 2}"
    (pytester.path / "storm.yaml").write_text(weather, encoding="utf-8")
    source = """
import urllib.error

import pytest
from helpers import ask

@pytest.mark.windtunnel_scenario("storm.yaml")
@pytest.mark.windtunnel_cassette("hello")
def test_it(windtunnel):
    try:
        ask()
    except urllib.error.HTTPError:
        assert ask() == "recorded"
"""

    run(source).assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("marker", "said"),
    [
        ('"hello", pase=1', "*ERROR: *::test_it: the marker is windtunnel_cassette(name, *pase*"),
        ('"hello", unplayed="flail"', "*ERROR: *unplayed: unknown 'flail'; did you mean fail?*"),
        ("3", "*ERROR: *::test_it: windtunnel_cassette: 3 is no name*"),
        ('"hello", match=["bodi"]', "*windtunnel_cassette: match: unknown 'bodi'; did you mean body?*"),
        ('"hello", pace="fast"', "*windtunnel_cassette: pace: 'fast' is neither*"),
    ],
)
def test_a_marker_that_cannot_be_is_an_error_that_says_what_can(run, cassette, marker: str, said: str):
    cassette("hello")

    result = run(play(marker, "pass"))

    assert "passed" not in result.parseoutcomes()
    lines = pytest.LineMatcher([*result.outlines, *result.errlines])
    lines.fnmatch_lines([said])


def test_a_cassette_that_is_not_there_says_how_to_record_it(run):
    result = run(play())

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*hello.yaml: there is no such cassette; record it first: pytest test_it.py::test_it --windtunnel-record=once"]
    )


# --- what is missed, and what is not played ----------------------------------------------------------------------


def test_a_miss_fails_the_test_that_hides_it_and_says_what_is_nearest(run, cassette, taken):
    cassette("hello", taken(asked="Hullo"))
    body = """
    import urllib.error
    with pytest.raises(urllib.error.HTTPError):
        ask()
"""

    result = run(play(body=body.strip()))

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(
        [
            "No recording answers POST /v1/messages (request 1).",
            "  nearest: interaction 1 of cassettes/test_it/hello.yaml",
            '  differs: messages[[]0[]].content[[]0[]].text  "Hullo"  !=  "Hello"',
            "  what to do: record it again: pytest test_it.py::test_it --windtunnel-record=new",
        ]
    )


@pytest.mark.parametrize(("unplayed", "errors", "said"), [("warn", 0, True), ("fail", 1, True), ("allow", 0, False)])
def test_what_is_not_played_is_told(run, cassette, taken, unplayed: str, errors: int, said: bool):
    cassette("hello", taken(), taken("second"))

    result = run(play(f'"hello", unplayed="{unplayed}"'))

    result.assert_outcomes(passed=1, errors=errors)
    assert ("not played: interaction 2 of cassettes/test_it/hello.yaml" in result.stdout.str()) is said


def test_a_test_that_fails_is_not_told_what_it_did_not_play(run, cassette):
    cassette("hello")

    result = run(play('"hello", unplayed="fail"', "assert False"))

    result.assert_outcomes(failed=1)


def test_cassettes_that_no_test_asks_for_are_named_after_a_full_run(run, cassette, pytester):
    cassette("hello")
    cassette("old")
    cassette("older", folder="cassettes/test_gone")

    full = run(play())
    part = run(play(), "test_it.py")
    narrowed = run(play(), "-k", "test_it")

    full.assert_outcomes(passed=1)
    full.stdout.fnmatch_lines(
        [
            "*windtunnel: cassettes*",
            "cassettes/test_gone/older.yaml: no test asks for it",
            "cassettes/test_it/old.yaml: no test asks for it",
        ]
    )
    for result in (part, narrowed):
        result.assert_outcomes(passed=1)
        result.stdout.no_fnmatch_line("*no test asks for it*")


def test_workers_hand_over_what_they_saw(run, cassette, taken, workers):
    cassette("hello", taken(), taken("second"))
    cassette("old")

    result = run(play(), *workers)

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*not played: interaction 2 of *", "*old.yaml: no test asks for it"])


# --- recording ---------------------------------------------------------------------------------------------------

RECORD = play(body='assert ask().startswith("answer"); assert len(windtunnel.journal.calls) == 1')


def test_a_test_that_passes_is_recorded_once_and_played_from_then_on(run, upstream, pytester):
    first = run(RECORD, "--windtunnel-record=once")
    second = run(RECORD, "--windtunnel-record=once")
    third = run(RECORD)

    for result in (first, second, third):
        result.assert_outcomes(passed=1)
    first.stdout.fnmatch_lines(["windtunnel: record once"])
    assert len(upstream.asked) == 1
    assert upstream.asked[0]["x-api-key"] == upstream.key
    (kept,) = load(pytester.path / "cassettes/test_it/hello.yaml").interactions
    assert (kept.provider, kept.response.status) == ("anthropic", 200)
    assert upstream.key[20:40] not in (pytester.path / "cassettes/test_it/hello.yaml").read_text(encoding="utf-8")


def test_a_test_that_fails_writes_nothing(run, upstream, cassette):
    file = cassette("hello")
    before = file.read_bytes()

    result = run(play(body="ask(); assert False"), "--windtunnel-record=all")

    result.assert_outcomes(failed=1)
    assert len(upstream.asked) == 1
    assert file.read_bytes() == before


def test_all_is_recorded_afresh(run, upstream, cassette, taken):
    file = cassette("hello", taken(), taken("second"))

    run(RECORD, "--windtunnel-record=all").assert_outcomes(passed=1)

    assert len(load(file).interactions) == 1


def test_only_what_is_new_is_asked_for_and_added(run, upstream, cassette):
    file = cassette("hello")
    body = 'assert ask() == "recorded"; assert ask(body=BODY | {"max_tokens": 11}) == "answer 1"'

    run(play(body=body), "--windtunnel-record=new").assert_outcomes(passed=1)

    assert len(upstream.asked) == 1
    assert len(load(file).interactions) == 2


def test_what_was_recorded_is_judged_like_any_run(run, upstream):
    body = "ask(); assert windtunnel.journal.calls[0].status == 200; assert windtunnel.ledger.total.output_tokens == 9"

    run(play(body=body), "--windtunnel-record=all").assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("marker", "body", "said"),
    [
        ('"a", "b"', "pass", "*a test that records writes one cassette, and this one plays 2*"),
        ('"a"', 'windtunnel.script(fail("overloaded"))', "*nothing can be scripted while the real service answers*"),
        ('"a"', "windtunnel.transport()", "*a recorder has no transport in memory*"),
    ],
)
def test_what_a_recorder_cannot_do_is_said(run, upstream, pytester, marker: str, body: str, said: str):
    result = run(play(marker, body), "--windtunnel-record=all")

    result.stdout.fnmatch_lines([said])
    assert "passed" not in result.parseoutcomes()
    assert not (pytester.path / "cassettes").exists()


@pytest.mark.parametrize(
    ("args", "ini", "ci", "records"),
    [
        ([], "", False, False),
        ([], "windtunnel_record = once", False, True),
        ([], "windtunnel_record = once", True, False),
        (["--windtunnel-record=once"], "", True, True),
        (["--windtunnel-record=none"], "windtunnel_record = once", False, False),
    ],
)
def test_the_option_comes_before_the_ini_key_and_ci_records_only_by_option(
    run, upstream, monkeypatch, args: list[str], ini: str, ci: bool, records: bool
):
    if ci:
        monkeypatch.setenv("CI", "true")

    result = run(RECORD, *args, ini=ini)

    result.assert_outcomes(**{"passed" if records else "errors": 1})
    assert len(upstream.asked) == int(records)


def test_an_ini_key_that_cannot_be_is_a_usage_error(run):
    result = run(RECORD, ini="windtunnel_record = always")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*windtunnel_record = always: must be one of none, once, new, all*"])


# --- the canary --------------------------------------------------------------------------------------------------

CLIENTS = {
    "urllib": "ask()",
    "sdk": "anthropic.Anthropic(max_retries=3).messages.create(**BODY)",
    "async sdk": "asyncio.run(ask_async())",
    "stream": "list(anthropic.Anthropic(max_retries=3).messages.create(**BODY, stream=True))",
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("asked", ["Hello", "Something else"])
def test_nothing_reaches_the_service_whether_it_is_recorded_or_not(
    run, upstream, cassette, taken, client: str, asked: str
):
    pytest.importorskip("anthropic")
    cassette("hello", taken(asked=asked))
    body = f"""
    import asyncio
    import anthropic

    async def ask_async():
        async with anthropic.AsyncAnthropic(max_retries=3) as client:
            await client.messages.create(**BODY)

    try:
        {CLIENTS[client]}
    except Exception as error:
        assert "No recording answers" in str(error) or "400" in str(error)
"""

    result = run(play('"hello", unplayed="allow"', body.strip()), "--windtunnel-record=none")

    assert result.parseoutcomes()["passed"] == 1
    assert upstream.asked == []


# --- at the end of a run -----------------------------------------------------------------------------------------------


def test_what_the_cassettes_stand_for_is_told_at_the_end(run, cassette, taken):
    answer = {"model": BODY["model"], "content": [], "usage": {"input_tokens": 1_000, "output_tokens": 100}}
    cassette("hello", taken(body=json.dumps(answer | {"content": [{"type": "text", "text": "recorded"}]}).encode()))

    result = run(play())

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1 cassette stands for 1 call that used something · 1,000 in, 100 out · $0.0045*"])


def test_what_was_played_is_written_for_prune(run, cassette, taken, pytester: pytest.Pytester):
    from windtunnel.cassette.scrubbing import played_of

    file = cassette("hello", taken(), taken("second"))

    run(play('"hello", unplayed="allow"'), "--windtunnel-cassette-report=played.json")

    assert played_of(pytester.path / "played.json") == {file.resolve(): {1}}
