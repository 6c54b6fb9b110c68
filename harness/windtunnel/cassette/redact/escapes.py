r"""Text with its escapes read: those of JSON and of programs that hide a letter, those of addresses and forms, of HTML.

Every change of what was read has its place in what it was read from; escapes around it stay as they were written.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from windtunnel.cassette.redact.edits import Edit

#: Escapes of one byte each, and what gives away that a text has any.
_JSON: Final = (re.compile(rb"\\+(?:(?:u00|x)([0-7][0-9a-fA-F])|/)"), (rb"\u00", rb"\/", rb"\x"))
_PERCENT: Final = (re.compile(rb"%([0-9a-fA-F]{2})"), (b"%",))
_HTML: Final = (
    re.compile(
        rb"&(?:#[xX]0{0,4}([0-7][0-9a-fA-F])|#0{0,4}(?P<number>[1-9]\d|1[01]\d|12[0-7])|(?P<name>amp|lt|gt|quot|apos));"
    ),
    (b"&",),
)
_NAMED: Final = {b"amp": b"&", b"lt": b"<", b"gt": b">", b"quot": b'"', b"apos": b"'"}


@dataclass(frozen=True, slots=True)
class Unescaped:
    """Text with its escapes read. From `at[i]` on, both run in step, the original from `was_at[i]` on."""

    text: bytes
    at: list[int]
    was_at: list[int]

    def back(self, edits: Sequence[Edit]) -> Iterator[Edit]:
        """Turn edits of this text into those of the original."""
        for edit in edits:
            yield edit._replace(start=self._was(edit.start), end=self._was(edit.end))

    def _was(self, offset: int) -> int:
        near = bisect_right(self.at, offset) - 1
        return self.was_at[near] + offset - self.at[near]


def readings(text: bytes) -> Iterator[Unescaped]:
    """Read `text` in each way in which it has escapes."""
    yield from _unescaped(text, *_JSON)
    yield from _unescaped(text, *_PERCENT)
    yield from _unescaped(text, *_HTML)
    # In a form a plus is a blank, in an address it need not be.
    if b"+" in text:
        yield from _unescaped(text.replace(b"+", b" "), *_PERCENT)


def _unescaped(text: bytes, escape: re.Pattern[bytes], marks: Sequence[bytes]) -> Iterator[Unescaped]:
    found = list(escape.finditer(text)) if any(mark in text for mark in marks) else []
    if not found:
        return
    out: list[bytes] = []
    at, was_at, size, behind = [0], [0], 0, 0
    for match in found:
        plain = _plain(match)
        out += (text[behind : match.start()], plain)
        size += match.start() - behind + 1
        behind = match.end()
        # The escaped character itself starts where its escape did.
        at += (size - 1, size)
        was_at += (match.start(), behind)
    out.append(text[behind:])
    yield Unescaped(b"".join(out), at, was_at)


def _plain(escape: re.Match[bytes]) -> bytes:
    if escape[1]:
        return bytes.fromhex(escape[1].decode())
    said = escape.groupdict()
    return bytes([int(said["number"])]) if said.get("number") else _NAMED.get(said.get("name") or b"", b"/")
