"""Kinds of characters: which of them make a run, and which borders a run has.

The tables are ctok's, measured against count_tokens; where no rule of Unicode gives the result they list characters.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from unicodedata import category, combining

from windtunnel_server.model.tokenizer.alphabetic import ALPHABETIC_MARKS


class Kind(Enum):
    """What a run is made of."""

    WORD = "word"
    #: A combining mark with no letter before it: it opens a word.
    STRAY = "stray"
    DIGITS = "digits"
    SIGNS = "signs"
    #: Characters that stand alone: ideographs, emoji, and whatever else is not listed.
    ALONE = "alone"


#: Signs outside ASCII that run together with others; its likes stand alone.
_SIGNS = frozenset("—»«•°„–−£§€…√→（№└│።·─═█")
#: Symbols of the CJK block that have no borders, as its punctuation has none.
_BORDERLESS = frozenset("〄〒〓〠〶〷〾〿")
#: Runic golden, Roman and Bamum numbers and circled letters are spelt as words.
_WORDLIKE = ((0x16EE, 0x16F0), (0x2160, 0x2188), (0x24B6, 0x24E9), (0xA6E6, 0xA6EF))
#: Ideographs and Hangul, and the marks that repeat or close a run of ideographs.
_IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0xFAFF), (0x3031, 0x3035))
_REPEATS = frozenset("々〆〻〼")
#: Letters that are younger than the Unicode of some Pythons (16.0).
YOUNG_CAPITALS = {"\u1c89": "\u1c8a", "\ua7cb": "\u0264"}
YOUNG_LETTERS = frozenset(YOUNG_CAPITALS) | frozenset(YOUNG_CAPITALS.values())


def _within(code: int, ranges: tuple[tuple[int, int], ...]) -> bool:
    return any(first <= code <= last for first, last in ranges)


@cache
def kind(char: str) -> Kind:
    """Say which kind of run a character belongs to; white space is no part of any."""
    code, general = ord(char), category(char)
    if char in YOUNG_LETTERS or _within(code, _WORDLIKE):
        return Kind.WORD
    if general == "Nd" and (char.isascii() or 0x660 <= code <= 0x669 or 0x6F0 <= code <= 0x6F9):
        return Kind.DIGITS
    if char in _SIGNS or (char.isascii() and general[0] in "PS"):
        return Kind.SIGNS
    if general[0] == "M" or code in ALPHABETIC_MARKS:
        return Kind.WORD if code in ALPHABETIC_MARKS else Kind.ALONE
    return Kind.WORD if general[0] == "L" and not _is_ideograph(char) else Kind.ALONE


def _is_ideograph(char: str) -> bool:
    return ord(char) >= 0x10000 or char in _REPEATS or _within(ord(char), _IDEOGRAPHS)


def is_selector(char: str) -> bool:
    """Variation selectors ride on the character before them."""
    return "\ufe00" <= char <= "\ufe0f"


def is_separator(char: str) -> bool:
    """Marks that are not alphabetic stand outside of words."""
    code = ord(char)
    return code < 0x10000 and category(char)[0] == "M" and code not in ALPHABETIC_MARKS and not is_selector(char)


@cache
def is_stray(char: str) -> bool:
    """Tell whether a mark opens a word where no letter is before it; Syriac vowels are letters there."""
    if char == "\u0711" or "\u0730" <= char <= "\u073f":
        return False
    return combining(char) != 0 and not is_separator(char)


@cache
def is_bordered_sign(char: str) -> bool:
    """Tell whether a character that stands alone shows where it borders a space, as punctuation does."""
    code, general = ord(char), category(char)
    if code >= 0x10000:
        return False
    if is_separator(char):
        return True
    ideographic = 0x3001 <= code <= 0x303F and (general[0] == "P" or char in _BORDERLESS)
    return (general[0] in "PS" or general in ("Cf", "Cn")) and not ideographic


@cache
def is_bordered_digit(char: str) -> bool:
    """Tell whether a digit shows where it borders a space: those outside ASCII do, up to U+FFFF."""
    general = category(char)
    return ord(char) < 0x10000 and (general == "No" or (general == "Nd" and not char.isascii()))
