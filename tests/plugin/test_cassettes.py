"""The marker `windtunnel_cassette`: what is recorded answers, nothing else does, and nothing leaves the machine."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import windtunnel.cassette_tests.fixture
import windtunnel.cassette_tests.made
import windtunnel.cassette_tests.summary
import windtunnel.cassette_tests.watch
import windtunnel.recording  # noqa: F401  # imported here once: an inner run forgets what it imports
from windtunnel.cassette.files import load, save
from windtunnel.cassette.interaction import Arrival, Interaction, Request, Response

# Imported here and to the last part: an inner run forgets what it imports, and other tests would meet two of each class.
with contextlib.suppress(ImportError):
    import anthropic

    anthropic.Anthropic(api_key="none").close()

#: As `helpers.BODY`, in the inner tests.
BODY = {"model": "claude-sonnet-4-6", "max_tokens": 10, "messages": [{"role": "user", "content": "Hello"}]}
KEY = "sk-ant-api03-" + "Q1w2E3r4" * 11 + "AA"


def taken(said: str = "recorded", asked: str = "Hello", **response: Any) -> Interaction:
    body = BODY | {"messages": [{"role": "user", "content": asked}]}
    answer = json.dumps({"content": [{"type": "text", "text": said}]}).encode()
    request = Request(method="POST", uri="https://api.anthropic.com/v1/messages", body=json.dumps(body).encode())
    given: dict[str, Any] = {"status": 200, "headers": (("content-type", "application/json"),), "body": answer}
    return Interaction(request=request, response=Response(**given | response), provider="anthropic")


@pytest.fixture
def cassette(pytester: pytest.Pytester) -> Callable[..., Path]:
    """Write a cassette for the inner `test_it.py`: `cassette(name, *interactions)`."""

    def write(name: str, *interactions: Interaction, folder: str = "cassettes/test_it") -> Path:
        file = pytester.path / folder / f"{name}.yaml"
        save(file, interactions or [taken()], expected=None)
        return file

    return write


class Upstream:
    """A service that counts what reaches it, and answers with the number."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                upstream.asked.append({name.lower(): value for name, value in self.headers.items()})
                content = [{"type": "text", "text": f"answer {len(upstream.asked)}"}]
                body = json.dumps({"content": content, "usage": {"input_tokens": 5, "output_tokens": 9}}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


@pytest.fixture
def upstream(monkeypatch: pytest.MonkeyPatch) -> Iterator[Upstream]:
    """Where the environment says that the service is."""
    found = Upstream()
    monkeypatch.setenv("ANTHROPIC_BASE_URL", found.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", KEY)
    monkeypatch.delenv("CI", raising=False)
    yield found
    found.stop()


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


def test_several_cassettes_are_played_one_behind_the_other(run, cassette):
    cassette("one", taken("first"))
    cassette("two", taken("second"))

    run(play('"one", "two.yaml"', 'assert [ask(), ask()] == ["first", "second"]')).assert_outcomes(passed=1)


def test_a_folder_may_be_named_for_all(run, cassette):
    cassette("hello", folder="tapes")

    run(play(), ini="windtunnel_cassette_dir = tapes").assert_outcomes(passed=1)


def test_the_marker_says_pace_rules_and_repeats(run, cassette):
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


def test_a_miss_fails_the_test_that_hides_it_and_says_what_is_nearest(run, cassette):
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
def test_what_is_not_played_is_told(run, cassette, unplayed: str, errors: int, said: bool):
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


def test_workers_hand_over_what_they_saw(run, cassette, workers):
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
    assert upstream.asked[0]["x-api-key"] == KEY
    (kept,) = load(pytester.path / "cassettes/test_it/hello.yaml").interactions
    assert (kept.provider, kept.response.status) == ("anthropic", 200)
    assert KEY[20:40] not in (pytester.path / "cassettes/test_it/hello.yaml").read_text(encoding="utf-8")


def test_a_test_that_fails_writes_nothing(run, upstream, cassette):
    file = cassette("hello")
    before = file.read_bytes()

    result = run(play(body="ask(); assert False"), "--windtunnel-record=all")

    result.assert_outcomes(failed=1)
    assert len(upstream.asked) == 1
    assert file.read_bytes() == before


def test_all_is_recorded_afresh(run, upstream, cassette):
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


# --- tests that share a cassette ---------------------------------------------------------------------------------

SHARED = """
import pytest
from helpers import BODY, ask

pytestmark = pytest.mark.windtunnel_cassette("shared", unplayed="allow")

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
    ("mode", "spread"), [("once", False), ("new", False), ("all", False), ("once", True), ("new", True)]
)
def test_tests_that_share_a_cassette_record_it_together(run, upstream, pytester, workers, mode: str, spread: bool):
    recorded = run(SHARED, f"--windtunnel-record={mode}", *(workers if spread else []))
    asked = len(upstream.asked)
    played = run(SHARED)

    recorded.assert_outcomes(passed=6)
    played.assert_outcomes(passed=6)
    assert len(upstream.asked) == asked
    assert kept_sizes(pytester) == [10, 11, 12, 13, 14]


@pytest.mark.parametrize("mode", ["once", "all"])
def test_what_was_there_before_the_run_is_played_or_replaced(run, upstream, cassette, pytester, mode: str):
    cassette("shared", taken(asked="Something else"))

    result = run(SHARED, f"--windtunnel-record={mode}")

    if mode == "once":
        result.assert_outcomes(failed=6, errors=6)
        assert (len(upstream.asked), kept_sizes(pytester)) == (0, [10])
    else:
        result.assert_outcomes(passed=6)
        assert kept_sizes(pytester) == [10, 11, 12, 13, 14]


# --- the canary --------------------------------------------------------------------------------------------------

CLIENTS = {
    "urllib": "ask()",
    "sdk": "anthropic.Anthropic(max_retries=3).messages.create(**BODY)",
    "async sdk": "asyncio.run(ask_async())",
    "stream": "list(anthropic.Anthropic(max_retries=3).messages.create(**BODY, stream=True))",
}


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("asked", ["Hello", "Something else"])
def test_nothing_reaches_the_service_whether_it_is_recorded_or_not(run, upstream, cassette, client: str, asked: str):
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


def test_what_the_cassettes_stand_for_is_told_at_the_end(run, cassette):
    answer = {"model": BODY["model"], "content": [], "usage": {"input_tokens": 1_000, "output_tokens": 100}}
    cassette("hello", taken(body=json.dumps(answer | {"content": [{"type": "text", "text": "recorded"}]}).encode()))

    result = run(play())

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1 cassette stands for 1 call that used something · 1,000 in, 100 out · $0.0045*"])


def test_what_was_played_is_written_for_prune(run, cassette, pytester: pytest.Pytester):
    from windtunnel.cassette.scrubbing import played_of

    file = cassette("hello", taken(), taken("second"))

    run(play('"hello", unplayed="allow"'), "--windtunnel-cassette-report=played.json")

    assert played_of(pytester.path / "played.json") == {file.resolve(): {1}}
