"""A case with a command as its client."""

from __future__ import annotations

import sys

import pytest

from windtunnel.scenario.command import Command, run_command, spelt
from windtunnel.subjects.subject import ABILITIES


def played(code: str, **options) -> Command:
    return Command(words=(sys.executable, "-S", "-c", code), **options)


@pytest.mark.slow
def test_the_command_finds_the_fake_the_ask_and_its_key(case, scenario):
    code = (
        "import json, os; print(os.environ['ANTHROPIC_BASE_URL'][:17], 'ANTHROPIC_AUTH_TOKEN' in os.environ,"
        " json.loads(os.environ['WINDTUNNEL_ASK'])['rounds'])"
    )

    result = run_command(case(scenario=scenario(ask={"rounds": 3})), played(code))

    assert result.output == {"stdout": "http://127.0.0.1: False 3\n"}
    assert (result.exact, result.verdicts[0].name, result.verdicts[0].value) == (False, "process", "pass")


@pytest.mark.slow
@pytest.mark.parametrize(("code", "claimed"), [("", "success"), ("raise SystemExit(3)", "error")])
def test_an_exit_code_is_its_word_on_how_it_went(case, code: str, claimed: str):
    result = run_command(case(), played(code))

    assert result.claims is not None
    assert (result.claims.outcome, result.claims.source) == (claimed, "the exit code")


@pytest.mark.slow
def test_claims_that_cannot_be_read_are_a_verdict(case):
    code = "import os; open(os.environ['WINDTUNNEL_CLAIMS'], 'w').write('{')"

    result = run_command(case(), played(code))

    (claims,) = (verdict for verdict in result.verdicts if verdict.name == "claims")
    assert claims.failed and claims.findings[0].title == "the claims cannot be read"


def test_what_the_command_cannot_do_is_skipped_and_nothing_is_started(case, scenario, tmp_path):
    command = Command(words=("touch", str(tmp_path / "started")), abilities=frozenset(ABILITIES) - {"compaction"})

    result = run_command(case(scenario=scenario(needs=["compaction"])), command)

    assert (result.status, list(tmp_path.iterdir())) == ("skip", [])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/usr/bin/node", "agent.js"], "node agent.js"),
        (["sh", "-c", "a\n  b"], "sh -c a b"),
        (["x" * 60], "x" * 47 + "…"),
        ([], ""),
    ],
)
def test_a_command_is_named_for_people(words: list[str], said: str):
    assert spelt(words) == said
