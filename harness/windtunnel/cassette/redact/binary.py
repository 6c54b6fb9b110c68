"""Bodies that are no text: which may be kept though nothing can look into them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Final

from windtunnel.cassette.redact.leak import LeakError

#: Pictures, sound and documents hold what was drawn, spoken and typeset. As base64 in a message they are kept too.
_SEEN: Final = ("image/*", "audio/*", "video/*", "font/*", "application/pdf")
_TEXTUAL: Final = re.compile(
    r"text/.*|application/(?:.*[+]?json.*|.*[+]?xml|x-www-form-urlencoded|javascript|x-ndjson)"
)
_BOUNDARY: Final = re.compile(r"boundary=\"?([^\";,]+)\"?", re.IGNORECASE)
_PART_TYPE: Final = re.compile(rb"^content-type:[ \t]*([^\r\n]+)", re.IGNORECASE | re.MULTILINE)


def check(content_type: str, body: bytes, allowed: Sequence[str]) -> None:
    """Raise LeakError for a body that nothing can look into, unless its content type is one that is `allowed`."""
    for kind, part in _parts(content_type, body):
        name = kind.partition(";")[0].strip().lower()
        if _readable(name, part) or any(fnmatchcase(name, pattern.lower()) for pattern in (*_SEEN, *allowed)):
            continue
        raise LeakError(
            f"{len(part)} bytes of {name or 'no content type'} cannot be looked into for secrets. If they hold none, say so "
            f"in windtunnel.redact.yaml: `binary: [{name or 'application/octet-stream'}]`."
        )


def _parts(content_type: str, body: bytes) -> Iterator[tuple[str, bytes]]:
    found = _BOUNDARY.search(content_type) if content_type.lower().startswith("multipart/") else None
    if not found:
        yield content_type or "application/octet-stream", body
        return
    for part in body.split(b"--" + found[1].encode()):
        head, _, content = part.partition(b"\r\n\r\n")
        kind = _PART_TYPE.search(head)
        yield kind[1].decode("latin-1") if kind else "text/plain", content


def _readable(name: str, body: bytes) -> bool:
    if b"\0" in body:
        return False
    if _TEXTUAL.fullmatch(name):
        # Whatever its character set, what is ASCII in it can be read: the sets that differ write NUL.
        return True
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as broken:
        # The last character may be cut.
        return broken.start > len(body) - 4 and broken.start > 0
    return True
