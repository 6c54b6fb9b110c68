"""Texts and bytes as YAML that keeps every byte, in the form that is easiest to read.

    literal      |2-   several lines, as they are
    folded       >2-   one long line, wrapped at single blanks
    quoted       "…"   what YAML would change or refuse in the other two: CR, NEL, BOM, control characters; in JSON's escapes
    binary    !!binary what is not UTF-8

YAML 1.1, which PyYAML reads, takes CR, NEL, LS and PS for line ends and makes LF of them; it skips a BOM at the beginning of a
line and refuses control characters. So none of them is ever written as it is.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Sequence
from typing import Final

#: Longest line, in characters, where it is ours to choose.
WIDTH: Final = 118
_BASE64_WIDTH: Final = 76
#: What stands for itself neither in a block nor between quotes; a tab does in a block.
_UNSAFE: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_UNESCAPED: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_FOLD: Final = re.compile(r"(?<![ \t]) (?![ \t])")
_WORD: Final = re.compile("[A-Za-z][A-Za-z0-9_-]*")
_URI: Final = re.compile("https?://[!-~]*[!-9;-~]")
#: Words that are no texts in YAML 1.1.
_TAKEN: Final = frozenset("y n yes no on off true false null".split())


class Unwritable(ValueError):
    """What no cassette can hold: half of a surrogate pair, which is no character, or a head that HTTP could not carry."""


def word(text: str) -> str:
    """Write a short text on one line, without quotes where it stands for itself: POST, x-api-key."""
    return text if _WORD.fullmatch(text) and text.lower() not in _TAKEN else quoted(text)


def uri(text: str) -> str:
    """Write an address on one line."""
    return text if _URI.fullmatch(text) else quoted(text)


def quoted(text: str) -> str:
    """Write a text between double quotes; every such text is JSON, too."""
    escaped = json.dumps(text, ensure_ascii=False)
    try:
        escaped.encode("utf-8")
    except UnicodeEncodeError:
        raise Unwritable(f"{text[:60]!r} holds half of a surrogate pair, which is no character") from None
    return _UNESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", escaped)


def is_plain(text: str) -> bool:
    """Say whether every character stands for itself in a block and in a comment, line feeds aside."""
    return _UNSAFE.search(text) is None


def body(value: str | bytes, indent: int) -> str:
    """Write a body behind its key and colon; `indent` is where the key stands, and lines of the body two behind it."""
    margin = " " * (indent + 2)
    if isinstance(value, bytes):
        return _block("!!binary |", list(_base64_lines(value)), margin)
    if not is_plain(value) or not value.strip("\n"):
        return _quoted_lines(value, margin)
    if _folds(value):
        return _block(">2-", list(_wrapped(value, WIDTH - len(margin))), margin)
    kept = value[len(value.rstrip("\n")) :]
    head = {0: "|2-", 1: "|2"}.get(len(kept), "|2+")
    return _block(head, value.removesuffix("\n").split("\n"), margin)


def _block(head: str, lines: Sequence[str], margin: str) -> str:
    # A line without anything on it gets no margin: editors and hooks take blanks at the end of a line away.
    return "".join([f" {head}\n", *(f"{margin}{line}\n" if line else "\n" for line in lines)])


def _base64_lines(value: bytes) -> Iterator[str]:
    text = base64.b64encode(value).decode("ascii")
    for place in range(0, len(text), _BASE64_WIDTH):
        yield text[place : place + _BASE64_WIDTH]


def _folds(text: str) -> bool:
    return len(text) > WIDTH and "\n" not in text and text[0] not in " \t" and text[-1] not in " \t"


def _wrapped(text: str, width: int) -> Iterator[str]:
    """Break at blanks that stand alone: YAML makes one blank of each such line end, and leaves everything else."""
    start = last = 0
    for found in _FOLD.finditer(text):
        if found.start() - start > width and last > start:
            yield text[start:last]
            start = last + 1
        last = found.start()
    if len(text) - start > width and last > start:
        yield text[start:last]
        start = last + 1
    yield text[start:]


def _quoted_lines(text: str, margin: str) -> str:
    """Write between double quotes, with a line for each line of the text where it is long."""
    if len(text) <= WIDTH:
        return f" {quoted(text)}\n"
    first, *more = _lines(text)
    inner = [quoted(first)[1:-1], *(_not_blank(quoted(line)[1:-1]) for line in more)]
    return ' "' + f"\\\n{margin}".join(inner) + '"\n'


def _lines(text: str) -> list[str]:
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return [line for line in lines if line]


def _not_blank(line: str) -> str:
    # YAML drops the blanks in front of a continued line.
    return f"\\u0020{line[1:]}" if line.startswith(" ") else line
