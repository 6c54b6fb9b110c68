"""Content codings: what a compressed body says, and when each part of it could be read.

A body in which nothing is found stays compressed, byte for byte as it came. One that must change is kept as it reads,
without its coding: a reviewer can read it, any client takes it, and no two versions of a compressor can disagree on it.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, Final, Protocol

from windtunnel.cassette.interaction import Arrival
from windtunnel.cassette.redact.leak import LeakError


class _Reader(Protocol):
    def __call__(self, piece: bytes, /) -> bytes: ...


def read(coding: str, body: bytes, arrivals: tuple[Arrival, ...]) -> tuple[bytes, tuple[Arrival, ...]]:
    """Return a body without its coding, and its arrivals in bytes of that.

    A cut body is read as far as it goes. A body that is text although its coding says otherwise is taken as it is: other
    recorders keep the header and undo the coding. Raises LeakError where the coding cannot be read.
    """
    name = coding.strip().lower()
    if name in ("", "identity") or _is_plain(name, body):
        return body, arrivals
    reader = _reader(name, body)
    pieces, at = [], 0
    for size in [arrival.size for arrival in arrivals] or [len(body)]:
        pieces.append(_piece(name, reader, body[at : at + size]))
        at += size
    pieces.append(_piece(name, reader, body[at:]))
    sizes = [len(piece) for piece in pieces]
    if arrivals:
        sizes[len(arrivals) - 1] += sizes.pop()
    read = tuple(Arrival(arrival.at_s, size) for arrival, size in zip(arrivals, sizes, strict=False))
    return b"".join(pieces), tuple(arrival for arrival in read if arrival.size)


def _is_plain(name: str, body: bytes) -> bool:
    if name in ("gzip", "x-gzip"):
        return not body.startswith(b"\x1f\x8b")
    # Deflate and Brotli have no mark. What they write is no UTF-8 without NUL, but for a handful of bytes.
    try:
        return "\0" not in body.decode("utf-8")
    except UnicodeDecodeError:
        return False


def _piece(name: str, reader: _Reader, piece: bytes) -> bytes:
    try:
        return reader(piece) if piece else b""
    except Exception:
        raise LeakError(f"its content coding {name!r} is broken, so nobody can tell what it holds.") from None


def _reader(name: str, body: bytes) -> _Reader:
    if name in ("gzip", "x-gzip"):
        return _members()
    if name == "deflate":
        # Either with the header of zlib, as the standard says, or without, as much of the world does.
        return zlib.decompressobj(zlib.MAX_WBITS if _has_zlib_header(body) else -zlib.MAX_WBITS).decompress
    if name in _MODULES:
        return _foreign(name)
    raise LeakError(
        f"its content coding {name!r} cannot be looked into (gzip, deflate, br and zstd can). Record without it: send "
        "`accept-encoding: gzip`."
    )


def _members() -> _Reader:
    """Read gzip, one member after the other."""
    state = zlib.decompressobj(16 + zlib.MAX_WBITS)

    def reader(piece: bytes) -> bytes:
        nonlocal state
        out = b""
        while piece:
            if state.eof:
                state = zlib.decompressobj(16 + zlib.MAX_WBITS)
            out += state.decompress(piece)
            piece = state.unused_data
        return out

    return reader


def _has_zlib_header(body: bytes) -> bool:
    return len(body) >= 2 and body[0] & 0x0F == 8 and int.from_bytes(body[:2], "big") % 31 == 0


#: Packages that read a coding, and how a reader is made of each.
_MODULES: Final[dict[str, tuple[tuple[str, Callable[[Any], _Reader]], ...]]] = {
    "br": (
        ("brotli", lambda module: module.Decompressor().process),
        ("brotlicffi", lambda module: module.Decompressor().process),
    ),
    "zstd": (("zstandard", lambda module: module.ZstdDecompressor().decompressobj().decompress),),
}


def _foreign(name: str) -> _Reader:
    from importlib import import_module

    for module, reader in _MODULES[name]:
        try:
            return reader(import_module(module))
        except ImportError:
            continue
    wanted = " or ".join(module for module, _ in _MODULES[name])
    raise LeakError(
        f"its content coding {name!r} cannot be looked into without the package {wanted}. Install it, or record "
        "without that coding: send `accept-encoding: gzip`."
    )
