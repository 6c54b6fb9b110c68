"""Rules that cannot be followed are refused with what to write instead."""

from __future__ import annotations

from typing import Any

import pytest

from windtunnel.cassette.redact import Pattern, RuleError, Rules


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"headers": "x-team"}, r"headers = 'x-team' is not a list; write headers=\['x-team'\]."),
        ({"keys": [7]}, "keys: 7 is not a name; give text that is not empty."),
        ({"keys": [" "]}, "keys: ' ' is not a name"),
        ({"patterns": ["(a"]}, r"patterns: '\(a' is no regular expression \(.*position 0\)."),
        ({"patterns": ["a*"]}, r"patterns: 'a\*' matches where nothing is"),
        ({"patterns": ["[A-Z]{8}"]}, "matches 'REDACTED', so what is redacted would be a secret again"),
        ({"patterns": [Pattern(r"cust-\d+", "cust-00 0")]}, "'cust-00 0' would be written differently in JSON"),
        ({"patterns": [Pattern(r"\d+", "cust-0")]}, "matches 'cust-0', so what is redacted"),
        ({"changes": ["x"]}, "changes: 'x' cannot be called"),
        ({"keep": ["emails"]}, "keep: nothing called 'emails' is redacted; nearest: e-mail"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused(rules: dict[str, Any], message: str):
    with pytest.raises(RuleError, match=message):
        Rules(**rules)


@pytest.mark.parametrize("name", ["e-mail", "X-API-Key", "password", "user", "cf-connecting-ip", "environment"])
def test_kinds_headers_and_fields_can_be_kept(name: str):
    assert Rules(keep=[name]).kept == {name.lower()}


def test_a_misspelt_option_is_a_tidy_type_error():
    with pytest.raises(TypeError, match="'header'"):
        Rules(header=["x"])  # type: ignore[call-arg]


def test_a_pattern_may_find_its_own_placeholder_again():
    ((compiled, placeholder),) = Rules(patterns=[Pattern(r"cust-\d+", "cust-0")]).compiled

    assert compiled.sub(placeholder, b"cust-17") == b"cust-0" == compiled.sub(placeholder, b"cust-0")
