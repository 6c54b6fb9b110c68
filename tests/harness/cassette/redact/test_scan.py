"""The second look, at finished files."""

from __future__ import annotations

import base64
import gzip
import json
import re

import pytest

from windtunnel.cassette.redact import Finding, Rules, scan

KEY = "sk-ant-api03-abcdefghijklmnop"
VALUE = "opaque-value-0815"

WAYS = {
    "plain": lambda text: text,
    "json": lambda text: json.dumps(json.dumps({"a": text})),
    "percent": lambda text: "".join(f"%{ord(c):02X}" for c in text),
    "base64": lambda text: base64.b64encode(f"it is {text}".encode()).decode(),
    "base64url, unpadded": lambda text: base64.urlsafe_b64encode(f"i {text}".encode()).decode().rstrip("="),
    "base64 in yaml": lambda text: (
        "!!binary |\n      "
        + base64.encodebytes(b"\xff\0" * 60 + f"it is {text}, and so on".encode()).decode().replace("\n", "\n      ")
    ),
    "gzip in yaml": lambda text: (
        "!!binary |\n      "
        + base64.encodebytes(gzip.compress(f"it is {text}".encode())).decode().replace("\n", "\n      ")
    ),
    "hex": lambda text: text.encode().hex(),
    "folded": lambda text: f'"{text[:14]}\\\n      \\{text[14:]}"',
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("text", [KEY, VALUE])
def test_a_secret_is_found_in_every_encoding(way: str, text: str):
    finished = f"a: 1\nb: 2\nc: {WAYS[way](text)}\n".encode()

    found = scan(finished, {"SOME_API_KEY": VALUE})

    assert found and found[0].line in (3, 4)


def test_what_was_redacted_is_no_finding():
    finished = (
        b"a: sk-ant-api03-REDACTED\nauthorization: Bearer REDACTED\nb: redacted@example.com\nc: AKIAREDACTEDREDACTED"
    )

    assert scan(finished, {}) == []


def test_what_the_rules_keep_is_no_finding():
    assert scan(b"mail: bob@acme.io", {})
    assert scan(b"mail: bob@acme.io", {}, rules=Rules(keep=["e-mail"])) == []


def test_a_complaint_says_where_and_what_to_do_and_not_what():
    (found,) = scan(f"a: 1\nb: {KEY}\n".encode(), {})

    said = found.complaint("cassettes/a.yaml", more=2)

    assert said == (
        "cassettes/a.yaml, line 2: something of the kind 'anthropic-key', and 2 more. It was not written. If this is no "
        "secret, say so in windtunnel.redact.yaml: `keep: [anthropic-key]`; if it is, name its header, key or pattern there."
    )


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [("credential", r"`keep: \[NAME\]`, the name of its field;"), ("rule", "let your pattern match less;")],
)
def test_what_would_keep_too_much_is_not_advised(kind: str, remedy: str):
    assert re.search(remedy, Finding(kind, 1, 0).complaint("a.yaml"))
