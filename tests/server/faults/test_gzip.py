from __future__ import annotations

import zlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.faults.close_mid_stream import close_mid_stream
from windtunnel_server.faults.gzip import gzip
from windtunnel_server.faults.wrong_content_length import wrong_content_length
from windtunnel_server.plan import End, Head, Plan, Send
from windtunnel_server.script import ScriptError


def unpacked(data: bytes) -> bytes:
    return zlib.decompressobj(31).decompress(data)


@given(st.lists(st.binary(min_size=1), min_size=1), st.integers(0, 9))
def test_what_comes_out_is_what_went_in(pieces: list[bytes], level: int) -> None:
    calm = Plan((Head(200), *(Send(piece) for piece in pieces), End()))

    rough = gzip(calm, rng=Random(0), level=level)

    reader = zlib.decompressobj(31)
    assert reader.decompress(rough.body) == calm.body
    assert reader.eof
    assert reader.unused_data == b""


def test_every_event_can_be_read_as_soon_as_its_bytes_are_there(streamed: Plan, rng: Random) -> None:
    rough = gzip(streamed, rng=rng)

    reader = zlib.decompressobj(31)
    seen = [reader.decompress(step.data) for step in rough if isinstance(step, Send)]
    assert seen == [step.data for step in streamed if isinstance(step, Send)]
    assert rough.events == streamed.events


def test_the_header_stands_behind_vary(streamed: Plan, rng: Random) -> None:
    rough = gzip(streamed, rng=rng)

    assert rough.head is not None
    names = [name for name, _ in rough.head.headers]
    assert names[names.index("vary") + 1] == "Content-Encoding"
    assert rough.head.header("content-encoding") == "gzip"


def test_a_content_length_counts_the_compressed_bytes(unstreamed: Plan, rng: Random) -> None:
    rough = gzip(unstreamed, rng=rng)

    assert rough.head is not None
    assert rough.head.header("content-length") == str(len(rough.body))
    assert rough.body != unstreamed.body


def test_a_length_that_lies_goes_on_lying(unstreamed: Plan, rng: Random) -> None:
    rough = gzip(wrong_content_length(unstreamed, rng=rng, by=10), rng=rng)

    assert rough.head is not None
    assert rough.head.header("content-length") == str(len(rough.body) + 10)


def test_a_body_that_was_cut_has_no_trailer(streamed: Plan, rng: Random) -> None:
    cut = close_mid_stream(streamed, rng=rng)

    reader = zlib.decompressobj(31)
    assert reader.decompress(gzip(cut, rng=rng).body) == cut.body
    assert not reader.eof


def test_a_body_is_compressed_once(streamed: Plan, rng: Random) -> None:
    with pytest.raises(ScriptError, match="is gzip by now; lay gzip behind gzip"):
        gzip(gzip(streamed, rng=rng), rng=rng)
