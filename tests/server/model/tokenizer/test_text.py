"""Levelling: what the models do not tell apart."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.tokenizer.marks import MARKS
from windtunnel_server.model.tokenizer.text import level


@pytest.mark.parametrize(
    ("text", "levelled"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("e\u0301", "é"),
        ("a\u00a0b\u2028c\0d", "a b c d"),
        ("a\u3000b", "a\u3000b"),
        ("a\x07\x1b\x85b", "ab"),
        ("a\ue000b", "ab"),
        ("\ud800", "\ufffd"),
        ("\u0e4d\u0e32", "\u0e33"),
        ("\u0e4d\ue000\u0e32", "\u0e4d\u0e32"),
    ],
)
def test_text_is_levelled(text: str, levelled: str) -> None:
    assert level(text, fold_quotes=True) == levelled


def test_curly_quotes_are_straightened_where_asked() -> None:
    assert level("“it’s”", fold_quotes=True) == '"it\'s"'
    assert level("“it’s”", fold_quotes=False) == "“it’s”"


@given(st.text(st.characters()), st.booleans())
def test_no_levelled_text_contains_a_mark_or_what_utf_8_cannot_hold(text: str, fold: bool) -> None:
    levelled = level(text, fold_quotes=fold)

    assert not MARKS & set(levelled)
    assert levelled.encode().decode() == levelled
