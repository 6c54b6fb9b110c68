"""Runs of base64, base32 and hex: what they hold is looked into, and what was found in them is written anew."""

from __future__ import annotations

import base64
import binascii
import re
import string
import zlib
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Final, TypeAlias

from windtunnel.cassette.redact import placeholders, wide
from windtunnel.cassette.redact.edits import Edit, apply

Find: TypeAlias = Callable[[bytes], Sequence[Edit]]

_WRAPPED: Final = re.compile(rb"(?:[A-Za-z0-9+/]{40,}(?:\\r)?(?:\\n|\r?\n)[ \t]*)+[A-Za-z0-9+/]+={0,2}")
_BREAK: Final = re.compile(rb"(?:\\r)?(?:\\n|\r?\n)[ \t]*")
_PRINTABLE: Final = bytes(range(0x20, 0x7F)) + b"\t\n\r"
_DIGITS: Final = string.digits.encode()
_BASE64: Final = string.ascii_letters.encode() + _DIGITS + b"+/_-"
_BASE32: Final = string.ascii_uppercase.encode() + b"234567"
_HEX: Final = _DIGITS + b"abcdefABCDEF"
#: Bytes in hex with something between them, as dumps and fingerprints are written.
_SPACED: Final = re.compile(rb"[0-9a-fA-F]{2}(?:([ :-])[0-9a-fA-F]{2})(?:\1[0-9a-fA-F]{2}){10,}+(?![0-9a-fA-F])")
_SPACED_MARKS: Final = b" ".join([b"xx"] * 12)
#: The least that is looked into, in characters: below, every other word would be.
_LEAST_BASE64: Final = 16
_LEAST_HEX: Final = 24
_LEAST_BASE32: Final = 20
_LEAST_WRAPPED: Final = 40
_LEAST_MARKED: Final = 64
#: What random bytes hardly ever have: so many readable characters in a row.
_LEAST_READABLE: Final = 12
_GZIP: Final = b"\x1f\x8b\x08"
_GZIP_BASE64: Final = base64.b64encode(_GZIP)
#: How data of zlib begins, at whatever speed it was made; and how that looks in base64, from the first four letters on.
_ZLIB: Final = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_ZLIB_BASE64: Final = re.compile(rb".{0,3}e(?:A[EFGH]|F[4567]|J[wxyz]|N[opqr])")
_MOST_BYTES: Final = 64 << 20
#: Runs up to this length are first held against an expression; for longer ones it would take more time than it saves.
_SHORT: Final = 512
_TO_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
_TO_URLSAFE: Final = bytes.maketrans(b"+/", b"-_")
#: Three groups in a row that stand for readable characters: so many are in every readable stretch of twelve, wherever it
#: begins. A readable byte has its highest bit clear, and one of the next two set unless it is a tab or a line end.
_MAYBE_READABLE: Final = re.compile(rb"(?:[CDI-Za-f][AC-HQS-Xgi-nwyz0-3][ABEFIJMNQRUVYZcdghklopstwx014589].){3}")


def edits(text: bytes, find: Find, clean: set[bytes]) -> Iterator[Edit]:
    """Find secrets in the runs of `text`; `find` is asked about what they hold.

    A run in `clean` is passed over: one without secrets is put there, a long one by its digest.
    """
    for start, end in _runs(text, _BASE64, _LEAST_BASE64):
        run = text[start:end]
        mark = _mark(run)
        if mark not in clean:
            padding = len(text[end : end + 2]) - len(text[end : end + 2].lstrip(b"="))
            found = _in_base64(run, start, padding, find)
            if found:
                yield found
            else:
                clean.add(mark)
        if end - start >= _LEAST_WRAPPED and _BREAK.match(text, end) and (wrapped := _WRAPPED.match(text, start)):
            yield from _in_wrapped(wrapped.group(), start, find)
    marked = text.translate(_marks(_HEX))
    for start, end in _marked(marked, _LEAST_HEX):
        # A run of hex is one of base64, too, and may hold something as the one and nothing as the other.
        run = text[start:end]
        mark = b"#" + _mark(run)
        if mark not in clean:
            found = _in_hex(run, start, find)
            if found:
                yield found
            else:
                clean.add(mark)
    yield from _in_spaced_hex(text, marked, find)
    for start, end in _runs(text, _BASE32, _LEAST_BASE32):
        yield from _in_base32(text[start:end], start, find)


def _mark(run: bytes) -> bytes:
    return run if len(run) <= _LEAST_MARKED else blake2b(run).digest()


def is_text(data: bytes) -> bool:
    """Say whether bytes are text: mostly printable ASCII, or UTF-8."""
    if len(data.translate(None, _PRINTABLE)) * 5 <= len(data):
        return True
    try:
        return "\0" not in data.decode("utf-8")
    except UnicodeDecodeError:
        return False


def stretches(data: bytes) -> Iterator[tuple[int, int]]:
    """Find where bytes that are no text can be read."""
    return _runs(data, _PRINTABLE, _LEAST_READABLE)


def _runs(text: bytes, letters: bytes, least: int) -> Iterator[tuple[int, int]]:
    """Find runs of at least so many `letters`; many times faster than a regular expression, which tries every start."""
    return _marked(text.translate(_marks(letters)), least)


def _marked(marked: bytes, least: int) -> Iterator[tuple[int, int]]:
    run = b"x" * least
    start = marked.find(run)
    while start >= 0:
        end = marked.find(b" ", start + least)
        end = len(marked) if end < 0 else end
        yield start, end
        start = marked.find(run, end)


@lru_cache(maxsize=8)
def _marks(letters: bytes) -> bytes:
    return bytes(0x78 if letter in letters else 0x20 for letter in range(256))


def _in_base64(run: bytes, start: int, padding: int, find: Find) -> Edit | None:
    standard = run.translate(_TO_STANDARD)
    if len(run) <= _SHORT and not _is_promising(standard):
        return None
    end = start + len(run) + padding
    for skipped in range(4):
        plain = _plain(standard[skipped:])
        if _is_packed(plain) and find(_inflated(plain)):
            return Edit(start + skipped, end, placeholders.REDACTED, "compressed")
        if _is_readable(plain) and (found := find(plain)):
            padded = bool(padding) or not (len(run) - skipped) % 4
            return Edit(start + skipped, end, _rewritten(run[skipped:], plain, found, padded=padded), found[0].kind)
    return None


def _is_promising(run: bytes) -> bool:
    return bool(_MAYBE_READABLE.search(run) or _GZIP_BASE64 in run or _ZLIB_BASE64.match(run)) or wide.may_be(run)


def _is_packed(plain: bytes) -> bool:
    return plain.startswith((_GZIP, *_ZLIB))


def _is_readable(plain: bytes) -> bool:
    return _READABLE in plain.translate(_marks(_PRINTABLE)) or wide.is_wide(plain)


_READABLE: Final = b"x" * _LEAST_READABLE


def _plain(run: bytes) -> bytes:
    """Read base64 without its padding; one letter too many is passed over."""
    over = len(run) % 4
    try:
        return binascii.a2b_base64(run[:-1] if over == 1 else run + b"=="[: -over % 4])
    except binascii.Error:
        return b""


def _inflated(packed: bytes) -> bytes:
    """Unpack as far as it goes, and no further than a body may be long."""
    try:
        return zlib.decompressobj(32 + zlib.MAX_WBITS).decompress(packed, _MOST_BYTES)
    except zlib.error:
        return b""


def _rewritten(run: bytes, plain: bytes, found: Sequence[Edit], *, padded: bool = True) -> bytes:
    new = base64.b64encode(apply(plain, found))
    new = new if padded else new.rstrip(b"=")
    return new.translate(_TO_URLSAFE) if b"-" in run or b"_" in run else new


def _in_hex(run: bytes, start: int, find: Find) -> Edit | None:
    for skipped in (0, 1):
        digits = run[skipped : len(run) - (len(run) - skipped) % 2]
        plain = bytes.fromhex(digits.decode())
        if _is_readable(plain) and (found := find(plain)):
            new = apply(plain, found).hex().encode()
            return Edit(start + skipped, start + skipped + len(digits), new, found[0].kind)
    return None


def _in_spaced_hex(text: bytes, marked: bytes, find: Find) -> Iterator[Edit]:
    at = marked.find(_SPACED_MARKS)
    while at >= 0:
        run = _SPACED.match(text, at)
        end = run.end() if run else at + 1
        if (
            run
            and _is_readable(plain := bytes.fromhex(run[0].replace(run[1], b"").decode()))
            and (found := find(plain))
        ):
            yield Edit(at, end, apply(plain, found).hex(run[1].decode()).encode(), found[0].kind)
        at = marked.find(_SPACED_MARKS, end)


def _in_base32(run: bytes, start: int, find: Find) -> Iterator[Edit]:
    for skipped in range(8):
        letters = run[skipped:]
        # One, three or six letters too many stand for nothing whole.
        letters = letters[: len(letters) - (0, 1, 0, 1, 0, 0, 1, 0)[len(letters) % 8]]
        plain = base64.b32decode(letters + b"=" * (-len(letters) % 8))
        if _is_readable(plain) and (found := find(plain)):
            new = base64.b32encode(apply(plain, found)).rstrip(b"=")
            yield Edit(start + skipped, start + skipped + len(letters), new, found[0].kind)
            return


def _in_wrapped(run: bytes, start: int, find: Find) -> Iterator[Edit]:
    joined = _BREAK.sub(b"", run).rstrip(b"=")
    plain = _plain(joined.translate(_TO_STANDARD))
    if _is_packed(plain) and find(_inflated(plain)):
        yield Edit(start, start + len(run), placeholders.REDACTED, "compressed")
    elif _is_readable(plain) and (found := find(plain)):
        yield Edit(start, start + len(run), _rewritten(joined, plain, found), found[0].kind)
