"""Pictures, looked at without decoding."""

from __future__ import annotations

import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.model.pictures import Picture, look
from windtunnel_server.model.validation.drawings import png, written

_SIDES = st.integers(1, 2**14 - 1)


def jpeg(width: int, height: int, *, before: bytes = b"") -> bytes:
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + segment(0xE0, b"JFIF\0") + before + frame + b"\xff\xd9"


def segment(kind: int, body: bytes) -> bytes:
    return bytes((0xFF, kind)) + struct.pack(">H", 2 + len(body)) + body


def gif(width: int, height: int) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\0\0\0;"


def webp(kind: bytes, body: bytes) -> bytes:
    chunk = kind + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def lossy(width: int, height: int) -> bytes:
    return webp(b"VP8 ", b"\0\0\0\x9d\x01\x2a" + struct.pack("<HH", width, height) + b"\0" * 4)


def lossless(width: int, height: int) -> bytes:
    return webp(b"VP8L", b"\x2f" + struct.pack("<I", (width - 1) | (height - 1) << 14) + b"\0" * 8)


def extended(width: int, height: int) -> bytes:
    sides = struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3]
    return webp(b"VP8X", b"\0" * 4 + sides)


@pytest.mark.parametrize(
    ("draw", "media_type"),
    [
        (jpeg, "image/jpeg"),
        (gif, "image/gif"),
        (lossy, "image/webp"),
        (lossless, "image/webp"),
        (extended, "image/webp"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
@given(width=_SIDES, height=_SIDES)
def test_a_picture_tells_its_format_and_its_size(draw: object, media_type: str, width: int, height: int) -> None:
    assert callable(draw)

    assert look(written(draw(width, height))) == Picture(media_type, (width, height))


def test_a_png_tells_its_size() -> None:
    assert look(written(png(640, 3))) == Picture("image/png", (640, 3))


@pytest.mark.parametrize("before", [segment(0xE1, b"x" * 60_000), b"\xff\xff\xff", segment(0xC4, b"table")])
def test_the_frame_of_a_jpeg_is_found_behind_other_segments(before: bytes) -> None:
    # 0xFF filling counts before a marker: the frame's own 0xFF ends it.
    seen = look(written(jpeg(30, 40, before=before)))

    assert seen == Picture("image/jpeg", (30, 40))


@pytest.mark.parametrize(
    "data",
    [b"\x89PNG\r\n\x1a\n", png(1, 1)[:20], png(0, 5), b"\xff\xd8\xff", b"GIF89a", webp(b"VP8 ", b""), jpeg(0, 1)],
)
def test_a_picture_that_ends_too_soon_has_no_size(data: bytes) -> None:
    seen = look(written(data))

    assert seen is not None
    assert seen.media_type is not None
    assert seen.size is None


def test_what_is_no_picture_has_no_format_and_what_is_no_base64_is_not_seen() -> None:
    assert look(written(b"<html></html>")) == Picture(None, None)
    assert look("A") is None


def test_base64_in_lines_or_without_filling_is_read() -> None:
    data = png(7, 9)

    assert look(base64.encodebytes(data).decode()) == Picture("image/png", (7, 9))
    assert look(written(data).rstrip("=")) == Picture("image/png", (7, 9))


@given(
    st.binary(max_size=80), st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF89a", b"RIFF0000WEBP"])
)
def test_nothing_that_is_looked_at_breaks_it(tail: bytes, head: bytes) -> None:
    seen = look(written(head + tail))

    assert seen is not None
