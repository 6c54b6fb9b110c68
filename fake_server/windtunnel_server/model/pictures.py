"""What can be told of a picture without decoding it: its format, and its width and height in pixels.

Only the bytes that say so are taken out of the base64 (the headers of PNG, GIF and WebP, the segments of JPEG).
"""

from __future__ import annotations

import binascii
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

#: Pictures remembered; the oldest go first.
_REMEMBERED: Final = 4_096
#: Segments of a JPEG looked at before its size is given up.
_MOST_SEGMENTS: Final = 512
#: Frames of a JPEG: SOF0 to SOF15 but for DHT, JPG and DAC.
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ALONE: Final = frozenset((0x01, *range(0xD0, 0xD8)))
_HEAD_BYTES: Final = 30
_BLANKS: Final = string.whitespace.encode()
#: The alphabet and, as nobody says that they are refused, filling, the other alphabet and white space.
_BASE64: Final = (string.ascii_letters + string.digits + "+/=-_").encode() + _BLANKS


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as its first bytes tell it. `media_type` is None for a format the API does not take.

    `size`: width and height; None where they cannot be read.
    """

    media_type: str | None
    size: tuple[int, int] | None


#: Gives so many bytes from a place on; fewer at the end.
_Read = Callable[[int, int], bytes]

_known: dict[tuple[int, int], Picture | None] = {}


def look(base64: str) -> Picture | None:
    """Look at a picture in base64; None where that cannot be read. The same one is looked at once."""
    seen = len(base64), hash(base64)
    if seen not in _known:
        if len(_known) >= _REMEMBERED:
            _known.pop(next(iter(_known)), None)
        _known[seen] = _look(base64)
    return _known[seen]


def _look(base64: str) -> Picture | None:
    written = _bare(base64)
    if written is None:
        return None
    read = _reader(written)
    try:
        head = read(0, _HEAD_BYTES)
        for media_type, (is_one, measure) in _FORMATS.items():
            if is_one(head):
                return Picture(media_type, measure(head, read))
    except (binascii.Error, ValueError):
        return None
    return Picture(None, None)


def _bare(base64: str) -> bytes | None:
    """Leave out blanks and filling; None where other characters are left, or one that can be nothing by itself."""
    written = base64.encode("utf-8", "surrogatepass")
    if written.translate(None, _BASE64):
        return None
    bare = written.translate(None, b"=" + _BLANKS)
    return None if len(bare) % 4 == 1 else bare


def _reader(base64: bytes) -> _Read:
    """Read bytes out of base64: three of them are four characters."""

    def read(at: int, count: int) -> bytes:
        first = at // 3
        part = base64[4 * first : 4 * -(-(at + count) // 3)]
        return binascii.a2b_base64(part + b"=" * (-len(part) % 4))[at - 3 * first :][:count]

    return read


def _big(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _little(data: bytes) -> int:
    return int.from_bytes(data, "little")


def _sized(width: int, height: int) -> tuple[int, int] | None:
    return (width, height) if width and height else None


def _png(head: bytes, read: _Read) -> tuple[int, int] | None:
    return _sized(_big(head[16:20]), _big(head[20:24])) if head[12:16] == b"IHDR" and len(head) >= 24 else None


def _gif(head: bytes, read: _Read) -> tuple[int, int] | None:
    return _sized(_little(head[6:8]), _little(head[8:10]))


def _webp(head: bytes, read: _Read) -> tuple[int, int] | None:
    kind = head[12:16]
    if len(head) < _HEAD_BYTES:
        return None
    if kind == b"VP8X":
        return 1 + _little(head[24:27]), 1 + _little(head[27:30])
    if kind == b"VP8L":
        bits = _little(head[21:25])
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return _sized(_little(head[26:28]) & 0x3FFF, _little(head[28:30]) & 0x3FFF) if kind == b"VP8 " else None


def _jpeg(head: bytes, read: _Read) -> tuple[int, int] | None:
    """Step from segment to segment up to the frame: it names height and width."""
    at = 2
    for _ in range(_MOST_SEGMENTS):
        segment = read(at, 9)
        if len(segment) < 9 or segment[0] != 0xFF:
            return None
        if segment[1] in _FRAMES:
            return _sized(_big(segment[7:9]), _big(segment[5:7]))
        # 0xFF may be repeated as filling.
        at += 1 if segment[1] == 0xFF else 2 if segment[1] in _ALONE else 2 + _big(segment[2:4])
    return None


_FORMATS: Final[Mapping[str, tuple[Callable[[bytes], bool], Callable[[bytes, _Read], tuple[int, int] | None]]]] = {
    "image/png": (lambda head: head.startswith(b"\x89PNG\r\n\x1a\n"), _png),
    "image/jpeg": (lambda head: head.startswith(b"\xff\xd8\xff"), _jpeg),
    "image/gif": (lambda head: head.startswith((b"GIF87a", b"GIF89a")), _gif),
    "image/webp": (lambda head: head.startswith(b"RIFF") and head[8:12] == b"WEBP", _webp),
}
