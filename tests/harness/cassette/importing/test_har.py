"""Archives of browsers: what they drop, and how they say that something broke off."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from windtunnel.cassette import exporting
from windtunnel.cassette.importing import imported
from windtunnel.cassette.interaction import CassetteError, Interaction

URI = "https://api.anthropic.com/v1/messages"


def archive(folder: Path, **response: Any) -> Path:
    asked = {"method": "POST", "url": URI, "headers": [], "postData": {"text": "{}"}}
    path = folder / "one.har"
    path.write_text(json.dumps({"log": {"entries": [{"request": asked, "response": response}]}}), encoding="utf-8")
    return path


def kind(name: str) -> list[dict[str, str]]:
    return [{"name": "Content-Type", "value": name}]


@pytest.mark.parametrize(
    "response",
    [
        {"headers": kind("text/event-stream; charset=utf-8"), "content": {"size": 0}},
        {"headers": kind("text/event-stream"), "content": {"size": 900, "text": ""}},
        {"headers": kind("text/plain"), "content": {"size": 900}},
    ],
)
def test_a_stream_that_a_browser_did_not_keep_is_not_an_empty_one(response: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(CassetteError, match=r"entry 1 .*the body of the answer was not kept.*with the contents"):
        imported(archive(tmp_path, status=200, **response))


def test_an_answer_that_says_it_is_empty_is_taken_as_it_is(tmp_path: Path) -> None:
    said = [*kind("application/json"), {"name": "content-length", "value": "0"}]

    (found,) = imported(archive(tmp_path, status=200, headers=said, content={"size": 0}))

    assert (found.response.body, found.response.ended) == (b"", "complete")


@pytest.mark.parametrize(
    ("response", "ended"),
    [
        ({"status": -1, "_failureText": "net::ERR_CONNECTION_RESET"}, "reset"),
        ({"status": 0, "_error": "net::ERR_ABORTED"}, "timeout"),
        ({"status": 0}, "refused"),
    ],
)
def test_what_broke_off_before_an_answer_says_how(response: dict[str, Any], ended: str, tmp_path: Path) -> None:
    (found,) = imported(archive(tmp_path, **response))

    assert (found.response.status, found.response.ended) == (0, ended)


def test_bytes_that_were_read_as_latin_1_are_told_by_their_number(tmp_path: Path) -> None:
    body = b"\x00\x84\xa4{\xc3\xbc}"
    content = {"size": len(body), "text": body.decode("latin-1")}

    (found,) = imported(archive(tmp_path, status=200, headers=[], content=content))

    assert found.response.body == body


def test_an_entry_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = archive(tmp_path, status="two hundred")

    with pytest.raises(CassetteError, match=r"one\.har, entry 1: it cannot be read \(ValueError"):
        imported(path)


def test_how_an_exchange_broke_off_survives_our_own_export(answered: Interaction, tmp_path: Path) -> None:
    reset = replace(answered, response=replace(answered.response, status=0, headers=(), body=b"", ended="reset"))
    (tmp_path / "out.har").write_bytes(exporting.har([reset]))

    (found,) = imported(tmp_path / "out.har")

    assert found.response.ended == "reset"
