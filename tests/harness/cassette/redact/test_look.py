"""One search for all: shapes, names, values, patterns."""

from __future__ import annotations

import base64

import pytest

from windtunnel.cassette.redact.edits import apply
from windtunnel.cassette.redact.look import Look
from windtunnel.cassette.redact.rules import Rules

TEXT = b'{"mail":"bob@acme.io","password":"p-1","note":"opaque-0815 case-7"}'


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({}, b'{"mail":"redacted@example.com","password":"REDACTED","note":"REDACTED case-7"}'),
        ({"keep": ["e-mail", "password"]}, b'{"mail":"bob@acme.io","password":"p-1","note":"REDACTED case-7"}'),
        (
            {"keep": ["environment", "e-mail"], "patterns": [r"case-(?P<secret>\d)"]},
            b'{"mail":"bob@acme.io","password":"REDACTED","note":"opaque-0815 case-REDACTED"}',
        ),
        ({"keep": ["e-mail"], "keys": ["Note"]}, b'{"mail":"bob@acme.io","password":"REDACTED","note":"REDACTED"}'),
    ],
)
def test_rules_decide_what_is_found(rules: dict[str, list[str]], expected: bytes):
    look = Look.usual(Rules(**rules), {"MY_API_KEY": "opaque-0815"})  # type: ignore[arg-type]

    assert apply(TEXT, look.edits(TEXT)) == expected


def test_a_credential_found_by_its_name_is_known_from_then_on():
    look = Look.usual(Rules(), {})

    look.edits(b'{"client_secret":"opaque-value-0815"}')

    assert apply(b"x opaque-value-0815", look.edits(b"x opaque-value-0815")) == b"x REDACTED"


def test_the_host_behind_a_password_stays():
    look = Look.usual(Rules(), {})
    text = b"https://bob:hunter2@db.io/x and bob@acme.io"

    assert apply(text, look.edits(text)) == b"https://bob:REDACTED@db.io/x and redacted@example.com"


def test_what_was_clean_is_looked_into_again_when_more_is_known():
    look = Look.usual(Rules(), {})
    text = base64.b64encode(b"a: opaque-value-0815 and more")
    before = look.edits(text)

    look.known.learn(b"opaque-value-0815")

    assert before == []
    assert base64.b64decode(apply(text, look.edits(text))) == b"a: REDACTED and more"


def test_what_is_clean_in_a_conversation_is_looked_into_again_where_credentials_are_asked_for():
    look = Look.usual(Rules(), {})
    text = base64.b64encode(b'{"sig":"0815-4711","more":"of it"}')

    assert look.edits(text) == []
    assert b"0815" not in base64.b64decode(apply(text, look.edits(text, exchange=True)))
