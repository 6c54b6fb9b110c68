"""Runs of one kind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.tokenizer.kinds import Kind
from windtunnel_server.model.tokenizer.runs import runs


@pytest.mark.parametrize(
    ("text", "bodies"),
    [
        ("it's", ["it", "'", "s"]),
        ("x1=y;", ["x", "1", "=", "y", ";"]),
        ("文？字", ["文", "？", "字"]),
        ("⚖\ufe0fa", ["⚖\ufe0f", "a"]),
        ("2½", ["2", "½"]),
        ("", []),
    ],
)
def test_a_text_is_cut_where_the_kind_changes(text: str, bodies: list[str]) -> None:
    assert [run.body for run in runs(text)] == bodies


def test_a_mark_behind_a_digit_opens_a_word() -> None:
    assert [run.kind for run in runs("1\u0345a")] == [Kind.DIGITS, Kind.STRAY, Kind.WORD]
    assert [run.kind for run in runs("a\u0345b")] == [Kind.WORD]


@given(st.text(st.characters(exclude_categories=["Zs", "Zl", "Zp", "Cc", "Cs"])))
def test_runs_are_the_whole_text(text: str) -> None:
    assert "".join(run.body for run in runs(text)) == text
