"""Runs of base64: which are looked into, and which need it no more."""

from __future__ import annotations

import base64
import string
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.cassette.redact import runs
from windtunnel.cassette.redact.edits import Edit


def test_a_clean_run_is_looked_into_once():
    asked: list[bytes] = []

    def find(held: bytes) -> Sequence[Edit]:
        asked.append(held)
        return []

    text = b" ".join([base64.b64encode(b"a few readable words")] * 9)

    assert list(runs.edits(text, find, set())) == []
    assert asked == [b"a few readable words"]


def test_every_occurrence_of_a_run_that_is_not_clean_is_edited():
    def find(held: bytes) -> Sequence[Edit]:
        return [Edit(0, 1, b"X", "x")]

    run = base64.b64encode(b"a few readable words")

    found = list(runs.edits(run + b" " + run, find, set()))

    assert [edit.start for edit in found] == [0, len(run) + 1]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"plain words", True),
        ("日本語".encode(), True),
        (b"words with one \xff among many others", True),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff", False),
        ("日".encode("utf-16"), False),
    ],
)
def test_text_is_told_from_what_is_none(data: bytes, expected: bool):
    assert runs.is_text(data) is expected


def test_random_bytes_have_hardly_any_stretch_to_read():
    assert len(list(runs.stretches(Random(3).randbytes(200_000)))) < 9


readable = st.sampled_from([string.printable[:98], "\t\n\r", "~ \t"]).flatmap(
    lambda letters: st.text(letters, min_size=12)
)


@given(st.binary(max_size=6), readable, st.binary(max_size=6))
def test_whatever_can_be_read_is_held_to_be_readable(before: bytes, text: str, after: bytes):
    run = base64.b64encode(before + text.encode() + after).rstrip(b"=")
    asked: list[bytes] = []

    list(runs.edits(run, lambda held: asked.append(held) or [], set()))  # type: ignore[func-returns-value]

    assert any(text.encode()[:-2] in held for held in asked)
