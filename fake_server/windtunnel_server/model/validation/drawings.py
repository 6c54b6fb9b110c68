"""The least pictures and PDFs, for the examples of rules: enough to be looked at."""

from __future__ import annotations

import base64
import struct
import zlib


def png(width: int, height: int) -> bytes:
    """Write a white PNG."""
    rows = (b"\0" + b"\xff" * (-(-width // 8))) * height
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, body) for kind, body in chunks)


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def pdf(pages: int, *, locked: bool = False) -> bytes:
    """Write a PDF of empty pages, without the table of where its objects stand; `locked`: as one that is encrypted."""
    kids = " ".join(f"{number} 0 R" for number in range(3, 3 + pages))
    objects = [
        "1 0 obj <</Type /Catalog /Pages 2 0 R>> endobj",
        f"2 0 obj <</Type /Pages /Kids [{kids}] /Count {pages} /MediaBox [0 0 9 9]>> endobj",
        *(f"{number} 0 obj <</Type /Page /Parent 2 0 R>> endobj" for number in range(3, 3 + pages)),
    ]
    trailer = f"trailer <</Root 1 0 R{' /Encrypt 99 0 R' if locked else ''}>>"
    return "\n".join(["%PDF-1.4", *objects, trailer, "%%EOF"]).encode()


def written(data: bytes) -> str:
    """Write bytes in base64."""
    return base64.b64encode(data).decode()
