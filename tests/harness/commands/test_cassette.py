"""`windtunnel cassette`: looking at recordings and taking care of them, by exit codes and output."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest
from click.testing import Result

from windtunnel.cassette import files
from windtunnel.cassette.interaction import Interaction, Request, Response

Command: TypeAlias = Callable[..., Result]

ASKED = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 9,
    "system": "Be kind. " * 40,
    "messages": [{"role": "user", "content": "Hi"}],
}
SAID = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-sonnet-4-6",
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "content": [{"type": "text", "text": "Hello!"}],
    "usage": {"input_tokens": 1000, "output_tokens": 10},
}
ONE = Interaction(
    request=Request(method="POST", uri="https://api.anthropic.com/v1/messages", body=json.dumps(ASKED).encode()),
    response=Response(status=200, headers=(("content-type", "application/json"),), body=json.dumps(SAID).encode()),
    provider="anthropic",
    recorded_at=dt.datetime(2026, 11, 1, tzinfo=dt.UTC),
)


@pytest.fixture
def cassette(windtunnel_command: Command, tmp_path: Path) -> Path:
    path = tmp_path / "a.yaml"
    files.save(path, [ONE, replace(ONE, expires=dt.date(2026, 12, 1))], expected=None)
    return path


def test_show_tells_a_conversation_in_80_columns(windtunnel_command: Command, cassette: Path) -> None:
    said = windtunnel_command("cassette", "show", cassette.name, "--only", "2")

    assert said.exit_code == 0
    assert "  user       Hi\n" in said.output and "  assistant  Hello!\n" in said.output
    assert "(360 characters)" in said.output
    assert "end_turn · 1,000 in, 10 out · $0.00315" in said.output
    assert "── 1 ──" not in said.output
    assert max(map(len, said.output.splitlines())) <= 80


def test_show_adds_up_what_cassettes_stand_for(windtunnel_command: Command, cassette: Path) -> None:
    said = windtunnel_command("cassette", "show", "--total", "--json", ".")

    assert json.loads(said.output)["total"]["cost_micro_usd"] == "6300"


@pytest.mark.parametrize(
    "words",
    [
        ("show", "none.yaml"),
        ("show", "a.yaml", "--only", "3"),
        ("diff", "a.yaml"),
        ("prune", "a.yaml", "--report", "x"),
        ("expire", "a.yaml", "--on", "soon"),
        ("expire", "a.yaml", "--on", "never", "--only", "3"),
    ],
)
def test_what_cannot_be_done_is_a_usage_error(
    words: tuple[str, ...], windtunnel_command: Command, cassette: Path
) -> None:
    assert windtunnel_command("cassette", *words).exit_code == 2


@pytest.fixture
def folder(cassette: Path) -> Path:
    """Three cassettes, of which the first and the last are no good."""
    raw = cassette.read_bytes()
    (cassette.parent / "a.yaml").write_bytes(raw + raw)
    (cassette.parent / "b.yaml").write_bytes(raw)
    (cassette.parent / "c.yaml").write_bytes(raw.replace(b"application/json", "en \u2013 dash".encode(), 1))
    return cassette.parent


@pytest.mark.parametrize(
    "words", [("verify", "--no-sdk"), ("show",), ("scrub",), ("stale",), ("expire", "--on", "2027-01-31")]
)
def test_one_file_that_is_no_good_does_not_hide_the_others(
    words: tuple[str, ...], windtunnel_command: Command, folder: Path
) -> None:
    bad = [(folder / name).read_bytes() for name in ("a.yaml", "c.yaml")]

    said = windtunnel_command("cassette", words[0], ".", *words[1:])
    told = windtunnel_command("cassette", words[0], ".", *words[1:], "--json")

    assert (said.exit_code, told.exit_code) == (2, 2)
    assert "b.yaml: " in said.stdout or words[0] == "stale"
    assert [line.partition(":")[2].partition(":")[0] for line in said.stderr.splitlines()[:2]] == [
        " a.yaml, line 65",
        " c.yaml, line 22",
    ]
    assert said.stderr.endswith("windtunnel: 2 of 3 files were passed by\n")
    assert told.stdout.count('"error": ') == 2
    assert [(folder / name).read_bytes() for name in ("a.yaml", "c.yaml")] == bad


def test_an_error_in_one_file_is_not_hidden_by_another_that_cannot_be_read(
    windtunnel_command: Command, folder: Path
) -> None:
    (folder / "b.yaml").write_bytes((folder / "b.yaml").read_bytes().replace(b"# user: Hi", b"# user: Ho"))

    said = windtunnel_command("cassette", "verify", ".", "--no-sdk", "--json")

    assert said.exit_code == 2
    assert {one["check"] for one in json.loads(said.stdout)["b.yaml"]} == {"comments"}


def test_verify_ends_with_1_for_a_secret_and_scrub_takes_it_out(windtunnel_command: Command, cassette: Path) -> None:
    key = b"sk-ant-api03-" + b"Ab1" * 31 + b"-AA"
    cassette.write_bytes(cassette.read_bytes().replace(b"Hi", key))

    found = windtunnel_command("cassette", "verify", "a.yaml", "--no-sdk")
    scrubbed = windtunnel_command("cassette", "scrub", "a.yaml")
    after = windtunnel_command("cassette", "verify", "a.yaml", "--no-sdk")

    assert (found.exit_code, scrubbed.exit_code, after.exit_code) == (1, 0, 0)
    assert "changed interaction 1, 2" in scrubbed.output
    assert key not in cassette.read_bytes()


def test_rules_beside_a_cassette_hold_for_it_and_are_none(windtunnel_command: Command, cassette: Path) -> None:
    (cassette.parent / "windtunnel.redact.yaml").write_text("patterns: [Hello]", encoding="utf-8")

    found = windtunnel_command("cassette", "verify", ".", "--no-sdk")
    scrubbed = windtunnel_command("cassette", "scrub", ".")

    assert (found.exit_code, scrubbed.exit_code) == (1, 0)
    assert "of the kind 'rule'" in found.output
    assert scrubbed.output.startswith("a.yaml: changed")
    assert b"Hello" not in cassette.read_bytes()


def test_rules_may_be_named(windtunnel_command: Command, cassette: Path) -> None:
    (cassette.parent / "own.toml").write_text('keys = ["system"]', encoding="utf-8")
    windtunnel_command("cassette", "export", "a.yaml", "b.har", "--format", "har")

    imported = windtunnel_command("cassette", "import", "b.har", "c.yaml", "--redact", "own.toml")
    scrubbed = windtunnel_command("cassette", "scrub", "a.yaml", "--redact", "own.toml")

    assert (imported.exit_code, scrubbed.exit_code) == (0, 0)
    assert all(b"Be kind" not in (cassette.parent / name).read_bytes() for name in ("a.yaml", "c.yaml"))
    assert windtunnel_command("cassette", "scrub", "a.yaml", "--redact", "none.toml").exit_code == 2


def test_diff_ends_with_1_for_breaking_differences_only(windtunnel_command: Command, cassette: Path) -> None:
    other = replace(ONE, response=replace(ONE.response, body=ONE.response.body.replace(b"Hello!", b"Good day!")))
    files.save("talk.yaml", [other, other], expected=None)
    files.save("gone.yaml", [ONE], expected=None)

    calm = windtunnel_command("cassette", "diff", "a.yaml", "talk.yaml")
    breaking = windtunnel_command("cassette", "diff", "a.yaml", "gone.yaml")

    assert (calm.exit_code, calm.output) == (0, "0 breaking, 0 additive, 2 cosmetic\n")
    assert breaking.exit_code == 1


def test_stale_goes_by_expiry_and_by_age(windtunnel_command: Command, cassette: Path) -> None:
    fresh = windtunnel_command("cassette", "stale", "a.yaml", "--on", "2026-11-30")
    expired = windtunnel_command("cassette", "stale", "a.yaml", "--on", "2026-12-01")
    aged = windtunnel_command("cassette", "stale", "a.yaml", "--on", "2026-11-30", "--max-age", "10", "--json")

    assert (fresh.exit_code, expired.exit_code, aged.exit_code) == (0, 1, 1)
    assert "interaction 2 expired on 2026-12-01" in expired.output
    assert [one["number"] for one in json.loads(aged.output)["a.yaml"]] == [1, 2]


def test_stale_tells_what_is_of_unknown_age(windtunnel_command: Command, cassette: Path) -> None:
    files.save("old.yaml", [replace(ONE, recorded_at=None)], expected=None)

    aged = windtunnel_command("cassette", "stale", "old.yaml", "--max-age", "1")
    any_age = windtunnel_command("cassette", "stale", "old.yaml")

    assert (aged.exit_code, any_age.exit_code) == (1, 0)
    assert aged.output == (
        "old.yaml: interaction 1 is of unknown age: it has neither recorded_at nor expires\n1 stale in 1 cassette\n"
    )


def test_expire_sets_the_day(windtunnel_command: Command, cassette: Path) -> None:
    said = windtunnel_command("cassette", "expire", "a.yaml", "--on", "30d", "--only", "1")

    assert (said.exit_code, said.output) == (0, "a.yaml: changed interaction 1\n")
    assert [one.expires for one in files.load("a.yaml").interactions] == [dt.date(2026, 12, 1)] * 2


def test_import_lists_what_it_leaves_out(windtunnel_command: Command, cassette: Path) -> None:
    windtunnel_command("cassette", "export", "a.yaml", "out.har", "--format", "har")
    archive = json.loads(Path("out.har").read_text(encoding="utf-8"))
    archive["log"]["entries"][1]["response"]["content"].pop("text")
    Path("out.har").write_text(json.dumps(archive), encoding="utf-8")

    said = windtunnel_command("cassette", "import", "out.har", "back.yaml", "--json")

    (left_out,) = json.loads(said.stdout)["left_out"]
    assert said.exit_code == 0
    assert left_out == {
        "place": "entry 2",
        "request": "POST https://api.anthropic.com/v1/messages",
        "why": "the body of the answer was not kept",
    }
    assert "entry 2" in said.stderr


@pytest.mark.parametrize("format", ["vcr", "har"])
def test_what_is_exported_can_be_imported(format: str, windtunnel_command: Command, cassette: Path) -> None:
    out = windtunnel_command("cassette", "export", "a.yaml", "out", "--format", format)
    back = windtunnel_command("cassette", "import", "out", "back.yaml")
    again = windtunnel_command("cassette", "import", "out", "back.yaml")

    assert (out.exit_code, back.exit_code, again.exit_code) == (0, 0, 2)
    assert [one.response.body for one in files.load("back.yaml").interactions] == [ONE.response.body] * 2


def test_prune_drops_what_was_not_played(windtunnel_command: Command, cassette: Path) -> None:
    Path("r.json").write_text(json.dumps({"cassettes": {str(cassette): {"played": [2]}}}), encoding="utf-8")

    before = windtunnel_command("cassette", "prune", "a.yaml", "--report", "r.json", "--dry-run")
    untouched = len(files.load(cassette).interactions)
    after = windtunnel_command("cassette", "prune", "a.yaml", "--report", "r.json")

    assert "would drop interaction 1" in before.output and "dropped interaction 1" in after.output
    assert untouched == 2
    assert [one.expires for one in files.load(cassette).interactions] == [dt.date(2026, 12, 1)]


def test_prune_cannot_do_without_the_file(windtunnel_command: Command, cassette: Path) -> None:
    Path("r.json").write_text(json.dumps({"cassettes": {str(cassette): {"played": [2]}}}), encoding="utf-8")

    said = windtunnel_command("cassette", "prune", "nope.yaml", "a.yaml", "--report", "r.json")

    assert said.exit_code == 2
    assert "nope.yaml: there is no such cassette" in said.stderr
    assert "a.yaml: dropped interaction 1" in said.stdout
