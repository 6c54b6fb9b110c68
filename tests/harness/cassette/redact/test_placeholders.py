"""Placeholders keep the form that clients look at, and never the value."""

from __future__ import annotations

import base64
import json
import uuid

import pytest

from windtunnel.cassette.redact import placeholders


def test_a_token_can_still_be_taken_apart():
    head, claims, _ = placeholders.JWT.split(b".")

    assert json.loads(base64.urlsafe_b64decode(head + b"==")) == {"alg": "none"}
    assert json.loads(base64.urlsafe_b64decode(claims + b"==")) == {"sub": "redacted"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (str(uuid.UUID(int=7)).encode(), placeholders.UUID),
        (b"123456789012", placeholders.ACCOUNT),
        (b"projects/123", b"projects/redacted-project"),
        (b"Bearer abc", b"Bearer REDACTED"),
        (b"anything else", b"REDACTED"),
    ],
)
def test_a_value_known_by_its_name_keeps_its_form(value: bytes, expected: bytes):
    assert placeholders.for_value(value) == expected
    assert placeholders.for_value(expected) == expected
