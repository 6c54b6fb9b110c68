"""How many tokens images and PDFs are, about: their bytes say nothing, what they show does."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

#: An image is a token for each square of so many pixels, and no more than so many of them (wire.md 8.3; the larger number
#: is that of models from 4.7 on, and holds for all here: too high an estimate is the safer one).
_SQUARE: Final = 28
_MOST_FOR_IMAGE: Final = 4_784
#: One that cannot be looked into: of a usual size, as an older model sees it.
_UNSEEN_IMAGE: Final = 1_568
#: A page, the middle of the 1,500 to 3,000 tokens that the API's page on PDFs gave in 2026; and the bytes of one, where
#: its pages are packed away. Unverified.
_PAGE: Final = 2_250
_BYTES_A_PAGE: Final = 75_000
#: A request takes no more of them (wire.md 10).
_MOST_PAGES: Final = 600
#: Documents that are somewhere else: nobody knows. Our choice.
_UNSEEN_DOCUMENT: Final = 10 * _PAGE

_IS_PAGE: Final = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_HEAD_CHARACTERS: Final = 64


def tokens_of(block: Mapping[str, Any]) -> int | None:
    """Estimate an image or a document; None for what is neither, and for documents that are plain text."""
    source = block.get("source")
    if not isinstance(source, Mapping) or block.get("type") not in ("image", "document"):
        return None
    if block["type"] == "image":
        return _image(source)
    if source.get("type") in ("text", "content"):
        return None
    return _pages(str(source.get("data") or "")) * _PAGE if source.get("type") == "base64" else _UNSEEN_DOCUMENT


def _image(source: Mapping[str, Any]) -> int:
    size = _png(str(source.get("data") or "")[:_HEAD_CHARACTERS])
    if size is None:
        return _UNSEEN_IMAGE
    return min(math.prod(math.ceil(side / _SQUARE) for side in size), _MOST_FOR_IMAGE)


def _png(head: str) -> tuple[int, int] | None:
    """Read width and height off the beginning of a PNG in base64; None where it is none."""
    try:
        start = base64.b64decode(head)
    except (binascii.Error, ValueError):
        return None
    if start[:8] != b"\x89PNG\r\n\x1a\n" or len(start) < 24:
        return None
    return int.from_bytes(start[16:20], "big"), int.from_bytes(start[20:24], "big")


@lru_cache(maxsize=16)
def _pages(written: str) -> int:
    """Count the pages of a PDF in base64: those that show, or as many as its bytes are good for."""
    by_size = math.ceil(len(written) * 3 / 4 / _BYTES_A_PAGE)
    try:
        shown = len(_IS_PAGE.findall(base64.b64decode(written)))
    except (binascii.Error, ValueError):
        shown = 0
    return min(max(shown or by_size, 1), _MOST_PAGES)
