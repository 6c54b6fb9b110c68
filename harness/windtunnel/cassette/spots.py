"""Finds where each part of each interaction stands in a file of our own layout, without a YAML parser.

What is found is checked to be exactly our layout as it goes, so that YAML could read nothing else in it; anything that is not,
an edit by hand or another program's cassette, is declined as a whole, and left to the YAML parser (`document.py`).
"""

from __future__ import annotations

import codecs
import datetime as dt
import re
from dataclasses import dataclass
from typing import Final

from windtunnel.cassette import grammar

#: Bytes that never stand in our layout as they are, and characters (see `scalars.py`).
_CONTROLS = bytes({*range(0x20), 0x7F} - {0x09, 0x0A})
_NOT_CONTROLS = bytes(set(range(256)) - set(_CONTROLS))
_UNSAFE = re.compile("[\x80-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_PIECE_BYTES: Final = 1024
_OURS: Final = tuple(grammar.OURS)
#: Groups in the grammar: the first three are code, message and headers.
_CODE: Final = 1
_HEADERS: Final = 3
_FIRST_OF_OURS: Final = 4


@dataclass(frozen=True, slots=True)
class Span:
    """A body in the file: its style, the margin of its lines, and from where to where it goes, style included."""

    style: str
    margin: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an interaction stands, comments included, and its parts as the grammar found them."""

    start: int
    end: int
    request: re.Match[bytes]
    request_body: Span
    response: re.Match[bytes]
    response_body: Span


def find(raw: bytes) -> list[Spot] | None:
    """Find the interactions of a file; None where it is not exactly our layout."""
    if raw == grammar.EMPTY:
        return []
    if not raw.startswith(grammar.BEGINNING) or not raw.endswith(grammar.END) or not _is_plain(raw):
        return None
    spots, place, last = [], len(grammar.BEGINNING), len(raw) - len(grammar.END)
    while place < last:
        spot = _spot(raw, place)
        if spot is None:
            return None
        spots.append(spot)
        place = spot.end
    return spots if spots and place == last else None


def _is_plain(raw: bytes) -> bool:
    """Say whether the file is UTF-8, and every character stands for itself.

    Piece by piece: one dash in a file must not cost more for the rest, which is ASCII nearly everywhere.
    """
    if raw.translate(None, _NOT_CONTROLS):
        return False
    decode = codecs.getincrementaldecoder("utf-8")().decode
    try:
        for place in range(0, len(raw), _PIECE_BYTES):
            piece = raw[place : place + _PIECE_BYTES]
            text = decode(piece)
            if not piece.isascii() and _UNSAFE.search(text):
                return False
        decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _spot(raw: bytes, place: int) -> Spot | None:
    if (request := grammar.REQUEST.match(raw, place)) is None or not _differ(request[_HEADERS]):
        return None
    if (request_body := _span(raw, request.end(), grammar.REQUEST_MARGIN)) is None:
        return None
    if (response := grammar.RESPONSE.match(raw, request_body.end)) is None or not _adds_up(response):
        return None
    if (response_body := _span(raw, response.end(), grammar.RESPONSE_MARGIN)) is None:
        return None
    return Spot(place, response_body.end, request, request_body, response, response_body)


def ours(response: re.Match[bytes], key: str) -> bytes | None:
    """Return the value of one of our own keys as it is written; None where the key is not there."""
    return response[_FIRST_OF_OURS + _OURS.index(key)]


def _differ(headers: bytes | None) -> bool:
    """Say whether every name stands there once: YAML would keep the last of two."""
    names = grammar.NAMES.findall(headers or b"")
    return len(names) == len(set(names))


def _adds_up(response: re.Match[bytes]) -> bool:
    """Check what no grammar can: that days and hours exist, names once only, and a size for every instant."""
    if not _differ(response[_HEADERS]) or (response[_CODE] == b"0" and ours(response, "ended") in (None, b"complete")):
        return False
    recorded_at, expires, at_s, sizes = (ours(response, key) for key in ("recorded_at", "expires", "at_s", "sizes"))
    try:
        if recorded_at is not None:
            dt.datetime.fromisoformat(recorded_at.decode())
        if expires is not None:
            dt.date.fromisoformat(expires.decode())
    except ValueError:
        return False
    return (at_s or b"").count(b",") == (sizes or b"").count(b",") and (at_s is None) == (sizes is None)


def _span(raw: bytes, place: int, margin: int) -> Span | None:
    first = raw[place : place + 1]
    if first == b"|":
        return _literal(raw, place, margin)
    style, patterns = _STYLES.get(first, ("", {}))
    found = patterns[margin].match(raw, place) if style else None
    if found is None or (style == "binary" and not _is_base64(found[0])):
        return None
    return Span(style, margin, place, found.end())


def _is_base64(written: bytes) -> bool:
    return len(written.partition(b"\n")[2].translate(None, b" \n")) % 4 == 0


_STYLES: Final[dict[bytes, tuple[str, dict[int, re.Pattern[bytes]]]]] = {
    b'"': ("quoted", grammar.QUOTED_BODY),
    b">": ("folded", grammar.FOLDED_BODY),
    b"!": ("binary", grammar.BINARY_BODY),
}


def _literal(raw: bytes, place: int, margin: int) -> Span | None:
    head = grammar.LITERAL_HEAD.match(raw, place)
    if head is None:
        return None
    end = grammar.BLOCK_END[margin].search(raw, head.end() - 1)
    return None if end is None else Span("literal", margin, place, end.start() + 1)
