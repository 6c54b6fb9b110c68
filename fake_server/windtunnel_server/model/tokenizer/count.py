"""Counting the tokens of a text: its words one by one, each remembered, and the spaces between them."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from windtunnel_server.model.tokenizer.kinds import Kind
from windtunnel_server.model.tokenizer.marks import (
    BEGIN,
    END,
    MARKS,
    begins_at_space,
    is_opening_quote,
    spelt,
    spelt_plainly,
)
from windtunnel_server.model.tokenizer.runs import Run, runs
from windtunnel_server.model.tokenizer.text import level
from windtunnel_server.model.tokenizer.tiles import Tiles
from windtunnel_server.model.tokenizer.vocabularies import Vocabulary

#: Words and the white space between them, by turns.
_PARTS = re.compile("[^ \t\n\u3000]+|[ \t\n\u3000]+")
_GAPS = frozenset(" \t\n\u3000")
#: Words whose cost is remembered, and how long they may be.
_REMEMBERED = 1 << 15
_LONGEST_REMEMBERED = 40
#: Characters of different words up to which a text is counted to the token. One with more of them (a book, or bytes in
#: base64) is counted by its beginning.
_EXACT = 200_000


class Word(NamedTuple):
    """What stands between two gaps. One space is free between a word that closes and one that opens."""

    tokens: int
    opens: bool
    closes: bool


class Tokenizer:
    """Counts text in one vocabulary. Not for several threads at once without the GIL; its memory is bounded."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._tiles = _tiles("v3" if vocabulary == "v3" else "v4_7")
        self._old = vocabulary == "v3"
        #: A turn begins with the beginning of a word, until Opus 4.7.
        self._begun = vocabulary != "v4.8"
        # By what is on the left and on the right of a word: a space, or not.
        self._words: tuple[dict[str, Word], ...] = ({}, {}, {}, {})

    def count(self, text: str, *, opens: bool = True) -> int:
        """Count the tokens of a text that stands by itself in a turn, without what frames the turn.

        `opens` False: the text goes on where something else left off, so that no frame begins its first word.
        """
        begun = self._begun and opens
        whole = level(text, fold_quotes=self._old)
        body = whole.rstrip("\n")
        after = self._line_ends(len(whole) - len(body))
        # The frame's own beginning of a word is the one space before the text, unless something was dropped before it.
        if begun and text[:1] == " " == body[:1] and body[1:2] != " ":
            body = body[1:]
        parts = _PARTS.findall(body)
        if not parts:
            return after + begun
        if len(body) > _EXACT and sum(map(len, set(parts))) > _EXACT:
            return after + round(len(body) / _EXACT * self._walk(_PARTS.findall(body[:_EXACT]), begun))
        return after + self._walk(parts, begun)

    def _line_ends(self, number: int) -> int:
        """Count the line ends behind a text: they run together with the two of the frame, which have their token."""
        return self._tiles.cost("\n" * (number + 2)) - 1 if number else 0

    def _walk(self, parts: list[str], begun: bool) -> int:
        """Add up words and the gaps behind them."""
        cost, gap = self._tiles.cost, ""
        total = 0
        if parts[0][0] in _GAPS:
            gap = parts.pop(0)
            # A gap takes up the beginning of a word that the frame leaves open, if it begins with a space.
            total = cost(gap) + (begun and gap[0] != " ")
        if len(parts) % 2:
            parts.append("")
        words, (left, spaced, closed) = self._words, (gap[-1:] == " ", False, False)
        head = not gap
        for text, gap in zip(parts[::2], parts[1::2], strict=True):
            right = gap == " " or (gap[:1] == " " and gap[1] != " ")
            word = self._first(text, begun, right) if head else words[2 * left + right].get(text)
            tokens, opens, closes = word or self._word(text, left, right)
            # One space between two borders is no token: it is the border.
            total += tokens - 1 if spaced and closed and opens else tokens
            spaced, closed, head = gap == " ", closes, False
            if spaced:
                total += 1
                left = True
            elif gap:
                total += cost(gap)
                left = gap[-1] == " "
        return total

    def _word(self, text: str, left: bool, right: bool) -> Word:
        if text.isascii() and "'" not in text:
            word = self._weigh_plain(text, left, right)
        else:
            word = self._weigh(runs(text), left, right)
        known = self._words[2 * left + right]
        if len(text) <= _LONGEST_REMEMBERED:
            if len(known) >= _REMEMBERED:
                known.clear()
            known[text] = word
        return word

    def _first(self, text: str, begun: bool, right: bool) -> Word:
        """Weigh the first word of a text, with the frame's beginning of a word before it where it has none itself."""
        found = runs(text)
        before = ""
        if begun and is_opening_quote(found, 0):
            before = " "
        elif begun and not (found[0].kind in (Kind.WORD, Kind.STRAY) or begins_at_space(found[0])):
            before = BEGIN
        return self._weigh(found, begun, right, before)

    def _weigh_plain(self, text: str, left: bool, right: bool) -> Word:
        spelling = spelt_plainly(text, left=left, right=right, capitals=self._old)
        return Word(sum(map(self._tiles.cost, spelling)), spelling[0][0] in MARKS, spelling[-1][-1] == END)

    def _weigh(self, found: list[Run], left: bool, right: bool, before: str = "") -> Word:
        spelling = spelt(found, left=left, right=right, capitals=self._old)
        opens = spelling[0][0] in MARKS
        if len(spelling) == 1:
            return Word(self._tiles.cost(before + spelling[0]), opens, spelling[0][-1] == END)
        spelling[0] = before + spelling[0]
        # No piece goes over a mark, nor do digits share one with anything else: so each stretch can be covered alone.
        tokens, stretch, digits = 0, "", False
        for run, spelt_run in zip(found, spelling, strict=True):
            are_digits = run.kind is Kind.DIGITS
            if stretch and (spelt_run[0] in MARKS or stretch[-1] == END or are_digits or digits):
                tokens += self._tiles.cost(stretch)
                stretch = ""
            stretch, digits = stretch + spelt_run, are_digits
        return Word(tokens + self._tiles.cost(stretch), opens, spelling[-1][-1] == END)


@cache
def _tiles(name: str) -> Tiles:
    return Tiles(name)


@cache
def tokenizer(vocabulary: Vocabulary) -> Tokenizer:
    """Give the tokenizer of a vocabulary; the first call reads it (some 30 ms), later ones give the same one."""
    return Tokenizer(vocabulary)
