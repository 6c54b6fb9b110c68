from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.cassette.scalars import Unwritable, body, is_plain, quoted, uri, word


def text_or_bytes(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


@given(st.data())
def test_every_body_survives_yaml(any_bodies: Any, data: st.DataObject) -> None:
    value = text_or_bytes(data.draw(any_bodies))

    written = f"- body:{body(value, 2)}  end: 1\n- after\n"

    assert yaml.safe_load(written) == [{"body": value, "end": 1}, "after"]


@given(st.text(st.characters(codec="utf-8")))
def test_every_short_text_survives_yaml_on_its_line(text: str) -> None:
    written = f"{word(text)}: {uri(text)}\nlist: [{quoted(text)}, {quoted(text)}]\n"

    assert written.count("\n") == 2
    assert yaml.safe_load(written) == {text: text, "list": [text, text]}


@pytest.mark.parametrize("text", ["no", "Yes", "TRUE", "null", "~", "1", "1.5", "a b", "=", "<<", ""])
def test_a_word_that_yaml_takes_for_something_else_stands_in_quotes(text: str) -> None:
    assert word(text) == f'"{text}"'


def test_half_of_a_surrogate_pair_cannot_be_written() -> None:
    with pytest.raises(Unwritable, match="half of a surrogate pair"):
        quoted("\ud800")


@pytest.mark.parametrize(
    ("value", "style"),
    [
        ("event: ping\ndata: {}   }\n\n", "|2+"),
        ("{\n}", "|2-"),
        ("{\n}\n", "|2"),
        ("short", "|2-"),
        ("some words " * 20 + "end", ">2-"),
        ("some words " * 20, "|2-"),
        (" some words" * 20, "|2-"),
        ("x" * 500, ">2-"),
        ("", '""'),
        ("\n\n", '"\\n\\n"'),
        ("a\r\nb", '"a\\r\\nb"'),
        ("line\x85end", '"line\\u0085end"'),
        (b"\xff\xfe", "!!binary"),
    ],
)
def test_the_style_is_the_most_readable_one_that_keeps_the_bytes(value: str | bytes, style: str) -> None:
    assert body(value, 4).lstrip().startswith(style)


def test_a_long_line_is_wrapped_at_single_blanks() -> None:
    text = "one two  three " * 30 + "end"

    lines = body(text, 4).splitlines()[1:]

    assert len(lines) > 3
    assert max(map(len, lines)) <= 118
    assert not any(line.endswith(" ") for line in lines)
    assert " ".join(line.removeprefix("      ") for line in lines) == text


def test_a_long_text_with_crlf_gets_a_line_for_each_of_its_own() -> None:
    written = body("event: ping\r\n  data: {}\r\n\r\n" * 10, 4)

    assert written.count("\n") == 30
    assert "\n      \\u0020 data: {}\\r\\n\\\n" in written


def test_lines_without_anything_on_them_carry_no_blanks() -> None:
    assert body("a\n\nb\n", 4) == " |2\n      a\n\n      b\n"


def test_a_plain_text_has_nothing_that_yaml_changes() -> None:
    assert is_plain("tabs\tand\nlines, “quotes” and 😀")
    assert not any(map(is_plain, "\r\x00\x7f\x85\u2028\u2029\ufeff"))
