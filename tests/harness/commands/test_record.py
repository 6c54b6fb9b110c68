"""`windtunnel record`, as it is typed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from click.testing import Result

from windtunnel.cassette import files

COMMAND = [sys.executable, "-m", "windtunnel", "record"]
ANSWER = b'{"content":[{"type":"text","text":"Hello"}],"type":"message"}'

#: Asks twice, and then waits to be ended.
TWICE_THEN_WAIT = """
import os, sys, time, urllib.request
for number in range(2):
    url = os.environ["ANTHROPIC_BASE_URL"] + f"/v1/messages?n={number}"
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, b"{}", timeout=20).read()
print("asked", flush=True)
time.sleep(600)
"""


class Upstream(ThreadingHTTPServer):
    """Answers everything, and counts."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        upstream = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                upstream.asked.append(self.path)
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(ANSWER)))
                self.end_headers()
                self.wfile.write(ANSWER)

            def log_message(self, *words: object) -> None:
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with Upstream() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def recorded(
    windtunnel_command: Callable[..., Result], upstream: Upstream, agent: list[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Record the agent that asks once, by the upstream of the environment."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", upstream.url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-api03-mine")

    def record(*options: str) -> Result:
        return windtunnel_command("record", "--cassette", "a.yaml", *options, "--", *agent)

    return record


def test_a_command_is_recorded_by_the_address_it_had(recorded, upstream, tmp_path):
    result = recorded()

    assert (result.exit_code, result.stderr) == (0, "windtunnel: a.yaml: 1 recorded\n")
    (taken,) = files.load(tmp_path / "a.yaml").interactions
    assert (taken.request.uri, taken.response.body) == (f"{upstream.url}/v1/messages", ANSWER)
    assert "sk-ant-api03-mine" not in (tmp_path / "a.yaml").read_text(encoding="utf-8")


def test_what_is_recorded_can_be_given_a_day(recorded, tmp_path):
    result = recorded("--expires", "90d")

    (taken,) = files.load(tmp_path / "a.yaml").interactions
    assert result.exit_code == 0
    assert (taken.expires - taken.recorded_at.date()).days == 90


@pytest.mark.parametrize("options", [(), ("--redact", "own.yaml")], ids=["beside", "asked for"])
def test_rules_of_ones_own_hold_when_it_is_recorded_and_when_it_is_played(recorded, upstream, tmp_path, options):
    rules = "headers: [user-agent]\npatterns: [{pattern: 'Hell[aeiou]', placeholder: Hell-0}]\n"
    (tmp_path / (options[1] if options else "windtunnel.redact.yaml")).write_text(rules, encoding="utf-8")

    results = [recorded(*options), recorded("--record", "none", *options)]

    (taken,) = files.load(tmp_path / "a.yaml").interactions
    assert [result.exit_code for result in results] == [0, 0]
    assert b'"Hell-0"' in taken.request.body and b'"Hell-0"' in taken.response.body
    assert dict(taken.request.headers)["User-Agent"] == "REDACTED"
    assert len(upstream.asked) == 1


def test_rules_that_cannot_be_followed_are_told_before_anything_runs(recorded, upstream, tmp_path):
    (tmp_path / "windtunnel.redact.yaml").write_text("header: [x-team]", encoding="utf-8")

    result = recorded()

    assert result.exit_code == 2
    assert "windtunnel.redact.yaml: 'header' is no rule; perhaps headers" in result.stderr
    assert upstream.asked == []


def test_a_day_that_is_none_is_a_usage_error(recorded, upstream):
    result = recorded("--expires", "soon")

    assert (result.exit_code, upstream.asked) == (2, [])
    assert "--expires: 'soon' is neither a day like 2027-01-31" in result.stderr


def test_the_exit_code_is_the_commands(windtunnel_command, upstream):
    result = windtunnel_command(
        "record", "--cassette", "a.yaml", "--upstream", upstream.url, "--", "sh", "-c", "exit 7"
    )

    assert result.exit_code == 7


@pytest.mark.parametrize(
    ("modes", "asked", "kept"),
    [
        (["all", "all"], 2, 1),
        (["new", "new"], 1, 1),
        (["once", "once"], 1, 1),
        (["once", "none"], 1, 1),
    ],
)
def test_modes_say_what_is_played_and_what_is_asked(recorded, upstream, tmp_path, modes, asked, kept):
    results = [recorded("--record", mode) for mode in modes]

    assert [result.exit_code for result in results] == [0, 0]
    assert len(upstream.asked) == asked
    assert len(files.load(tmp_path / "a.yaml").interactions) == kept


def test_what_is_not_recorded_reaches_nobody_and_is_said(recorded, upstream, tmp_path):
    files.save(tmp_path / "a.yaml", [], expected=None)

    result = recorded("--record", "none")

    assert (result.exit_code, upstream.asked) == (1, [])
    assert result.stderr.splitlines()[-4:] == [
        "windtunnel: a.yaml: 0 recorded, 0 played, 1 not recorded",
        "windtunnel: No recording answers POST /v1/messages (request 1).",
        "  nearest: none, the cassette is empty",
        "  what to do: record it: windtunnel record --record new --cassette a.yaml",
    ]


#: Asks one thing twice and another once, and is content whatever comes of it.
CONTENT_WITH_ALL = """
import os, urllib.error, urllib.request
for body in (b'{"n":1}', b'{"n":2}', b'{"n":1}'):
    try:
        urllib.request.build_opener(urllib.request.ProxyHandler({})).open(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", body)
    except urllib.error.HTTPError as error:
        error.close()
"""


def test_a_command_that_hides_what_is_not_recorded_does_not_end_well(windtunnel_command, upstream, tmp_path):
    files.save(tmp_path / "a.yaml", [], expected=None)

    result = windtunnel_command(
        "record",
        "--cassette",
        "a.yaml",
        "--record",
        "none",
        "--upstream",
        upstream.url,
        "--",
        sys.executable,
        "-c",
        CONTENT_WITH_ALL,
    )

    assert (result.exit_code, upstream.asked) == (1, [])
    assert "3 not recorded" in result.stderr
    assert result.stderr.count("No recording answers") == 1  # nothing tells one from the other in an empty cassette


def test_a_command_that_asks_nothing_is_told_how_it_would(windtunnel_command, upstream):
    result = windtunnel_command("record", "--cassette", "a.yaml", "--upstream", upstream.url, "--", "true")

    assert result.exit_code == 0
    assert result.stderr.splitlines()[1].startswith("windtunnel: nothing came to the recorder; clients find it by ANTH")


def test_a_cassette_that_cannot_be_written_is_found_out_before_anything_is_asked(recorded, upstream, tmp_path):
    (tmp_path / "a.yaml").write_text("interactions: [", encoding="utf-8")
    damaged = recorded()
    (tmp_path / "a.yaml").unlink()
    (tmp_path / "a.yaml").mkdir()
    folder = recorded()

    assert (damaged.exit_code, folder.exit_code, upstream.asked) == (2, 2, [])
    assert "a.yaml, line 2: " in damaged.stderr and "left as it is" in damaged.stderr
    assert "a.yaml: this is a folder; give a file in it" in folder.stderr


def test_the_proxy_of_the_environment_is_on_the_way_upstream(recorded, upstream, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as shut:
        port = shut.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://me:hush@127.0.0.1:{port}")
    monkeypatch.delenv("https_proxy", raising=False)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")

    result = recorded("--upstream", "https://api.example")

    assert result.exit_code == 1
    assert (
        f"https://api.example cannot be reached: the proxy http://127.0.0.1:{port} (from HTTPS_PROXY)" in result.stderr
    )
    assert "hush" not in result.stderr


def test_every_default_is_in_the_help(windtunnel_command):
    help_text = " ".join(windtunnel_command("record", "--help").output.replace("│", "").split())

    assert "this provider only. [all]" in help_text
    assert "[where the environment says, else the real service]" in help_text


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--record", "nwe"], "did you mean new"),
        (["--aws", "sign"], "resign"),
        (["--provider", "bedrok"], "did you mean bedrock"),
        (["--host", "0.0.0.0"], "listens on loopback only"),
        (["--record", "none"], "no such cassette; record it first"),
        (["--upstream", "example.org"], "give an address as https://host"),
        (["--ca-bundle", "none.pem"], "give a file of certificates in PEM"),
    ],
)
def test_a_mistake_is_said_and_nothing_runs(recorded, upstream, options, said):
    result = recorded(*options)

    assert result.exit_code == 2
    assert said in result.stderr
    assert upstream.asked == []


@pytest.mark.slow
@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_command_and_keeps_what_was_complete(tmp_path, upstream, by):
    path = tmp_path / "a.yaml"
    run = _start("--cassette", str(path), "--upstream", upstream.url, "--", sys.executable, "-c", TWICE_THEN_WAIT)
    assert run.stdout is not None and run.stdout.readline() == "asked\n"

    os.killpg(run.pid, by)
    _, err = run.communicate(timeout=20)

    assert "2 recorded" in err and run.returncode != 0
    assert len(files.load(path).interactions) == 2


@pytest.mark.slow
def test_without_a_command_it_serves_and_says_when_it_is_ready(tmp_path, upstream):
    import urllib.request

    path = tmp_path / "a.yaml"
    run = _start("--cassette", str(path), "--upstream", upstream.url)
    assert run.stdout is not None
    told = json.loads(run.stdout.readline())
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(told["url"] + "/v1/messages", b"{}").read()

    os.killpg(run.pid, signal.SIGINT)
    _, err = run.communicate(timeout=20)

    assert (run.returncode, told["env"]["ANTHROPIC_BASE_URL"]) == (0, told["url"])
    assert told["provider_urls"]["bedrock"] == told["url"] + "/bedrock"
    assert err.endswith("a.yaml: 1 recorded\n")
    assert len(files.load(path).interactions) == 1


def _start(*words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
