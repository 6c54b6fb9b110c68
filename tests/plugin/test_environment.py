"""While a test holds the fixture, a client finds the fake and nothing else; afterwards all is as it was."""

from __future__ import annotations

import os

import pytest

from windtunnel.environments.anthropic import API_KEY, MISLEADING


def test_a_client_that_reads_the_environment_meets_the_fake(run):
    result = run(
        """
from helpers import ask

def test_one(windtunnel):
    windtunnel.script(reply("from the fake"))

    assert ask() == "from the fake"
    assert [call.status for call in windtunnel.journal] == [200]
"""
    )

    result.assert_outcomes(passed=1)


def test_what_would_mislead_a_client_is_gone_inside_and_back_afterwards(run, monkeypatch: pytest.MonkeyPatch):
    before = {name: f"value of {name}" for name in MISLEADING}
    before |= {"ANTHROPIC_BASE_URL": "https://elsewhere.example", "NO_PROXY": "elsewhere.example"}
    for name, value in before.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)

    result = run(
        f"""
import os

def test_inside(windtunnel):
    assert [name for name in {MISLEADING!r} if name in os.environ] == []
    assert os.environ["ANTHROPIC_BASE_URL"] == windtunnel.url
    assert os.environ["ANTHROPIC_API_KEY"] == {API_KEY!r}
    assert os.environ["NO_PROXY"] == os.environ["no_proxy"] == "127.0.0.1,localhost,::1"
"""
    )

    result.assert_outcomes(passed=1)
    assert {name: os.environ.get(name) for name in before} == before
    assert "ANTHROPIC_API_KEY" not in os.environ


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ("assert False", {"failed": 1}),
        ("pytest.skip('not today')", {"skipped": 1}),
        ("windtunnel.core.failures.append(ValueError('a bug'))", {"passed": 1, "errors": 1}),
    ],
)
def test_the_environment_is_put_back_however_a_test_ends(run, monkeypatch: pytest.MonkeyPatch, body: str, outcome):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://elsewhere.example")

    result = run(f"import pytest\n\ndef test_it(windtunnel):\n    {body}\n")

    result.assert_outcomes(**outcome)
    assert os.environ["ANTHROPIC_BASE_URL"] == "https://elsewhere.example"


def test_what_a_test_changes_with_monkeypatch_comes_undone_too(run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://elsewhere.example")
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)

    result = run(
        """
def test_it(monkeypatch, windtunnel):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "https://third.example")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-another")

def test_other_order(windtunnel, monkeypatch):
    monkeypatch.delenv("ANTHROPIC_BASE_URL")
"""
    )

    result.assert_outcomes(passed=2)
    assert os.environ["ANTHROPIC_BASE_URL"] == "https://elsewhere.example"
    assert "ANTHROPIC_API_KEY" not in os.environ
