"""Content codings are read, in step with the instants at which their bytes came."""

from __future__ import annotations

import gzip
import sys
import zlib
from types import SimpleNamespace

import pytest

from windtunnel.cassette.interaction import Arrival
from windtunnel.cassette.redact import LeakError
from windtunnel.cassette.redact.codings import read

PLAIN = b'{"text": "hello, hello, hello"}'


def _raw_deflate(plain: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(plain) + packer.flush()


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(PLAIN, mtime=0)),
        ("GZIP ", gzip.compress(PLAIN[:9], mtime=0) + gzip.compress(PLAIN[9:], mtime=0)),
        ("deflate", zlib.compress(PLAIN)),
        ("deflate", _raw_deflate(PLAIN)),
        ("identity", PLAIN),
        ("gzip", PLAIN),
        ("br", PLAIN),
    ],
)
def test_a_coding_is_read_even_where_it_was_undone(coding: str, body: bytes):
    assert read(coding, body, ()) == (PLAIN, ())


def test_arrivals_count_what_could_be_read_by_then():
    packer = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
    first = packer.compress(b"one ") + packer.flush(zlib.Z_SYNC_FLUSH)
    second = packer.compress(b"and two") + packer.flush()
    arrivals = (Arrival(0.1, 10), Arrival(0.2, len(first) - 10), Arrival(0.3, len(second)))

    assert read("gzip", first + second, arrivals) == (b"one and two", (Arrival(0.2, 4), Arrival(0.3, 7)))


def test_a_cut_body_is_read_as_far_as_it_goes():
    plain, _ = read("gzip", gzip.compress(bytes(range(256)) * 9)[:200], ())

    assert plain and (bytes(range(256)) * 9).startswith(plain)


def test_a_foreign_coding_is_read_with_its_package(monkeypatch: pytest.MonkeyPatch):
    brotli = SimpleNamespace(Decompressor=lambda: SimpleNamespace(process=lambda piece: b"read " + piece[1:]))
    monkeypatch.setitem(sys.modules, "brotli", brotli)

    assert read("br", b"\xffx", ()) == (b"read x", ())


@pytest.mark.parametrize(
    ("coding", "body", "message"),
    [
        ("br", b"\xff\0", "without the package brotli or brotlicffi. Install it"),
        ("zstd", b"\x28\xb5\x2f\xfd", "without the package zstandard"),
        ("gzip, br", b"\xff\0", "'gzip, br' cannot be looked into"),
        ("gzip", b"\x1f\x8b\x08broken", "is broken, so nobody can tell"),
    ],
)
def test_what_cannot_be_read_fails_closed(coding: str, body: bytes, message: str, monkeypatch: pytest.MonkeyPatch):
    for module in ("brotli", "brotlicffi", "zstandard"):
        monkeypatch.setitem(sys.modules, module, None)

    with pytest.raises(LeakError, match=message):
        read(coding, body, ())
