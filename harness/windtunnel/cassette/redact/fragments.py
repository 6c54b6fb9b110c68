"""Secrets that a stream spells out piece by piece: "sk-ant-" in one event and the rest of the key in the next.

The pieces of one content block are put together, looked through as one text, and what was found is taken out of each
piece; the placeholder stands in the first.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from windtunnel.cassette.redact.edits import Edit

#: A line of server-sent events, or a payload of Bedrock's, that adds to a block; and which block that is.
_ADDS: Final = (b'"delta"', b'"completion"')
_BLOCK: Final = re.compile(rb"\"(?:index|contentBlockIndex)\"\s*:\s*(\d+)")
_TEXT: Final = re.compile(
    rb"\"(text|partial_json|thinking|input|completion|cited_text)\"\s*:\s*\"(?P<text>(?:[^\"\\]|\\.)*)\""
)


class Piece(NamedTuple):
    """Where a piece of a text stands: in which of the payloads, and from where to where."""

    payload: int
    start: int
    end: int


def edits(payloads: Sequence[bytes], find: Callable[[bytes], Sequence[Edit]]) -> list[list[Edit]]:
    """Find what the pieces in `payloads` spell out together; return the edits of each payload.

    What stands in a single piece is left to those who look at the payload itself.
    """
    out: list[list[Edit]] = [[] for _ in payloads]
    for pieces in _texts(payloads).values():
        text = b"".join(payloads[piece.payload][piece.start : piece.end] for piece in pieces)
        for edit in find(text) if len(pieces) > 1 else ():
            for payload, part in _parts(edit, pieces):
                out[payload].append(part)
    return out


def _texts(payloads: Sequence[bytes]) -> dict[tuple[bytes, bytes], list[Piece]]:
    texts: dict[tuple[bytes, bytes], list[Piece]] = {}
    for number, payload in enumerate(payloads):
        for line in _lines(payload):
            block = _BLOCK.search(payload, *line)
            for found in _TEXT.finditer(payload, *line):
                key = (block[1] if block else b"", found[1])
                texts.setdefault(key, []).append(Piece(number, *found.span("text")))
    return texts


def _lines(payload: bytes) -> Iterator[tuple[int, int]]:
    if not any(word in payload for word in _ADDS):
        return
    start = 0
    for line in payload.splitlines(keepends=True):
        if any(word in line for word in _ADDS):
            yield start, start + len(line)
        start += len(line)


def _parts(edit: Edit, pieces: Sequence[Piece]) -> Iterator[tuple[int, Edit]]:
    ends: list[int] = []
    for piece in pieces:
        ends.append((ends[-1] if ends else 0) + piece.end - piece.start)
    text = edit.text
    for number in range(bisect_right(ends, edit.start), len(pieces)):
        piece = pieces[number]
        by = piece.start - (ends[number - 1] if number else 0)
        start, end = max(edit.start + by, piece.start), min(edit.end + by, piece.end)
        if start >= end:
            return
        yield piece.payload, Edit(start, end, text, edit.kind)
        text = b""
