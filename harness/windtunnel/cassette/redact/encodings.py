"""Bytes within bytes: escapes (`escapes.py`), base64 and hex (`runs.py`), in whatever order they lie in each other.

Each layer knows the way back: an edit of what was read becomes an edit of what it was read from. Placeholders are made
of characters that no encoding touches.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from windtunnel.cassette.redact import escapes, runs
from windtunnel.cassette.redact.edits import Edit, merged

#: How deep runs lie within each other, at most, and escapes within escapes: an address in a form in JSON has three.
_RUNS: Final = 4
_ESCAPES: Final = 3

#: Runs that hold no secret, by depth: one that held nothing deep down may hold something nearer the surface.
_Clean: TypeAlias = tuple[set[bytes], ...]


def everywhere(text: bytes, find: runs.Find) -> list[Edit]:
    """Find secrets in `text` and in whatever it holds; `find` is asked about each layer.

    Of bytes that are no text only the readable stretches are looked at.
    """
    return _within(text, find, _RUNS, tuple(set() for _ in range(_RUNS)))


def _within(text: bytes, find: runs.Find, depth: int, clean: _Clean) -> list[Edit]:
    if runs.is_text(text):
        return _layers(text, find, depth, _ESCAPES, clean)
    parts = ((start, text[start:end]) for start, end in runs.stretches(text))
    return [edit.moved(start) for start, part in parts for edit in _layers(part, find, depth, _ESCAPES, clean)]


def _layers(text: bytes, find: runs.Find, depth: int, escapes_left: int, clean: _Clean) -> list[Edit]:
    found = list(find(text))
    if depth:
        found += runs.edits(text, lambda held: _within(held, find, depth - 1, clean), clean[depth - 1])
    if escapes_left:
        for reading in escapes.readings(text):
            found += reading.back(_layers(reading.text, find, depth, escapes_left - 1, clean))
    return merged(found, text)
