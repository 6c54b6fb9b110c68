"""The command in a process of its own: what it prints where, how it ends, and how it is stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import anthropic
import pytest

from windtunnel import __version__
from windtunnel.environments.anthropic import MISLEADING

#: Each starts a process or two.
pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-m", "windtunnel"]
ASKED: dict[str, Any] = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 10,
    "messages": [{"role": "user", "content": "Hello"}],
}


def _environment() -> dict[str, str]:
    return os.environ | {"COLUMNS": "80", "TERMINAL_WIDTH": "80", "NO_COLOR": "1"}


def run(*args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *args], capture_output=True, text=True, timeout=50, env=_environment())


class Served:
    """A `windtunnel serve` that has said that it is ready."""

    def __init__(self, *args: str) -> None:
        self.process = subprocess.Popen(
            [*COMMAND, "serve", *args],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=_environment(),
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        self.ready: dict[str, Any] = json.loads(self.line)

    def stop(self, by: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Stop it; give its exit code and what else it wrote to stdout and stderr."""
        self.process.send_signal(by)
        out, err = self.process.communicate(timeout=20)
        return self.process.returncode, out, err

    def get(self, path: str) -> Any:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.ready['control_url']}/{path}", timeout=20) as answer:
            return json.loads(answer.read())


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def serve(*args: str) -> Served:
        started.append(Served(*args))
        return started[-1]

    yield serve
    for served in started:
        if served.process.poll() is None:
            served.stop(signal.SIGKILL)


# --- serve ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_serve_says_one_line_on_stdout_and_a_signal_ends_it_well(serve, by: signal.Signals):
    served = serve()

    code, out, err = served.stop(by)

    assert sorted(served.ready) == ["control_url", "env", "provider_urls", "url"]
    url = served.ready["url"]
    assert url.startswith("http://127.0.0.1:")
    assert served.ready["provider_urls"]["anthropic"] == url
    assert served.ready["env"]["ANTHROPIC_BASE_URL"] == url
    assert (code, out) == (0, "")
    assert err == f"windtunnel: serving on {url}, what happens: {url}/_windtunnel/, stop with Ctrl-C\n"


@pytest.mark.parametrize("loop", ["--uvloop", "--no-uvloop"])
def test_a_client_with_the_environment_it_names_is_served(serve, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, loop):
    script = tmp_path / "script.json"
    script.write_text('[{"fail": "overloaded", "retry_after_ms": 1}, {"reply": "Grüße"}]', encoding="utf-8")
    served = serve(loop, "--script", str(script))
    for name in MISLEADING:
        monkeypatch.delenv(name, raising=False)
    for name, value in served.ready["env"].items():
        monkeypatch.setenv(name, value)

    with anthropic.Anthropic() as client:
        message = client.messages.create(**ASKED)

    assert message.content[0].text == "Grüße"
    assert (served.get("health")["calls"], served.get("health")["steps_left"]) == (2, 0)
    assert served.get("verdict?finished=true")["value"] in ("pass", "fail", "unknown")


def test_a_faster_clock_waits_less(serve, tmp_path: Path):
    script = tmp_path / "script.json"
    script.write_text('{"steps": [{"reply": "late", "stream": {"first_byte": 20}}]}', encoding="utf-8")
    served = serve("--speed", "100", "--script", str(script))

    with anthropic.Anthropic(base_url=served.ready["url"], api_key="sk", max_retries=0) as client:
        began = time.monotonic()
        message = client.messages.create(**ASKED)
        took_s = time.monotonic() - began

    assert message.content[0].text == "late"
    assert 0.2 <= took_s < 10


def test_a_port_in_use_ends_with_3_and_names_it():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run("serve", "--port", str(port))

    assert (result.returncode, result.stdout) == (3, "")
    assert result.stderr == (
        f"windtunnel: cannot listen on http://127.0.0.1:{port}: Address already in use; "
        "choose another --host or --port\n"
    )


def test_a_broken_script_ends_with_2_and_names_file_step_and_remedy(tmp_path: Path):
    script = tmp_path / "script.json"
    script.write_text('[{"reply": "fine"}, {"fail": "rate_limitd"}]', encoding="utf-8")

    result = run("serve", "--script", str(script))

    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(
        f"windtunnel: {script}: steps[1]: fail: unknown 'rate_limitd'; did you mean rate_limited?"
    )


def test_a_script_that_is_no_text_ends_with_2(tmp_path: Path):
    script = tmp_path / "script.json"
    script.write_bytes(b"\xff\xfe")

    result = run("serve", "--script", str(script))

    assert result.returncode == 2
    assert result.stderr.startswith(f"windtunnel: {script}: not UTF-8: ")


# --- the command itself -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["srve"], "No such command 'srve'. Did you mean 'serve'?"),
        (["serve", "--sped", "2"], "--speed"),
        (["serve", "--script", "nowhere.json"], "'nowhere.json': No such file or directory"),
        (["serve", "--port", "70000"], "--port"),
        (["serve", "--speed", "0"], "--speed 0: must be above 0 and finite"),
    ],
)
def test_a_usage_error_ends_with_2_and_says_what_is_on_offer(args: list[str], said: str):
    result = run(*args)

    assert (result.returncode, result.stdout) == (2, "")
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_without_a_command_it_shows_the_help_and_ends_with_2():
    bare, asked = run(), run("--help")

    assert (bare.returncode, asked.returncode) == (2, 0)
    assert "Serve the fake until interrupted." in bare.stdout + bare.stderr
    assert "Serve the fake until interrupted." in asked.stdout


def test_it_tells_its_version():
    assert run("--version").stdout == f"windtunnel {__version__}\n"


def test_the_help_of_serve_fits_in_80_columns_and_breaks_no_sentence():
    lines = run("serve", "-h").stdout.splitlines()

    assert max(map(len, lines)) <= 80
    text = " ".join(" ".join(lines).split())
    assert "One line of JSON on stdout says when it is ready: url, provider_urls, env (the variables" in text
    assert "variables a client needs) and control_url. Everything else goes to stderr." in text
