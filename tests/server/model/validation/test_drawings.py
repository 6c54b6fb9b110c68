"""The least pictures and PDFs."""

from __future__ import annotations

import base64
import struct
import zlib

from windtunnel_server.model.validation.drawings import pdf, png, written


def test_a_png_has_its_rows() -> None:
    drawn = png(10, 3)
    size = struct.unpack(">I", drawn[33:37])[0]

    assert zlib.decompress(drawn[41 : 41 + size]) == b"\0\xff\xff" * 3
    assert drawn.endswith(b"IEND\xaeB`\x82")


def test_a_pdf_names_its_pages() -> None:
    assert b"/Kids [3 0 R 4 0 R] /Count 2" in pdf(2)


def test_bytes_are_written_in_base64() -> None:
    assert base64.b64decode(written(b"\x89PNG")) == b"\x89PNG"
