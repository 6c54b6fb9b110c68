"""Text of two bytes a letter, as Windows writes it (UTF-16): between its letters stand bytes of zero."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from windtunnel.cassette.redact.edits import Edit

#: Twelve letters in a row, either byte first.
_STRETCH: Final = re.compile(rb"(?:[\t\n\r\x20-\x7e]\0){12,}+|(?:\0[\t\n\r\x20-\x7e]){12,}+")
#: Base64 of it has so many of the letter that stands for six bits of zero: at least one in four.
_LEAST_OF_A: Final = 5


def may_be(run: bytes) -> bool:
    """Say whether base64 may hold such text."""
    return run.count(b"A") * _LEAST_OF_A >= len(run)


def is_wide(plain: bytes) -> bool:
    """Say whether such text stands anywhere in bytes."""
    return plain.count(0) >= 12 and _STRETCH.search(plain) is not None


def stretches(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Find such text: where its first letter stands, and what it reads."""
    for found in _STRETCH.finditer(data) if data.count(0) >= 12 else ():
        first = found.start() + (data[found.start()] == 0)
        yield first, data[first : found.end() : 2]


def back(edits: Sequence[Edit], first: int) -> Iterator[Edit]:
    """Turn edits of what a stretch reads into those of its bytes; `first` is where its first letter stands."""
    for edit in edits:
        # From one letter to the byte before the next: the zeros between them go with it.
        end = first + 2 * edit.end - 1
        text = b"\0".join(edit.text[at : at + 1] for at in range(len(edit.text)))
        yield Edit(first + 2 * edit.start, end, text, edit.kind)
