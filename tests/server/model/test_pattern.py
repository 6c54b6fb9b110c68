"""Texts for regular expressions."""

from __future__ import annotations

import re
from random import Random

import pytest

from windtunnel_server.model.pattern import text_for

PATTERNS = [
    r"^[a-z]{3}-\d+$",
    r"^(GET|POST)$",
    r"^#[0-9a-fA-F]{6}$",
    r"^[^\s@]+@[^\s@]+\.[^\s@]+$",
    r"^\+?[1-9]\d{1,14}$",
    r"\d{4}-\d{2}-\d{2}",
    r"^[a-zA-Z0-9_-]{1,64}$",
    r"^(?:[A-Z]{2}\s?)?\w*$",
    r"^.{5}$",
]


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("seed", range(5))
def test_the_text_matches(pattern: str, seed: int) -> None:
    text = text_for(pattern, Random(seed))

    assert text is not None and re.search(pattern, text)


def test_repeats_stretch_to_the_length_asked_for() -> None:
    text = text_for("^[a-z]+$", Random(1), min_length=30)

    assert text is not None and len(text) >= 30


@pytest.mark.parametrize("pattern", [r"^(?=.*\d)\w+$", r"^(a)\1$", r"[", r"^\p{L}+$"])
def test_a_pattern_beyond_it_gives_none(pattern: str) -> None:
    assert text_for(pattern, Random(1)) is None
