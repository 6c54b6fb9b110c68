"""`windtunnel run`: what it prints, writes and ends with."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

NAIVE = ("run", "--client", "naive", "-j", "1")


def kept(path: Path) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["runs"]
    return runs


def test_a_pass_ends_with_0_and_says_the_seed(windtunnel_command):
    ended = windtunnel_command(*NAIVE, "refusal", "--seed", "3")

    assert ended.exit_code == 0
    assert "1 passed; 0.000 s simulated in " in ended.stdout
    assert ended.stdout.endswith("(seed 3)\n")


def test_a_failure_ends_with_1_and_is_told_with_evidence_and_the_way_to_repeat_it(windtunnel_command):
    ended = windtunnel_command(*NAIVE, "rate-limited-with-hint")

    assert ended.exit_code == 1
    assert "fail: backoff" in ended.stdout
    assert "retry-after not honoured, waited too briefly" in ended.stdout
    assert "again: windtunnel run rate-limited-with-hint --provider anthropic --client naive --seed 0\n" in ended.stdout


def test_the_printed_command_repeats_a_failure_exactly(windtunnel_command, tmp_path: Path):
    first = windtunnel_command(*NAIVE, "every-fourth-call-fails", "--seed", "11", "--json", "first.json")
    again = kept(tmp_path / "first.json")[0]["rerun"]

    second = windtunnel_command(*shlex.split(again)[1:], "--json", "second.json")

    assert f"again: {again}\n" in first.stdout
    assert (first.exit_code, second.exit_code) == (1, 1)
    one, other = (kept(tmp_path / name)[0] for name in ("first.json", "second.json"))
    for name in ("verdicts", "simulated_s", "title"):
        assert one[name] == other[name]
    assert [call["status"] for call in one["entries"]] == [call["status"] for call in other["entries"]]
    assert 529 in [call["status"] for call in one["entries"]]


def test_every_skip_is_named_with_its_reason_and_ends_with_0(windtunnel_command):
    ended = windtunnel_command(*NAIVE, "overflow-in-mid-conversation", "new-key-after-a-401")

    text = " ".join(ended.stdout.split())
    assert ended.exit_code == 0
    assert "2 skipped" in text
    assert "needs compaction: the client does not say that it shortens the conversation" in text
    assert "full overflow-in-mid-conversation" in text
    assert "new-key-after-a-401" in text


def test_unknown_ends_with_0_unless_it_is_strict(windtunnel_command, tmp_path: Path):
    (tmp_path / "calm.yaml").write_text("name: calm\nexpect: {backoff: own}\n", encoding="utf-8")

    calm, strict = (windtunnel_command(*NAIVE, "calm.yaml", *words) for words in ((), ("--strict",)))

    assert (calm.exit_code, strict.exit_code) == (0, 1)
    assert "unknown: backoff" in calm.stdout
    assert "1 unknown" in calm.stdout


def test_a_broken_file_ends_with_2_in_one_message_and_starts_nothing(windtunnel_command, broken: Path, tmp_path: Path):
    started = tmp_path / "started"

    ended = windtunnel_command("run", "refusal", str(broken), "--client-command", f"touch {started}")

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr.startswith(f"windtunnel: {broken}:3: steps[0]: fail: unknown 'rate_limitd'; did you mean")
    assert not started.exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["refusl"], "nearest there: refusal"),
        (["--client", "anthropi"], "did you mean anthropic?"),
        (["--client", "naive", "--client-command", "true"], "give one of them"),
        (["--client-command", " "], "there is no command in it"),
        (["--client-command", "a 'b"], "cannot be read as a shell would"),
        (["--provider", "anthropc"], "--provider: unknown 'anthropc'; did you mean anthropic?"),
        (["--policy", "claude_cod"], "nearest first: claude_code"),
        (["--lacks", "compation", "--client-command", "true"], "did you mean compaction?"),
        (["--lacks", "tools"], "--lacks and --speed are for a --client-command"),
        (["--shard", "3/2"], "--shard 3/2"),
        (["--set", "error"], "--set error: write NAME=VALUE"),
        (["--set", "eror=x"], "did you mean error?"),
        (["--timeout", "0", "--client-command", "true"], "--timeout 0: must be seconds above 0"),
        (["--failed-from", "nowhere.json"], "nowhere.json: cannot be read"),
        (["refusal", "--failed-from", "x.json"], "give no scenarios"),
        (["refusal", "--json", "agent.py/x.json"], "its folder cannot be made"),
        (["refusal", "--html", "."], "--html .: cannot be written"),
        (["--sed", "3"], "--sed"),
    ],
)
def test_a_wish_that_cannot_be_ends_with_2_and_says_why(windtunnel_command, agent, words: list[str], said: str):
    ended = windtunnel_command("run", *words)

    assert (ended.exit_code, ended.stdout) == (2, "")
    assert said in " ".join(ended.stderr.split())


def test_the_first_failure_ends_it_when_asked_to(windtunnel_command):
    names = ("refusal", "rate-limited-with-hint", "server-error-once")

    stopped = windtunnel_command(*NAIVE, *names, "-x")
    gone_on = windtunnel_command(*NAIVE, *names)

    assert "1 passed, 1 failed; " in stopped.stdout and stopped.stdout.endswith("(seed 0), 1 not run\n")
    assert "1 passed, 2 failed; " in gone_on.stdout


def test_what_failed_is_run_again_from_what_was_kept(windtunnel_command, tmp_path: Path):
    windtunnel_command(
        *NAIVE, "refusal", "any-refusal-is-final", "--set", "error=billing", "--seed", "4", "--json", "1.json"
    )
    windtunnel_command(*NAIVE, "refusal", "told-to-retry", "--seed", "4", "--policy", "claude_code", "--json", "2.json")

    windtunnel_command("run", "-j", "1", "--failed-from", "1.json", "--json", "3.json")
    windtunnel_command("run", "-j", "1", "--failed-from", "2.json", "--json", "4.json")

    (one,), (other,) = kept(tmp_path / "3.json"), kept(tmp_path / "4.json")
    assert (one["title"], one["status"]) == (
        "any-refusal-is-final · naive · anthropic · seed 4 · error=billing",
        "fail",
    )
    assert (other["title"], other["policy"]["name"]) == ("told-to-retry · naive · anthropic · seed 4", "claude_code")


def test_nothing_failed_is_no_reason_to_run_nothing_in_silence(windtunnel_command):
    windtunnel_command(*NAIVE, "refusal", "--json", "fine.json")

    ended = windtunnel_command("run", "--failed-from", "fine.json")

    assert (ended.exit_code, ended.stderr) == (2, "windtunnel: --failed-from fine.json: nothing failed there\n")


def test_results_go_where_they_are_asked_for(windtunnel_command, tmp_path: Path):
    ended = windtunnel_command(
        *(*NAIVE, "refusal", "rate-limited-with-hint", "new-key-after-a-401"),
        *("--json", "out/r.json", "--junit", "out/r.xml", "--html", "out/r.html"),
    )

    assert [line for line in ended.stdout.splitlines() if line.startswith("written: ")] == [
        "written: out/r.json",
        "written: out/r.xml",
        "written: out/r.html",
    ]
    suite = ElementTree.parse(tmp_path / "out" / "r.xml").getroot()[0]
    assert [suite.get(name) for name in ("tests", "failures", "skipped", "errors")] == ["3", "1", "1", "0"]
    assert "<title>" in (tmp_path / "out" / "r.html").read_text(encoding="utf-8")
    assert [run["status"] for run in kept(tmp_path / "out" / "r.json")] == ["pass", "fail", "skip"]


def test_seeds_and_shards_cover_everything_once(windtunnel_command, tmp_path: Path):
    names = ("refusal", "answer-hits-max-tokens")
    for index in (1, 2, 3):
        windtunnel_command(*NAIVE, *names, "--seeds", "5", "--shard", f"{index}/3", "--json", f"{index}.json")

    titles = [run["title"] for index in (1, 2, 3) for run in kept(tmp_path / f"{index}.json")]

    assert len(titles) == len(set(titles)) == 10


def test_the_list_names_each_scenario_once_and_fits_in_80_columns(windtunnel_command):
    ended = windtunnel_command("run", "--list")

    lines = ended.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("any-refusal-is-final ") for line in lines) == 1
    assert "(×7)" in ended.stdout and "needs compaction" in " ".join(ended.stdout.split())


@pytest.mark.slow
def test_a_command_is_judged_in_each_scenario(windtunnel_command, agent_text: str, tmp_path: Path):
    ended = windtunnel_command(
        *("run", "refusal", "wrong-api-key", "server-error-once", "new-key-after-a-401", "paused-turn"),
        *("--client-command", agent_text, "--lacks", "resume", "--lacks", "re-authentication", "--json", "r.json"),
    )

    runs = {run["scenario"]: run for run in kept(tmp_path / "r.json")}
    assert ended.exit_code == 1
    assert {name: run["status"] for name, run in runs.items()} == {
        "refusal": "unknown",
        "wrong-api-key": "pass",
        "server-error-once": "fail",
        "new-key-after-a-401": "skip",
        "paused-turn": "skip",
    }
    assert runs["refusal"]["output"]["stdout"] == "heard: I can't help with that.\n"
    again = shlex.split(runs["wrong-api-key"]["rerun"])
    assert again[again.index("--client-command") + 1] == agent_text
    assert again.count("--lacks") == 2


def test_what_a_command_failed_in_cannot_be_run_again_without_it(windtunnel_command):
    windtunnel_command("run", "refusal", "--client-command", "false", "--json", "r.json")

    ended = windtunnel_command("run", "--failed-from", "r.json")

    assert ended.exit_code == 2
    assert "was run with a command; give it again, with --client-command" in ended.stderr
