"""Bytes within bytes: escapes (`escapes.py`), base64, base32 and hex (`runs.py`), two bytes a letter (`wide.py`), in whatever order they lie in each other.

Each layer knows the way back: an edit of what was read becomes an edit of what it was read from. Placeholders are made
of characters that no encoding touches.
"""

from __future__ import annotations

from typing import Final

from windtunnel.cassette.redact import escapes, runs, wide
from windtunnel.cassette.redact.edits import Edit, merged

#: How deep runs lie within each other, at most, and escapes within escapes: an address in a form in JSON has three.
_RUNS: Final = 4
_ESCAPES: Final = 3

#: How many runs are remembered.
_MOST_CLEAN: Final = 100_000


class Clean:
    """Runs that hold no secret, by depth: one that held nothing deep down may hold something nearer the surface."""

    def __init__(self, known: int = 0) -> None:
        #: So many values were known when these runs held none of them.
        self._known = known
        self._runs: tuple[set[bytes], ...] = tuple(set() for _ in range(_RUNS))
        #: Short texts that hold none at all: headers are the same in every interaction.
        self.texts: set[bytes] = set()

    def __getitem__(self, depth: int) -> set[bytes]:
        return self._runs[depth]

    def grown(self, known: int) -> Clean:
        """Return what is clean where so many values are known: nothing, if they have become more."""
        is_full = sum(map(len, self._runs)) + len(self.texts) > _MOST_CLEAN
        return Clean(known) if known != self._known or is_full else self


def everywhere(text: bytes, find: runs.Find, clean: Clean | None = None) -> list[Edit]:
    """Find secrets in `text` and in whatever it holds; `find` is asked about each layer.

    Of bytes that are no text only the readable stretches are looked at. `clean` remembers what a text without secrets
    holds, for the next one: it is good for as long as `find` finds the same.
    """
    return _within(text, find, _RUNS, clean or Clean())


def _within(text: bytes, find: runs.Find, depth: int, clean: Clean) -> list[Edit]:
    if runs.is_text(text):
        return _layers(text, find, depth, _ESCAPES, clean)
    parts = ((start, text[start:end]) for start, end in runs.stretches(text))
    found = [edit.moved(start) for start, part in parts for edit in _layers(part, find, depth, _ESCAPES, clean)]
    for first, read in wide.stretches(text):
        found += wide.back(_layers(read, find, depth, _ESCAPES, clean), first)
    return merged(found, text)


def _layers(text: bytes, find: runs.Find, depth: int, escapes_left: int, clean: Clean) -> list[Edit]:
    found = list(find(text))
    if depth:
        found += runs.edits(text, lambda held: _within(held, find, depth - 1, clean), clean[depth - 1])
    if escapes_left:
        for reading in escapes.readings(text):
            found += reading.back(_layers(reading.text, find, depth, escapes_left - 1, clean))
    return merged(found, text)
