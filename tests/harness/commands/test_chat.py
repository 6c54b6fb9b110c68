"""`windtunnel chat`: against the fake, and what it says where it cannot begin."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from windtunnel.cli import app

#: Nothing in it takes time on a real clock.
QUIET = """
name: quiet
steps:
  - when: {text: between <summary> and </summary>}
    reply: {text: <summary>The wind was asked for.</summary>}
  - when: {tool_result: true}
    times: forever
    reply: {text: Due west.}
  - times: forever
    reply: {tool_use: {name: test_run, input: {}}}
"""


@pytest.fixture
def chat(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Chat in an environment without credentials."""
    for name in list(os.environ):
        if name.startswith(("ANTHROPIC_", "CLAUDE_", "AWS_", "GOOGLE_", "AZURE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    (tmp_path / "quiet.yaml").write_text(QUIET, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def call(*words: str, typed: str = "") -> Result:
        return CliRunner().invoke(app, ["chat", *words], input=typed)

    return call


@pytest.mark.parametrize("provider", ["anthropic", "bedrock", "vertex", "foundry"])
def test_one_prompt_is_answered_with_calls_and_the_gauge_to_be_seen(chat, provider: str):
    ended = chat("--scenario", "quiet.yaml", "--provider", provider, "--budget", "500000", "--once", "Which way?")

    assert ended.exit_code == 0, ended.output
    call, result, text, foot, gauge = ended.stdout.splitlines()
    assert call == "> test_run {}"
    assert result == "< test_run: tests/test_direction.py . (and 1 more line)"
    assert text == "Due west."
    assert foot.endswith(", 2 requests") and "$0.0" in foot
    assert gauge.startswith("[#") and "of 500,000" in gauge


def test_lines_are_turns_and_the_end_of_the_input_is_the_end(chat):
    ended = chat("--scenario", "quiet.yaml", typed="Which way?\n\nAnd now?\n/usage\n")

    assert ended.exit_code == 0, ended.output
    assert ended.stdout.count("Due west.") == 2
    assert "-- claude-sonnet-4-6: " in ended.stdout and "4 requests" in ended.stdout.splitlines()[-1]


def test_what_it_knows_is_told_and_what_it_does_not_know_too(chat):
    ended = chat("--scenario", "quiet.yaml", typed="/again\n/compact\n/usage\n/hlep\n/help\n/quit\nnever said\n")

    assert ended.exit_code == 0
    assert "-- No turn is open." in ended.stdout
    assert "-- There is nothing to summarise yet." in ended.stdout
    assert "-- Nothing has been used yet." in ended.stdout
    assert "There is no command /hlep; there are /again, /compact, /usage, /help, /quit." in ended.stdout
    assert "/compact  summarise the older part of the conversation now" in ended.stdout


def test_a_conversation_is_compacted_when_asked(chat):
    ended = chat("--scenario", "quiet.yaml", typed="One?\nTwo?\nThree?\nFour?\n/compact\n")

    assert "-- Compacted: a summary stands for " in ended.stdout


def test_without_tools_none_is_offered_or_run(chat):
    ended = chat("--scenario", "quiet.yaml", "--no-tools", "--once", "Which way?")

    assert "< test_run: failed: " in ended.stdout


def test_a_request_that_fails_ends_with_1(chat):
    ended = chat("--scenario", "told-not-to-retry", "--once", "Which way?")

    assert ended.exit_code == 1
    assert ended.stdout.startswith("-- ")


def test_a_budget_that_is_spent_lets_nothing_be_asked(chat):
    ended = chat("--scenario", "quiet.yaml", "--budget", "10", "--once", "Which way?")

    assert ended.exit_code == 1
    assert "the token budget is used up" in ended.stdout
    assert "Due west." not in ended.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--once", "Hello"], "no credential for the Anthropic API: set ANTHROPIC_API_KEY"),
        (["--provider", "bedrock", "--once", "Hello"], "bedrock is selected, and no region: set AWS_REGION"),
        (["--provider", "bedrok"], "--provider: unknown 'bedrok'; did you mean bedrock?"),
        (["--fake", "--once", " "], "--once: the prompt is empty"),
        (["--scenario", "quite.yaml"], "--scenario: quite.yaml"),
        (["--scenario", "any-server-error-once"], "name the file of one without variables"),
        (["--fake", "--budget", "0"], "--budget"),
    ],
)
def test_a_mistake_ends_with_2_and_says_what_to_write(chat, words: list[str], said: str):
    ended = chat(*words)

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert said in ended.stderr


def test_the_help_says_what_holds_where_nothing_is_said(chat):
    said = " ".join(chat("--help").stdout.replace("│", " ").split())

    assert all(hint in said for hint in ("[what they say; anthropic]", "[no limit]", "[the model's own]"))


def test_a_package_that_is_missing_is_named_with_what_to_install(chat, monkeypatch: pytest.MonkeyPatch):
    for name in [name for name in sys.modules if name.startswith(("windtunnel.client.core", "windtunnel.client.sync"))]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.startswith("windtunnel.client.retrying")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "tenacity", None)

    ended = chat("--fake", "--once", "Hello")

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.startswith("windtunnel: chat needs the package tenacity: pip install 'windtunnel[client]'")


def test_the_provider_asked_for_counts_more_than_what_the_environment_says(chat, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CLAUDE_CODE_USE_VERTEX", "1")
    monkeypatch.setenv("ANTHROPIC_FOUNDRY_RESOURCE", "elsewhere")

    ended = chat("--provider", "anthropic", "--once", "Hello")

    assert "no credential for the Anthropic API" in ended.stderr
    assert os.environ["CLAUDE_CODE_USE_VERTEX"] == "1"

    assert "bedrock is selected, and no region" in chat("--provider", "bedrock", "--once", "Hello").stderr


def test_the_fake_is_gone_afterwards_and_the_environment_as_before(chat):
    before = dict(os.environ)

    chat("--scenario", "quiet.yaml", "--once", "Which way?")

    assert dict(os.environ) == before


def test_no_secret_is_shown(chat, monkeypatch: pytest.MonkeyPatch):
    from windtunnel import Windtunnel, fail

    secret = "sk-ant-api03-very-secret"
    with Windtunnel(fail("invalid_api_key", times="forever"), clock="real", dates=False) as tunnel:
        monkeypatch.setenv("ANTHROPIC_API_KEY", secret)
        monkeypatch.setenv("ANTHROPIC_BASE_URL", tunnel.url.replace("//", "//me:pass@"))
        ended = chat(typed="Hello\n")

    assert ended.exit_code == 0
    assert "credential API key" in ended.stdout
    assert secret not in ended.output and "me:pass" not in ended.output
