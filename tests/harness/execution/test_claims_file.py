"""A command's claims come from its file, else from its last line; broken ones are told, not lost."""

from __future__ import annotations

import json

import pytest

from windtunnel.execution.claims_file import ClaimsFile
from windtunnel.verdicts.claims import ClaimsError

CLAIMED = '{"outcome": "success", "calls": [{"outcome": "success", "text": "Hello"}]}'


def test_what_is_written_is_read():
    with ClaimsFile() as place:
        place.path.write_text(CLAIMED)

        claims = place.read('{"outcome": "error"}')

    assert claims.outcome == "success" and claims.calls[0].text == "Hello"
    assert claims.source == "WINDTUNNEL_CLAIMS (claims.json)"


def test_the_variable_names_a_place_that_is_free_and_gone_behind_the_block():
    with ClaimsFile() as place:
        assert place.env == {"WINDTUNNEL_CLAIMS": str(place.path)}
        assert place.path.parent.is_dir() and not place.path.exists()

    assert not place.path.parent.exists()


@pytest.mark.parametrize("line", [CLAIMED, '{"outcome": "error"}', '{"input_tokens": 12, "output_tokens": 3}'])
def test_without_a_file_the_last_line_will_do(line):
    with ClaimsFile() as place:
        claims = place.read(line)

    assert claims.source == "the last line of the output"


@pytest.mark.parametrize(
    "line", [None, "done", "[1]", "{", "{}", '{"level": "info", "message": "done"}', "[" * 100_000]
)
def test_a_line_that_is_just_a_line_claims_nothing(line):
    with ClaimsFile() as place:
        assert place.read(line) is None


def test_a_message_of_the_api_in_the_last_line_is_an_answer():
    message = {"type": "message", "id": "msg_1", "role": "assistant", "model": "claude-sonnet-4-6"}
    message |= {"content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn"}
    message |= {"usage": {"input_tokens": 12, "output_tokens": 3}}

    with ClaimsFile() as place:
        (claim,) = place.read(json.dumps(message)).calls
        error = place.read('{"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}')

    assert (claim.outcome, claim.text, claim.message_id, claim.usage["input_tokens"]) == (
        "success",
        "Hello",
        "msg_1",
        12,
    )
    assert error is None


@pytest.mark.parametrize("written", [b"", b"{", b"\xff\xfe", b"[]", b'{"outcome": "maybe"}', b'{"outcom": "success"}'])
def test_a_broken_file_is_an_error_that_names_its_place_and_does_not_fall_back(written):
    with ClaimsFile() as place:
        place.path.write_bytes(written)

        with pytest.raises(ClaimsError, match="WINDTUNNEL_CLAIMS"):
            place.read(CLAIMED)


def test_a_broken_last_line_is_an_error():
    line = json.dumps({"calls": "three"})

    with ClaimsFile() as place, pytest.raises(ClaimsError, match="the last line of the output"):
        place.read(line)
