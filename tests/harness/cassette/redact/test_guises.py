"""What a value looks like."""

from __future__ import annotations

import pytest

from windtunnel.cassette.redact.guises import is_blank, is_name, is_plain


@pytest.mark.parametrize(
    "value", ["YOUR_API_KEY", "your-key-12345", "${TOKEN}", "$PASS", "<password>", "changeme", "xxxxxxxx"]
)
def test_what_is_to_be_filled_in_is_blank(value: str):
    assert is_blank(value.encode())
    assert is_plain(value.encode())


@pytest.mark.parametrize(
    "value",
    [
        "postgres",
        "postgres15",
        "password1",
        "dark-mode",
        "us-east-1",
        "settings.api_key2",
        "12345678",
        "aaaaaaaaaa",
        "REDACTED",
        "пароль",
        "opaque-AAAA-123…",
    ],
)
def test_words_and_names_are_plain(value: str):
    assert is_plain(value.encode())
    assert is_name(value.encode())


@pytest.mark.parametrize(
    "value", ["opaque-0815-AA99", "abc12345", "Zq9Xw7Vt5Rb3", "hunter22222", "a" * 15 + "bcdefghij" * 2]
)
def test_what_no_text_has_by_chance_is_neither(value: str):
    assert not is_plain(value.encode())
    assert not is_name(value.encode())


@pytest.mark.parametrize("value", ["correct-horse-battery-staple", "CertificateIssuerPrivateKeyTypes"])
def test_many_words_are_no_accident_and_yet_may_be_a_name(value: str):
    assert not is_plain(value.encode())
    assert is_name(value.encode())
