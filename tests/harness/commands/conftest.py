"""The command, called in this process; and agents for it to run."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from windtunnel.cli import app

#: Asks once on the standard library, says how it went, and ends accordingly.
AGENT = """
import json, os, sys, urllib.error, urllib.request
body = {"model": "claude-sonnet-4-6", "max_tokens": 10, "messages": [{"role": "user", "content": "Hello"}]}
asked = urllib.request.Request(os.environ["ANTHROPIC_BASE_URL"] + "/v1/messages", json.dumps(body).encode())
for name, value in [("x-api-key", os.environ["ANTHROPIC_API_KEY"]), ("anthropic-version", "2023-06-01"),
                    ("content-type", "application/json")]:
    asked.add_header(name, value)
try:
    answer = urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=20)
    print("heard:", json.load(answer)["content"][0]["text"])
except urllib.error.HTTPError as error:
    print("status", error.code, file=sys.stderr)
    sys.exit(1)
"""


@pytest.fixture
def windtunnel_command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., Result]:
    """Call `windtunnel` with these words, in a folder of its own, 80 columns wide."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "1")

    def call(*words: str) -> Result:
        return CliRunner().invoke(app, list(words))

    return call


@pytest.fixture
def agent(tmp_path: Path) -> list[str]:
    """A command that asks once."""
    path = tmp_path / "agent.py"
    path.write_text(AGENT, encoding="utf-8")
    return [sys.executable, "-S", str(path)]


@pytest.fixture
def agent_text(agent: list[str]) -> str:
    return shlex.join(agent)


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    path = tmp_path / "broken.yaml"
    path.write_text("name: a\nsteps:\n  - fail: rate_limitd\n", encoding="utf-8")
    return path
