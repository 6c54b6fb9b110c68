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
    ],
)
def test_what_cannot_be_done_is_a_usage_error(
    words: tuple[str, ...], windtunnel_command: Command, cassette: Path
) -> None:
    assert windtunnel_command("cassette", *words).exit_code == 2


def test_verify_ends_with_1_for_a_secret_and_scrub_takes_it_out(windtunnel_command: Command, cassette: Path) -> None:
    key = b"sk-ant-api03-" + b"Ab1" * 31 + b"-AA"
    cassette.write_bytes(cassette.read_bytes().replace(b"Hi", key))

    found = windtunnel_command("cassette", "verify", "a.yaml", "--no-sdk")
    scrubbed = windtunnel_command("cassette", "scrub", "a.yaml")
    after = windtunnel_command("cassette", "verify", "a.yaml", "--no-sdk")

    assert (found.exit_code, scrubbed.exit_code, after.exit_code) == (1, 0, 0)
    assert "changed interaction 1, 2" in scrubbed.output
    assert key not in cassette.read_bytes()


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
