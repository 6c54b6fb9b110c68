"""What lies within bytes is found, and only what was found is changed."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.cassette.redact.edits import Edit, apply
from windtunnel.cassette.redact.encodings import everywhere

SECRET = b"the-secret-word+/="


def find(text: bytes) -> Sequence[Edit]:
    return [Edit(*found.span(), b"GONE", "x") for found in re.finditer(re.escape(SECRET), text)]


def redacted(text: bytes) -> bytes:
    return apply(text, everywhere(text, find))


@given(st.binary(max_size=300))
def test_bytes_without_secrets_give_no_edits(text: bytes):
    assert everywhere(text, find) == []


@given(st.text(max_size=20), st.text(max_size=20))
def test_escapes_around_a_secret_stay_as_they_are(before: str, after: str):
    plain = f"{before}/é</{SECRET.decode()}\\/>{after}"
    text = json.dumps({"a": plain}).replace("/", "\\/").replace("+", "\\u002B").replace("=", "\\u003d")

    found = redacted(text.encode()).decode()

    escaped = SECRET.decode().replace("/", "\\/").replace("+", "\\u002B").replace("=", "\\u003d")
    assert found == text.replace(escaped, "GONE")


@given(st.binary(max_size=9), st.binary(max_size=9), st.booleans(), st.booleans())
def test_base64_is_written_anew_in_its_own_alphabet(before: bytes, after: bytes, urlsafe: bool, padded: bool):
    def write(plain: bytes) -> bytes:
        text = base64.urlsafe_b64encode(plain) if urlsafe else base64.b64encode(plain)
        return text if padded else text.rstrip(b"=")

    text = write(before + b" " + SECRET + b" and text that makes it longer " + after)
    found = redacted(b'{"a": "' + text + b'"}')

    plain = base64.urlsafe_b64decode(found[7:-2].replace(b"+", b"-").replace(b"/", b"_") + b"==")
    assert plain == before + b" GONE and text that makes it longer " + after


@pytest.mark.parametrize("behind", [b"", b"a", b"ab", b"abc"])
def test_letters_in_front_of_base64_do_not_hide_it(behind: bytes):
    found = redacted(behind + base64.b64encode(b"is " + SECRET + b" it"))

    assert base64.b64decode(found[len(behind) :]) == b"is GONE it"


def test_a_digit_in_front_of_hex_does_not_hide_it():
    assert redacted(b"7" + (b"a " + SECRET).hex().encode()) == b"7" + b"a GONE".hex().encode()


def test_hex_is_written_anew():
    assert redacted(b"0x" + (b"a " + SECRET).hex().encode()) == b"0x" + b"a GONE".hex().encode()


def test_base64_in_lines_is_read_as_one():
    found = redacted(base64.encodebytes(b"a long line of words before it comes: " + SECRET + b" and some words behind"))

    assert b"GONE" in base64.b64decode(found)


def test_a_form_is_read_with_blanks_for_its_pluses():
    def find_two_words(text: bytes) -> Sequence[Edit]:
        return [Edit(*found.span(), b"GONE", "x") for found in re.finditer(b"two words!", text)]

    text = b"a=b+c&d=two+words%21&e=f+g"

    assert apply(text, everywhere(text, find_two_words)) == b"a=b+c&d=GONE&e=f+g"


def test_encodings_within_encodings_are_found():
    inner = json.dumps({"b": base64.b64encode(b"this is " + SECRET).decode()})
    outer = base64.b64encode(json.dumps({"c": inner}).encode())

    found = json.loads(json.loads(base64.b64decode(redacted(outer)))["c"])["b"]

    assert base64.b64decode(found) == b"this is GONE"
