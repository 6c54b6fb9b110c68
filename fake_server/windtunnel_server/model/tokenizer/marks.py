"""Runs as the vocabulary spells them: words in small letters between marks, capitals as marks of their own.

The marks are control characters, which no levelled text contains.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from unicodedata import category

from windtunnel_server.model.tokenizer.kinds import (
    YOUNG_CAPITALS,
    YOUNG_LETTERS,
    Kind,
    is_bordered_digit,
    is_bordered_sign,
    is_selector,
)
from windtunnel_server.model.tokenizer.runs import Run

BEGIN, END, CAPITAL, CAPITALS = "\x01", "\x02", "\x03", "\x04"
MARKS = frozenset((BEGIN, END, CAPITAL, CAPITALS))

#: What an apostrophe ties to the word before it.
_CONTRACTED = frozenset(("s", "t", "d", "m", "ll", "re", "ve"))
#: Shorter words in capitals are spelt as they are.
_CAPITALS_FROM = 4


_PLAIN = re.compile("[A-Za-z]+|[0-9]+|[^A-Za-z0-9]+")


def spelt_plainly(text: str, *, left: bool, right: bool, capitals: bool) -> list[str]:
    """Do what `spelt` does for a text of ASCII without apostrophes, in less time: each run can be covered alone."""
    spelling = [_cased_ascii(body, capitals) + END if body.isalpha() else body for body in _PLAIN.findall(text)]
    if left and not text[0].isalnum():
        spelling[0] = BEGIN + spelling[0]
    if right and not text[-1].isalnum():
        spelling[-1] += END
    return spelling


def spelt(runs: Sequence[Run], *, left: bool, right: bool, capitals: bool) -> list[str]:
    """Spell each run; `left` and `right` say whether a space is there. `capitals`: the vocabulary has a mark for them."""
    last = len(runs) - 1
    return [
        _spelt(runs, place, left=left and place == 0, right=right and place == last, capitals=capitals)
        for place in range(len(runs))
    ]


def _spelt(runs: Sequence[Run], place: int, *, left: bool, right: bool, capitals: bool) -> str:
    kind, body = runs[place]
    if kind is Kind.WORD:
        return _word(runs, place, capitals)
    if kind is Kind.STRAY:
        return BEGIN + body + ("" if place + 1 < len(runs) and runs[place + 1].kind is Kind.WORD else END)
    begins = left and begins_at_space(runs[place]) and not is_opening_quote(runs, place)
    return f"{BEGIN if begins else ''}{body}{END if right and _ends_at_space(runs[place]) else ''}"


def _word(runs: Sequence[Run], place: int, capitals: bool) -> str:
    body = runs[place].body
    if place and runs[place - 1].kind is Kind.STRAY:
        # The mark before it has begun the word, and is its first letter.
        return body + END
    if _is_contracted(runs, place):
        return body + END
    return cased(body, capitals=capitals) + END


def _is_contracted(runs: Sequence[Run], place: int) -> bool:
    """An apostrophe is the border of an ending behind it, unless what is before the apostrophe has a border there."""
    if not place or runs[place].body not in _CONTRACTED or runs[place - 1].body != "'":
        return False
    before = runs[place - 2] if place > 1 else None
    return before is None or before.kind in (Kind.WORD, Kind.STRAY) or not _ends_at_space(before)


def is_opening_quote(runs: Sequence[Run], place: int) -> bool:
    """A lone apostrophe in front of a word takes no border with it."""
    return runs[place].body == "'" and place + 1 < len(runs) and runs[place + 1].kind in (Kind.WORD, Kind.STRAY)


def begins_at_space(run: Run) -> bool:
    """Tell whether a run that is no word shows a border to a space on its left."""
    if run.kind is Kind.SIGNS:
        return True
    first = run.body[0]
    return _is_sign(first) or (is_bordered_digit(first) and _is_number(run.body))


def _ends_at_space(run: Run) -> bool:
    if run.kind is Kind.SIGNS:
        return True
    last = run.body[-1]
    return _is_sign(last) or (is_bordered_digit(last) and _is_number(run.body))


def _is_sign(char: str) -> bool:
    return is_selector(char) or is_bordered_sign(char)


def _is_number(body: str) -> bool:
    general = category(body[0])
    return general in ("Nd", "No") and all(category(char) == general for char in body)


def cased(body: str, *, capitals: bool) -> str:
    """Write a word from its beginning: small with a mark for Capitalised and CAPITALS, as it is for any other mIx."""
    if body.isascii():
        return _cased_ascii(body, capitals)
    if "ẞ" in body:
        return BEGIN + body
    if "İ" in body:
        return _cased_dotted(body)
    if capitals and len(body) >= _CAPITALS_FROM and _is_all_capitals(body):
        # Whatever stands at the end of a word is a plain sigma here.
        return CAPITALS + BEGIN + _lower(body).replace("ς", "σ")
    if _is_upper(body[0]) and _lower(body[0]) != body[0] and not any(map(_is_upper, body[1:])):
        return CAPITAL + BEGIN + _lower(body)
    return BEGIN + body


def _cased_ascii(body: str, capitals: bool) -> str:
    if body.islower():
        return BEGIN + body
    if capitals and len(body) >= _CAPITALS_FROM and body.isupper():
        return CAPITALS + BEGIN + body.lower()
    if body[0].isupper() and (len(body) == 1 or body[1:].islower()):
        return CAPITAL + BEGIN + body.lower()
    return BEGIN + body


def _cased_dotted(body: str) -> str:
    """A capital dotted I is no letter for this, and stays as it is; at the head of a word it bars any mark."""
    if body[0] != "İ" and _is_upper(body[0]) and not any(_is_upper(char) for char in body[1:] if char != "İ"):
        return CAPITAL + BEGIN + "".join(char if char == "İ" else _lower(char) for char in body)
    return BEGIN + body


def _is_all_capitals(body: str) -> bool:
    cased_letters = [char for char in body if _is_upper(char) or _is_lower(char)]
    return bool(cased_letters) and all(map(_is_upper, cased_letters)) and not any(map(_has_no_small, body))


def _has_no_small(char: str) -> bool:
    if char not in YOUNG_LETTERS and category(char)[0] not in "LM":
        return False
    return not _is_lower(char) and not _is_upper(char)


def _is_upper(char: str) -> bool:
    """A capital is what has a small letter; ϴ is none to the models."""
    if char == "ϴ":
        return False
    return char in YOUNG_CAPITALS or (char.isupper() and char.lower() != char)


def _is_lower(char: str) -> bool:
    return char in YOUNG_CAPITALS.values() or char.islower()


def _lower(text: str) -> str:
    return "".join(char if char == "ϴ" else YOUNG_CAPITALS.get(char, char.lower()) for char in text)
