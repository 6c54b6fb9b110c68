"""Spelling: borders and capitals as marks."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.tokenizer.marks import BEGIN, CAPITAL, CAPITALS, END, cased, spelt, spelt_plainly
from windtunnel_server.model.tokenizer.runs import runs

READABLE = str.maketrans({BEGIN: "<", END: ">", CAPITAL: "^", CAPITALS: "!"})


def spelling(text: str, *, left: bool = False, right: bool = False, capitals: bool = True) -> str:
    return "".join(spelt(runs(text), left=left, right=right, capitals=capitals)).translate(READABLE)


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("wind", "<wind"),
        ("Wind", "^<wind"),
        ("W", "^<w"),
        ("WIND", "!<wind"),
        ("WIN", "<WIN"),
        ("WiFi", "<WiFi"),
        ("Ärger", "^<ärger"),
        ("ÄRGER", "!<ärger"),
        ("ΣΑΣΑΣ", "!<σασασ"),
        ("GROẞ", "<GROẞ"),
        ("Dİa", "^<dİa"),
        ("İa", "<İa"),
        ("ヲBUTTヲ", "<ヲBUTTヲ"),
        ("ϴa", "<ϴa"),
    ],
)
def test_capitals_are_marks(word: str, written: str) -> None:
    assert cased(word, capitals=True).translate(READABLE) == written


def test_a_vocabulary_may_have_no_mark_for_words_in_capitals() -> None:
    assert spelling("WIND", capitals=False) == "<WIND>"


@pytest.mark.parametrize(
    ("text", "left", "right", "written"),
    [
        ("a,", False, True, "<a>,>"),
        ("a,", False, False, "<a>,"),
        ("(a", True, False, "<(<a>"),
        ("'a", True, False, "'<a>"),
        ("12", True, True, "12"),
        ("½", True, True, "<½>"),
        ("漢", True, True, "漢"),
        ("？", True, True, "<？>"),
    ],
)
def test_signs_show_the_spaces_beside_them(text: str, left: bool, right: bool, written: str) -> None:
    assert spelling(text, left=left, right=right) == written


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("it's", "<it>'s>"),
        ("x'S", "<x>'^<s>"),
        ("x'lls", "<x>'<lls>"),
        ("½'s", "½'<s>"),
        ("1's", "1's>"),
        ("'s", "'s>"),
    ],
)
def test_an_apostrophe_ties_an_ending_to_its_word(text: str, written: str) -> None:
    assert spelling(text) == written


def test_a_stray_mark_begins_the_word_behind_it() -> None:
    assert spelling("1\u0345abc") == "1<\u0345abc>"
    assert spelling("1\u0345") == "1<\u0345>"


@given(st.text("abIJ09.,-_{", min_size=1, max_size=12), st.booleans(), st.booleans(), st.booleans())
def test_plain_text_is_spelt_the_same_in_less_time(text: str, left: bool, right: bool, capitals: bool) -> None:
    found = spelt_plainly(text, left=left, right=right, capitals=capitals)

    assert found == spelt(runs(text), left=left, right=right, capitals=capitals)
