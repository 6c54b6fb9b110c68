"""`--windtunnel-html` leaves one page with what the tunnels of all tests saw."""

from __future__ import annotations

import pytest

SECRET = "sk-ant-api03-a-real-key-that-somebody-holds-dear-WXYZ"
TESTS = f"""
import pytest
from helpers import ask

def test_first(windtunnel):
    windtunnel.script(reply("one"))
    ask(key={SECRET!r})
    assert windtunnel.verdict.backoff("anthropic_python").value != "fail"

@pytest.mark.parametrize("word", ["<b>", "two"])
def test_second(windtunnel, word):
    ask()

def test_failing(windtunnel):
    ask()
    assert False

def test_without_a_call(windtunnel):
    pass
"""
TITLES = [
    "test_it.py::test_first",
    "test_it.py::test_second[&lt;b&gt;]",
    "test_it.py::test_second[two]",
    "::test_failing",
]


@pytest.mark.parametrize("spread", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["alone", "xdist"])
def test_the_page_has_every_test_that_called_and_no_secret(run, pytester: pytest.Pytester, workers, spread: bool):
    result = run(TESTS, "--windtunnel-html=pages/out.html", *(workers if spread else []))

    page = (pytester.path / "pages/out.html").read_text(encoding="utf-8")
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(["windtunnel: journals and verdicts in *out.html"])
    assert [page.count(f"{title}</th>") for title in TITLES] == [1, 1, 1, 1]
    assert page.count("<th scope='row'>") == 4
    assert "test_without_a_call" not in page
    assert "backoff: " in page
    assert SECRET not in page and SECRET[:-4] not in page


POLICIES = """
from helpers import ask
from windtunnel import policies
import time, urllib.error

OWN = policies.custom(base_s=3, max_retries=4, jitter=policies.Jitter("none"), name="own")

def hammer(wait_s):
    while True:
        try:
            return ask()
        except urllib.error.HTTPError:
            time.sleep(wait_s())

def test_retries_of_another_number(windtunnel):
    waits = iter([0.4, 0.9, 1.8, 3.6])
    windtunnel.script(fail("overloaded", times=4), reply("Hello"))
    hammer(lambda: next(waits))
    windtunnel.verdict.backoff("anthropic_python", max_retries=4).check()

def test_a_policy_of_ones_own(windtunnel):
    windtunnel.script(fail("overloaded"), reply("Hello"))
    hammer(lambda: 3)
    windtunnel.verdict.backoff(OWN).check()
"""


@pytest.mark.parametrize("spread", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["alone", "xdist"])
def test_the_page_repeats_a_verdict_as_the_test_asked_for_it(run, pytester: pytest.Pytester, workers, spread: bool):
    result = run(POLICIES, "--windtunnel-html=out.html", *(workers if spread else []))

    page = (pytester.path / "out.html").read_text(encoding="utf-8")
    result.assert_outcomes(passed=2)
    assert page.count("<td>backoff: pass</td>") == 2
    assert "backoff: fail" not in page and "backoff: unknown" not in page


def test_the_ini_key_names_the_page_too_from_the_root_folder(
    run, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(pytester.mkdir("elsewhere"))

    run("def test_it(windtunnel):\n    pass", str(pytester.path), ini="windtunnel_html = out.html")

    assert "<h1 " in (pytester.path / "out.html").read_text(encoding="utf-8")


def test_two_runs_in_one_process_do_not_mix(run, pytester: pytest.Pytester):
    call = "from helpers import ask\n\ndef test_{}(windtunnel):\n    ask()\n"
    run(call.format("one"), "--windtunnel-html=one.html")

    pytester.makepyfile(test_it=call.format("other"))
    pytester.runpytest_inprocess("-p", "no:cacheprovider", "--windtunnel-html=other.html")

    assert "test_one" not in (pytester.path / "other.html").read_text(encoding="utf-8")


def test_a_folder_is_refused_before_any_test_runs(run, pytester: pytest.Pytester):
    result = run("def test_it(windtunnel):\n    pass", f"--windtunnel-html={pytester.path}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*is a folder; name a file in it, like *tunnel.html"])


def test_without_the_option_nothing_is_written_or_said(run, pytester: pytest.Pytester):
    result = run("from helpers import ask\n\ndef test_it(windtunnel):\n    ask()")

    assert list(pytester.path.glob("**/*.html")) == []
    result.stdout.no_fnmatch_line("windtunnel: *")
