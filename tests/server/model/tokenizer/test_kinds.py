"""Kinds of characters."""

from __future__ import annotations

import pytest

from windtunnel_server.model.tokenizer.kinds import Kind, is_bordered_digit, is_bordered_sign, is_stray, kind


@pytest.mark.parametrize(
    ("chars", "expected"),
    [
        ("aZéΣжक\u093fーⅣⓐᛮ", Kind.WORD),
        ("09٣۴", Kind.DIGITS),
        ("!~$—»（█", Kind.SIGNS),
        ("漢한々😀½²２）♥\u0301\ufe0f\u094d", Kind.ALONE),
    ],
)
def test_characters_have_their_kind(chars: str, expected: Kind) -> None:
    kinds = {char: kind(char) for char in chars}

    assert kinds == dict.fromkeys(chars, expected)


def test_some_signs_that_stand_alone_have_borders() -> None:
    assert all(map(is_bordered_sign, "）♥？\u0301\u200d"))
    assert not any(map(is_bordered_sign, "。〒漢😀\ufe0f"))


def test_digits_outside_ascii_have_borders() -> None:
    assert all(map(is_bordered_digit, "½²２३"))
    assert not any(map(is_bordered_digit, "1\U0001d7d8"))


def test_alphabetic_marks_without_a_letter_are_stray_but_for_syriac_vowels() -> None:
    assert is_stray("\u0345")
    assert not is_stray("\u0730")
    assert not is_stray("a")
