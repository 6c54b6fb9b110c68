"""Whole texts: the counts of ctok, to the token, and what must hold for any text."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.tokenizer import count
from windtunnel_server.model.tokenizer.count import Tokenizer, tokenizer
from windtunnel_server.model.tokenizer.vocabularies import Vocabulary

VOCABULARIES = get_args(Vocabulary)

#: Texts in many scripts, code, and random characters, with what ctok 1.3.0 counts, its frame taken off.
SAMPLE = [
    json.loads(line) for line in (Path(__file__).parent / "sample.jsonl").read_text(encoding="utf-8").splitlines()
]

texts = st.text(st.characters(), max_size=60) | st.text("aB1 '.\n\t—é漢\u0301", max_size=60)


@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_the_sample_is_counted_as_ctok_counts_it(vocabulary: Vocabulary) -> None:
    counts = tokenizer(vocabulary).count

    differ = [
        (row["text"], counts(row["text"]), row[vocabulary]) for row in SAMPLE if counts(row["text"]) != row[vocabulary]
    ]

    assert len(SAMPLE) > 700
    assert not differ


@given(text=texts)
@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_any_text_has_a_count_and_no_more_than_marks_and_bytes_allow(vocabulary: Vocabulary, text: str) -> None:
    counted = tokenizer(vocabulary).count(text)

    # At worst every character is a word of its own, with three marks and three bytes for each UTF-16 unit.
    assert 0 <= counted <= 7 * len(text) + 1


@given(text=texts)
def test_what_was_counted_before_changes_nothing(text: str) -> None:
    fresh = Tokenizer("v3")

    assert fresh.count(text) == fresh.count(text) == tokenizer("v3").count(text)


@given(before=st.text("aB1 '.é漢", max_size=20), after=st.text("aB1 '.é漢", max_size=20))
@pytest.mark.parametrize("vocabulary", VOCABULARIES)
def test_what_line_ends_part_is_counted_apart(vocabulary: Vocabulary, before: str, after: str) -> None:
    counts = tokenizer(vocabulary).count

    both = counts(f"a{before}z\n\n\nx{after}")

    assert both == counts(f"a{before}z\n\n\nx") + counts(f"z\n\n\nx{after}") - counts("z\n\n\nx")


@pytest.mark.parametrize(("text", "more"), [("15 times", 1), ("\n  {", 1), ("It blows", 0), ("", 1)])
def test_a_text_that_goes_on_has_no_beginning_of_a_frame(text: str, more: int) -> None:
    counts = tokenizer("v3").count

    assert counts(text) - counts(text, opens=False) == more


def test_a_space_at_the_head_is_the_frames_own_until_opus_4_7() -> None:
    assert tokenizer("v3").count(" a") == tokenizer("v3").count("a")
    assert tokenizer("v4.8").count(" a") == tokenizer("v4.8").count("a") + 1


def test_a_text_of_too_many_different_words_is_counted_by_its_beginning(monkeypatch: pytest.MonkeyPatch) -> None:
    text = " ".join(f"w{number}" for number in range(4_000))
    exact = Tokenizer("v3").count(text)

    monkeypatch.setattr(count, "_EXACT", 2_000)
    about = Tokenizer("v3").count(text)

    assert about != exact
    assert about == pytest.approx(exact, rel=0.1)


def test_a_long_text_of_few_words_is_counted_to_the_token(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "the wind blows\n" * 1_000
    line = tokenizer("v3").count("the wind blows\nthe") - tokenizer("v3").count("the")

    monkeypatch.setattr(count, "_EXACT", 2_000)

    assert Tokenizer("v3").count(text) == 1_000 * line - 1


def test_the_memory_of_words_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(count, "_REMEMBERED", 10)
    small = Tokenizer("v3")

    small.count(" ".join(f"w{number}" for number in range(100)))

    assert max(map(len, small._words)) <= 10


def test_nothing_is_read_before_the_first_count() -> None:
    code = (
        "import sys, windtunnel_server.model.tokens as tokens\n"
        "assert 'windtunnel_server.model.tokenizer.count' not in sys.modules\n"
        "tokens.count_input({'messages': [{'role': 'user', 'content': 'Hello'}]})\n"
        "assert 'windtunnel_server.model.tokenizer.count' in sys.modules\n"
    )

    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
