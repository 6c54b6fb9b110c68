"""`windtunnel exec`: every way a command can end has a verdict of its own, and the journal is kept."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest

#: Each starts the fake and a process or two.
pytestmark = pytest.mark.slow


def kept(path: Path) -> dict[str, Any]:
    (run,) = json.loads(path.read_text(encoding="utf-8"))["runs"]
    assert isinstance(run, dict)
    return run


def values(run: dict[str, Any]) -> dict[str, str]:
    return {verdict["name"]: verdict["value"] for verdict in run["verdicts"]}


def titles(run: dict[str, Any]) -> set[str]:
    return {finding["title"] for verdict in run["verdicts"] for finding in verdict["findings"]}


def test_without_a_scenario_a_command_is_answered_and_passes(windtunnel_command, agent, tmp_path: Path):
    ended = windtunnel_command("exec", "--json", "r.json", "--", *agent)

    run = kept(tmp_path / "r.json")
    assert ended.exit_code == 0
    assert values(run) == {"process": "pass", "outcome": "pass"}
    assert run["output"]["stdout"].startswith("heard: ")
    assert "windtunnel: pass  process outcome  (1 call in " in ended.stderr


def test_a_failed_verdict_ends_with_1_whatever_the_command_ended_with(windtunnel_command, agent, tmp_path: Path):
    ended = windtunnel_command("exec", "--scenario", "server-error-once", "--json", "r.json", "--", *agent)

    run = kept(tmp_path / "r.json")
    assert ended.exit_code == 1
    assert {name: values(run)[name] for name in ("process", "outcome", "attempts")} == {
        "process": "pass",
        "outcome": "fail",
        "attempts": "fail",
    }
    assert [call["status"] for call in run["entries"]] == [500]
    assert shlex.split(run["rerun"])[-len(agent) - 1 :] == ["--", *agent]


@pytest.mark.parametrize(
    ("script", "words", "title"),
    [
        ("kill -SEGV $$", [], "died by SIGSEGV"),
        ("sleep 60", ["--timeout", "4"], "hung until the time-out"),
        ("trap '' TERM; while :; do sleep 0.1; done", ["--timeout", "4", "--grace", "0.3"], "ignored SIGTERM"),
    ],
)
def test_a_command_that_does_not_end_by_itself_has_its_own_verdict_and_its_journal_is_kept(
    windtunnel_command, agent, tmp_path: Path, script: str, words: list[str], title: str
):
    ended = windtunnel_command("exec", *words, "--json", "r.json", "--", "sh", "-c", f"{shlex.join(agent)}; {script}")

    run = kept(tmp_path / "r.json")
    assert ended.exit_code == 1
    assert values(run)["process"] == "fail"
    assert title in titles(run)
    assert [call["status"] for call in run["entries"]] == [200]
    assert f"again: {run['rerun']}\n" in ended.stderr
    assert all(word in run["rerun"] for word in words)


def test_a_command_that_cannot_start_has_its_own_verdict(windtunnel_command, tmp_path: Path):
    ended = windtunnel_command("exec", "--json", "r.json", "--", "./nowhere")

    assert ended.exit_code == 1
    assert "the command cannot start" in titles(kept(tmp_path / "r.json"))


def test_processes_left_behind_are_ended_and_named(windtunnel_command, agent, tmp_path: Path):
    windtunnel_command("exec", "--json", "r.json", "--", "sh", "-c", f"sleep 987 & {shlex.join(agent)}")

    run = kept(tmp_path / "r.json")
    assert "left processes behind" in titles(run)
    assert not _is_running("sleep", "987")


def _is_running(*words: str) -> bool:
    wanted = b"\0".join(word.encode() for word in words) + b"\0"
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes() == wanted:
                return True
        except OSError:
            continue
    return False


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no command: write it behind --"),
        (
            ["--scenario", "broken.yaml", "--", "touch", "started"],
            "broken.yaml:3: steps[0]: fail: unknown 'rate_limitd'",
        ),
        (["--scenario", "any-refusal-is-final", "--", "touch", "started"], "choose one with --set: error=billing"),
        (["--set", "a=1", "--", "touch", "started"], "name one with --scenario"),
        (["--policy", "claude_cod", "--", "touch", "started"], "nearest first: claude_code"),
        (["--speed", "0", "--", "touch", "started"], "--speed 0: must be above 0"),
        (["--timeout", "0", "--", "touch", "started"], "--timeout 0: must be seconds above 0"),
        (["--provider", "anthropc", "--", "touch", "started"], "did you mean anthropic?"),
    ],
)
def test_a_mistake_in_what_was_asked_ends_with_2_and_starts_nothing(
    windtunnel_command, broken, tmp_path: Path, words: list[str], said: str
):
    ended = windtunnel_command("exec", *words)

    assert ended.exit_code == 2
    assert said in ended.stderr
    assert not (tmp_path / "started").exists()


def test_the_value_of_a_variable_is_chosen_and_stands_in_the_command_that_repeats_it(
    windtunnel_command, agent, tmp_path: Path
):
    ended = windtunnel_command(
        *("exec", "--scenario", "any-refusal-is-final", "--set", "error=billing", "--json", "r.json", "--", *agent)
    )

    run = kept(tmp_path / "r.json")
    assert ended.exit_code == 0
    assert run["variables"] == {"error": "billing"}
    assert "--set error=billing --" in run["rerun"]
