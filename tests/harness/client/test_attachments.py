"""Images and documents in tokens, by what they show."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest

from windtunnel.client.attachments import tokens_of


def image(data: bytes) -> dict[str, Any]:
    return {"type": "image", "source": {"type": "base64", "data": base64.b64encode(data).decode()}}


def pdf(data: bytes) -> dict[str, Any]:
    return {"type": "document", "source": {"type": "base64", "data": base64.b64encode(data).decode()}}


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\x08" * 1_000


@pytest.mark.parametrize(("width", "height", "tokens"), [(28, 28, 1), (200, 100, 8 * 4), (8_000, 8_000, 4_784)])
def test_an_image_is_as_large_as_its_squares(width: int, height: int, tokens: int) -> None:
    assert tokens_of(image(png(width, height))) == tokens


@pytest.mark.parametrize(
    "source", [{"type": "base64", "data": "AAAA"}, {"type": "base64", "data": "A"}, {"type": "url"}]
)
def test_an_image_that_cannot_be_looked_into_is_of_a_usual_size(source: dict[str, Any]) -> None:
    assert tokens_of({"type": "image", "source": source}) == 1_568


def test_a_document_has_the_pages_that_show() -> None:
    pages = b"%PDF-1.4 /Type /Pages " + b"<< /Type /Page >>" * 3

    assert tokens_of(pdf(pages)) == 3 * 2_250


@pytest.mark.parametrize(("size", "pages"), [(100, 1), (750_000, 10), (60_000_000, 600)])
def test_where_no_pages_show_its_bytes_tell_how_many_there_are_about(size: int, pages: int) -> None:
    assert tokens_of(pdf(bytes(size))) == pages * 2_250


@pytest.mark.parametrize(
    "block",
    [
        {"type": "text", "text": "Hi"},
        {"type": "document", "source": {"type": "text", "data": "Hi"}},
        {"type": "image"},
        {"type": "object", "properties": {"source": {}}},
    ],
)
def test_what_is_text_is_counted_as_text(block: dict[str, Any]) -> None:
    assert tokens_of(block) is None


def test_what_is_somewhere_else_is_a_guess() -> None:
    assert tokens_of({"type": "document", "source": {"type": "url", "url": "https://example.org/tides.pdf"}}) == 22_500
