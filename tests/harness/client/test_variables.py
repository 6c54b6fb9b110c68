"""Variables are read as they were meant, and a slip of the pen is told before anything is sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.client.failures import ConfigurationError
from windtunnel.client.variables import address, custom_headers, said, secret, word

SECRET = "not-to-be-seen-4711"


def test_what_stands_around_a_value_is_no_part_of_it_and_blanks_are_none() -> None:
    env = {"ONE": "  ", "TWO": " value\r\n"}

    assert said(env, "NONE", "ONE", "TWO") == "value"
    assert said(env, "ONE") is None
    assert secret(env, "TWO") == "value"
    assert secret(env, "ONE") is None


@pytest.mark.parametrize("inside", ["\n", "\r\n", "\x00", "é", "\u2028", "\x7f"])
def test_a_secret_that_cannot_be_sent_is_named_and_not_shown(inside: str) -> None:
    with pytest.raises(ConfigurationError, match="A_KEY") as raised:
        secret({"A_KEY": f"{SECRET}{inside}{SECRET}"}, "A_KEY")

    assert SECRET not in str(raised.value)


@pytest.mark.parametrize(
    "url", ["http://localhost:8080", "https://me:pw@host.example/api?key=x", "http://[::1]:80/v1/"]
)
def test_an_address_is_taken_as_it_is(url: str) -> None:
    assert address({"A": f" {url}\n"}, "A") == url


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("localhost:8080", "https://"),
        ("host.example/api", "https://"),
        ("ftp://host.example", "https://"),
        ("https:/host.example", "https://"),
        ("http://", "no host"),
        ("http://:80", "no host"),
        ("http://h:abc", "cannot be read"),
        ("http://h:99999", "cannot be read"),
        ("http://[bad", "cannot be read"),
        ("http://ho st", "blank"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason_and_the_remedy(url: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match="ANTHROPIC_BASE_URL is no address") as raised:
        address({"ANTHROPIC_BASE_URL": url}, "ANTHROPIC_BASE_URL")

    assert why in str(raised.value)
    assert "like https://host.example:8443/path" in str(raised.value)


def test_an_address_that_is_refused_is_not_shown() -> None:
    with pytest.raises(ConfigurationError) as raised:
        address({"A": f"http://me:{SECRET}@h:abc"}, "A")

    assert SECRET not in str(raised.value)


@given(st.text(max_size=40))
def test_whatever_is_said_is_an_address_or_refused(text: str) -> None:
    try:
        taken = address({"A": text}, "A")
    except ConfigurationError:
        return
    assert taken is None or taken.startswith(("http://", "https://"))


def test_a_part_of_an_address_is_one_word() -> None:
    assert word({"A": " us-east-1\r"}, "A") == "us-east-1"
    assert word({"A": "", "B": "eu"}, "A", "B") == "eu"
    for wrong in ("us east", "a/b", "a?b", "-", "é"):
        with pytest.raises(ConfigurationError, match="A is"):
            word({"A": wrong}, "A")


def test_headers_are_read_line_by_line() -> None:
    assert custom_headers({"ANTHROPIC_CUSTOM_HEADERS": "One: 1\r\nTwo:2:3\n\n"}) == {"One": "1", "Two": "2:3"}
    assert custom_headers({}) == {}


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("no header", "line 2 is no header"),
        (f"Authorization {SECRET}", "line 2"),
        (": 1", "line 2"),
        ("A b: 1", "line 2"),
        (f"Authorization: {SECRET}\x07", "Authorization has a character"),
        (f"Authorization: {SECRET}é", "Authorization has a character"),
    ],
)
def test_a_line_that_is_no_header_is_told_and_not_shown(line: str, why: str) -> None:
    with pytest.raises(ConfigurationError, match=why) as raised:
        custom_headers({"ANTHROPIC_CUSTOM_HEADERS": f"One: 1\n{line}"})

    assert "ANTHROPIC_CUSTOM_HEADERS" in str(raised.value)
    assert SECRET not in str(raised.value)
