"""Which of some hundred words stand in a text: asked of every body, and answered from memory for all that was seen before.

A conversation repeats its history in every request. So a text is taken in pieces, and what stands in a piece is kept.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

#: Texts shorter than this are looked through as they are, bytes: to take them to pieces would cost more.
_SHORT: Final = 1024
#: As it is to look for fewer words than this.
_FEW: Final = 8
_BIT: Final = 16384
#: How much of what was seen is remembered, in bytes; then it begins anew.
_MOST_BYTES: Final = 32 << 20
#: Where a line of a body is folded in a cassette, and the blank that was there. No word has either in it.
_FOLDS: Final = (b"\n        ", b"\n      ")

_TORN: Final = re.compile(rb"[\s\"]")
_NONE: Final[frozenset[bytes]] = frozenset()


class _Seen(NamedTuple):
    """What stands in a piece, and how many of the late words it was asked for."""

    words: frozenset[bytes]
    late: int


class Sieve:
    """Finds which words stand in a text: `exact` as they are; the names under `folded`, in lower case, in any case.

    A key of `folded` is what all its names have in common.
    """

    def __init__(self, exact: Collection[bytes], folded: Mapping[bytes, Collection[bytes]]) -> None:
        self._exact = tuple(filter(can_be_sieved, dict.fromkeys(exact)))
        self._folded = {common: tuple(filter(can_be_sieved, names)) for common, names in folded.items()}
        every = (*exact, *(name for names in folded.values() for name in names))
        self._unsure = frozenset(word for word in every if not can_be_sieved(word))
        self._few = len(self._exact) + len(self._folded)
        self._seen: dict[bytes, _Seen] = {}
        self._size = 0

    def present(self, text: bytes, late: tuple[bytes, ...] = ()) -> frozenset[bytes]:
        """Return the words that stand in `text`, or may.

        Those of `late`, too; it may be longer the next time, and all in it can be sieved.
        """
        if len(text) < _SHORT or self._few + len(late) < _FEW:
            found = self._found(text, text.lower())
            return self._unsure.union(found, (word for word in late if word in text))
        seen, pieces = self._seen, _pieces(text)
        self._see(seen, list(pieces.difference(seen)), late)
        _see_late(seen, [piece for piece in pieces if seen[piece].late < len(late)], late)
        return self._unsure.union(*{seen[piece].words for piece in pieces})

    def _see(self, seen: dict[bytes, _Seen], fresh: Sequence[bytes], late: tuple[bytes, ...]) -> None:
        words, size = b" ".join(_words(fresh)), sum(map(len, fresh))
        found = self._found(words, words.lower())
        found += [word for word in late if word in words]
        lowered = [word.lower() for word in found]
        for piece in fresh:
            there = frozenset(found) if len(piece) * 2 > size else _those_in(piece, found, lowered)
            seen[piece] = _Seen(there, len(late))
        self._size += size
        if self._size > _MOST_BYTES:
            self._seen, self._size = {}, 0

    def _found(self, text: bytes, lowered: bytes) -> list[bytes]:
        found = [word for word in self._exact if word in text]
        for common, names in self._folded.items():
            if common in lowered:
                found += [name for name in names if name in lowered]
        return found


@lru_cache(maxsize=1024)
def can_be_sieved(word: bytes) -> bool:
    """Say whether a word is never torn: white space and double quotes are where a text falls to pieces."""
    return _TORN.search(word) is None


def _pieces(text: bytes) -> set[bytes]:
    for fold in _FOLDS if b"\n" in text else ():
        text = text.replace(fold, b" ")
    return set(text.split(b'"'))


def _words(pieces: Sequence[bytes]) -> set[bytes]:
    """Return each word once: of prose, that is a tenth of it."""
    text = b" ".join(pieces)
    words: set[bytes] = set()
    start = 0
    # Bit by bit: the words of a long text take many times its memory.
    while start < len(text):
        end = text.find(b" ", start + _BIT)
        end = len(text) if end < 0 else end
        words.update(text[start:end].split(b" "))
        start = end
    return words


def _see_late(seen: dict[bytes, _Seen], pieces: Collection[bytes], late: tuple[bytes, ...]) -> None:
    if not pieces:
        return
    asked = min(seen[piece].late for piece in pieces)
    together = b'"'.join(pieces)
    found = [word for word in late[asked:] if word in together]
    for piece in pieces:
        seen[piece] = _Seen(seen[piece].words | {word for word in found if word in piece}, len(late))


def _those_in(piece: bytes, words: Sequence[bytes], lowered: Sequence[bytes]) -> frozenset[bytes]:
    if not words or not piece:
        return _NONE
    folded = piece.lower()
    # In any case: one word too many costs a search, two searches would cost that of every piece.
    return frozenset(word for word, low in zip(words, lowered, strict=True) if low in folded)
