"""What can be told of a PDF without parsing it: whether it is one, is encrypted, and how many pages it has at least."""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass
from typing import Final

#: Documents remembered; the oldest go first.
_REMEMBERED: Final = 1_024
#: Readers look for the header within so many bytes (ISO 32000-1, implementation note 13).
_HEADER_WITHIN: Final = 1_024
_ENCRYPTED: Final = re.compile(rb"/Encrypt\s*(?:\d+\s+\d+\s+R|<<)")
_PAGE: Final = re.compile(rb"/Type\s*/Page(?![A-Za-z])")
_COUNT: Final = re.compile(rb"/Count\s+(\d{1,7})")


@dataclass(frozen=True, slots=True)
class Pdf:
    """A document as its bytes tell it.

    `pages` is a lower bound: what is kept in compressed streams does not show, and counts as nothing.
    """

    is_pdf: bool
    is_encrypted: bool = False
    pages: int = 0


_known: dict[tuple[int, int], Pdf | None] = {}


def look(base64: str) -> Pdf | None:
    """Look at a document in base64; None where that cannot be read. The same one is looked at once."""
    seen = len(base64), hash(base64)
    if seen not in _known:
        if len(_known) >= _REMEMBERED:
            _known.pop(next(iter(_known)), None)
        _known[seen] = _look(base64)
    return _known[seen]


def _look(base64: str) -> Pdf | None:
    try:
        body = binascii.a2b_base64(base64.rstrip("=") + "=" * (-len(base64.rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        return None
    if b"%PDF-" not in body[:_HEADER_WITHIN]:
        return Pdf(is_pdf=False)
    return Pdf(True, _ENCRYPTED.search(body) is not None, _pages(body))


def _pages(body: bytes) -> int:
    """Take the less of the pages that are there and those that are counted: a changed file has old ones too."""
    counted = max(map(int, _COUNT.findall(body)), default=0)
    return min(counted, len(_PAGE.findall(body)))
