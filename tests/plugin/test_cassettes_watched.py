"""A test with a cassette comes to the service in no way: without the fixture, before it, after it, or past it."""

from __future__ import annotations

import pytest

#: A client that was made at import: it goes to where the environment led then.
CLIENT = "import os, pytest\nfrom helpers import BODY, ask\nTHERE = os.environ['ANTHROPIC_BASE_URL']\nKEY = 'any'\n"
EARLY = "ask(THERE, KEY)"
NOBODY = "http://192.0.2.1:9"


# --- the marker brings the fixture -------------------------------------------------------------------------------

WITHOUT = {
    "a function": """
@pytest.mark.windtunnel_cassette("hello")
def test_it():
    assert ask() == "recorded"
""",
    "a class": """
@pytest.mark.windtunnel_cassette("hello")
class TestIt:
    def test_it(self):
        assert ask() == "recorded"
""",
    "unittest": """
import unittest

@pytest.mark.windtunnel_cassette("hello")
class TestIt(unittest.TestCase):
    def test_it(self):
        assert ask() == "recorded"
""",
    "a module": """
pytestmark = pytest.mark.windtunnel_cassette("hello")

@pytest.mark.parametrize("number", [1])
def test_it(number):
    assert ask() == "recorded"
""",
    "a fixture for one test": """
@pytest.fixture
def answer():
    return ask()

@pytest.mark.windtunnel_cassette("hello")
def test_it(answer):
    assert answer == "recorded"
""",
}


@pytest.mark.parametrize("way", WITHOUT)
def test_a_marked_test_need_not_ask_for_the_fixture(run, cassette, upstream, way: str):
    cassette("hello")

    result = run(CLIENT + WITHOUT[way])

    result.assert_outcomes(passed=1)
    assert upstream.asked == []


def test_a_marker_that_a_conftest_gives_brings_it_too(run, cassette, upstream):
    cassette("hello")
    conftest = """
import pytest

def pytest_collection_modifyitems(items):
    for item in items:
        item.add_marker(pytest.mark.windtunnel_cassette("hello"))
"""

    result = run(CLIENT + "def test_it():\n    assert ask() == 'recorded'\n", conftest=conftest)

    result.assert_outcomes(passed=1)
    assert upstream.asked == []


def test_a_fixture_of_the_same_name_that_opens_no_tunnel_is_refused(run, cassette, upstream):
    cassette("hello")
    source = """
@pytest.fixture
def windtunnel():
    return None

@pytest.mark.windtunnel_cassette("hello")
def test_it(windtunnel):
    ask()
"""

    result = run(CLIENT + source)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*windtunnel_cassette is for test functions that have the fixture windtunnel*"])
    assert upstream.asked == []


def test_a_plan_of_the_setup_is_only_a_plan(run, cassette):
    cassette("hello")

    result = run("import pytest\n@pytest.mark.windtunnel_cassette('hello')\ndef test_it():\n    pass\n", "--setup-plan")

    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["*SETUP*F windtunnel*"])


# --- before and after it -----------------------------------------------------------------------------------------

AROUND = """
@pytest.fixture(scope="{scope}")
def wide():
    {before}
    yield
    {after}

@pytest.mark.windtunnel_cassette("hello", unplayed="allow", allow_no_calls=True)
def test_it(wide, windtunnel):
    pass
"""
QUIET = "pytest.raises(OSError, ask, THERE, KEY)"


@pytest.mark.parametrize("record", ["none", "all"])
@pytest.mark.parametrize("scope", ["function", "module", "session"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_no_fixture_calls_while_there_is_no_tunnel(run, cassette, upstream, when: str, scope: str, record: str):
    cassette("hello")
    calls = {"before": "pass", "after": "pass"} | {when: QUIET}

    result = run(CLIENT + AROUND.format(scope=scope, **calls), f"--windtunnel-record={record}")

    assert result.parseoutcomes()["errors"] == 1
    result.stdout.fnmatch_lines(
        ["the test tried to reach 127.0.0.1:*A cassette answers while the fixture windtunnel is up*"]
    )
    assert upstream.asked == []


def test_what_a_fixture_raises_of_it_is_told_with_the_remedy(run, cassette, upstream):
    cassette("hello")
    source = AROUND.format(
        scope="module",
        after="pass",
        before="""
    try:
        ask(THERE, KEY)
    except OSError:
        raise ValueError("Connection error.") from None
""".strip(),
    )

    result = run(CLIENT + source)

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E *ValueError: Connection error.", "E *the test tried to reach 127.0.0.1:*"])


def test_a_wider_fixture_may_play_a_cassette_of_its_own(run, cassette, upstream, taken):
    cassette("hello")
    file = cassette("warm", taken("warm"))
    source = f"""
from windtunnel import Windtunnel

@pytest.fixture(scope="module")
def warm():
    with Windtunnel(cassette={str(file)!r}, clock="real") as tunnel:
        yield ask(tunnel.url, tunnel.api_key)

@pytest.mark.windtunnel_cassette("hello")
def test_it(warm):
    assert (warm, ask()) == ("warm", "recorded")
"""

    result = run(CLIENT + source)

    result.assert_outcomes(passed=1)
    assert upstream.asked == []


# --- past it -----------------------------------------------------------------------------------------------------

PAST = """
@pytest.mark.windtunnel_cassette("hello", unplayed="allow")
{mark}
def test_it(windtunnel):
    ask()
    {body}
"""


KEPT_OPEN = """
import http.client

def test_before():
    call()

CONNECTION = http.client.HTTPConnection(THERE.removeprefix("http://"))

def call():
    CONNECTION.request("POST", "/v1/messages", "{}")
    CONNECTION.getresponse().read()

"""


def test_a_connection_that_was_made_before_leads_past_it_no_more(run, cassette, upstream):
    cassette("hello")
    source = KEPT_OPEN + PAST.format(
        mark="", body="pytest.raises(OSError, call)\n\ndef test_tidy(): CONNECTION.close()"
    )

    result = run(CLIENT + source, "-p", "no:randomly")

    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["the test tried to reach 127.0.0.1:*past the cassette*"])
    assert len(upstream.asked) == 1


@pytest.mark.parametrize("mark", ["", "@pytest.mark.windtunnel(network=True)"])
@pytest.mark.parametrize("record", ["none", "all"])
def test_a_client_that_was_made_at_import_does_not_reach_a_gateway_of_this_machine(
    run, cassette, upstream, record: str, mark: str
):
    file = cassette("hello")
    before = file.read_bytes()

    result = run(CLIENT + PAST.format(mark=mark, body=QUIET), f"--windtunnel-record={record}")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["the test tried to reach 127.0.0.1:*past the cassette: make the client while*"])
    assert len(upstream.asked) == (record == "all")
    assert file.read_bytes() == before


def test_the_service_is_out_of_reach_by_name_even_where_the_network_is_open(run, cassette):
    cassette("hello")
    body = "import socket; pytest.raises(OSError, socket.getaddrinfo, 'api.anthropic.com', 443)"
    source = PAST.format(mark="@pytest.mark.windtunnel(network=True)", body=body)

    result = run("import pytest\nfrom helpers import ask\n" + source)

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["the test tried to reach api.anthropic.com; *past the cassette*"])


def test_a_proxy_on_this_machine_is_a_way_out(run, cassette, upstream, monkeypatch):
    cassette("hello")
    monkeypatch.setenv("HTTPS_PROXY", upstream.url)
    monkeypatch.setenv("ANTHROPIC_BASE_URL", NOBODY)

    result = run(CLIENT + PAST.format(mark="", body=f"pytest.raises(OSError, ask, {upstream.url!r}, KEY)"))

    result.assert_outcomes(passed=1, errors=1)
    assert upstream.asked == []


def test_other_servers_of_this_machine_stay_open(run, cassette, upstream, monkeypatch):
    cassette("hello")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", NOBODY)

    result = run(CLIENT + PAST.format(mark="", body=f"assert ask({upstream.url!r}, KEY) == 'answer 1'"))

    result.assert_outcomes(passed=1)
    assert len(upstream.asked) == 1


# --- nothing came to the recorder --------------------------------------------------------------------------------

SILENT = """
import pytest

@pytest.mark.windtunnel_cassette("hello"{option})
def test_it(windtunnel):
    pass
"""


@pytest.mark.parametrize("mode", ["once", "new", "all"])
def test_a_test_that_nothing_is_recorded_of_fails_and_hears_why(run, upstream, pytester, mode: str):
    result = run(SILENT.format(option=""), f"--windtunnel-record={mode}")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["windtunnel_cassette: nothing came to the recorder, *allow_no_calls=True"])
    assert not (pytester.path / "cassettes").exists()


def test_what_is_played_while_recording_is_something(run, upstream, cassette):
    cassette("hello")
    source = SILENT.replace("pass", "from helpers import ask; assert ask() == 'recorded'")

    run(source.format(option=""), "--windtunnel-record=new").assert_outcomes(passed=1)


@pytest.mark.parametrize("mode", ["once", "new", "none"])
def test_a_test_that_makes_no_call_may_say_so_and_needs_no_cassette(run, upstream, pytester, mode: str):
    result = run(SILENT.format(option=", allow_no_calls=True"), f"--windtunnel-record={mode}")

    result.assert_outcomes(passed=1)
    assert not (pytester.path / "cassettes").exists()


def test_a_call_of_a_test_that_was_to_make_none_is_a_miss(run, upstream):
    source = SILENT.replace("pass", "from helpers import ask; pytest.raises(OSError, ask)")

    result = run(source.format(option=", allow_no_calls=True"))

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["No recording answers POST /v1/messages (request 1)."])
    assert upstream.asked == []
