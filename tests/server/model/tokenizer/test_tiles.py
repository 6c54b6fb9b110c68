"""The vocabularies as files, and the least number of pieces."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.tokenizer.kinds import Kind, kind
from windtunnel_server.model.tokenizer.marks import BEGIN, CAPITAL, CAPITALS, END, MARKS
from windtunnel_server.model.tokenizer.tiles import _FOLDER, Tiles

NAMES = ("v3", "v4_7")
TILES = {name: Tiles(name) for name in NAMES}


def slow(tiles: Tiles, text: str) -> int:
    """Cover a text by trying every cut."""
    best = [0]
    for end in range(1, len(text) + 1):
        best.append(min(best[start] + whole(tiles, text[start:end]) for start in range(end)))
    return best[-1]


def whole(tiles: Tiles, text: str) -> int:
    if text in tiles._pieces:
        return 1
    return tiles.cost(text) if len(text) == 1 else 1_000


@given(st.text([*"abcdeist'.,1 éа漢\U0001f600", BEGIN, END, CAPITAL], max_size=12))
@pytest.mark.parametrize("name", NAMES)
def test_the_cost_is_that_of_the_best_cut(name: str, text: str) -> None:
    assert TILES[name].cost(text) == slow(TILES[name], text)


@pytest.mark.parametrize("name", NAMES)
def test_no_piece_goes_over_a_mark(name: str) -> None:
    """What the tokenizer relies on when it covers words one by one: marks are at the ends of pieces only."""
    for piece in TILES[name]._pieces:
        inside = piece.lstrip(CAPITAL + CAPITALS).removeprefix(BEGIN).removesuffix(END)
        assert not MARKS & set(inside), piece


@pytest.mark.parametrize("name", NAMES)
def test_digits_and_white_space_share_no_piece_with_anything_else(name: str) -> None:
    for piece in TILES[name]._pieces:
        body = [char for char in piece if char not in MARKS]
        blank = [char in " \t\n\u3000" for char in body]
        digits = [char.isascii() and kind(char) is Kind.DIGITS for char in body]
        assert len(set(blank)) <= 1 and len(set(digits)) <= 1, piece


@pytest.mark.parametrize("name", NAMES)
def test_the_file_has_one_piece_a_line_in_order(name: str) -> None:
    lines = (_FOLDER / f"{name}.txt").read_text(encoding="utf-8").split("\n")

    assert lines[-1] == ""
    assert all(line and not line.isspace() for line in lines[:-1])
    assert len(set(lines)) == len(lines) == len(TILES[name]._pieces) + 1
    assert lines[:-1] == sorted(lines[:-1])


def test_the_notice_names_licence_source_and_sizes() -> None:
    notice = (_FOLDER / "README.md").read_text(encoding="utf-8")

    assert "MIT License" in (_FOLDER / "LICENSE").read_text(encoding="utf-8")
    assert "ctok" in notice
    assert all(f"{len(tiles._pieces):,}" in notice for tiles in TILES.values())


@pytest.mark.parametrize(("char", "cost"), [("a", 1), ("日", 1), ("漢", 2), ("\U0001f600", 2), ("\U0001f9ee", 3)])
def test_a_character_costs_what_its_bytes_take(char: str, cost: int) -> None:
    assert TILES["v3"].cost(char) == cost
