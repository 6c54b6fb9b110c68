from __future__ import annotations

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.wire import sse

AWKWARD = "\ufeff: a comment\r\nevent: one\r\ndata: 1\rdata:  2é\r\n\r\nid: 7\nretry: 5\ndata\n\nevent: lost\n\ndata: →3\r\rdata".encode()


def test_an_event_is_compact_json_with_its_padding_before_the_last_brace() -> None:
    data = sse.encode("content_block_stop", {"type": "content_block_stop", "index": 0}, pad=3)

    assert data == b'event: content_block_stop\ndata: {"type":"content_block_stop","index":0   }\n\n'


def test_a_ping_is_the_one_literal_that_was_recorded() -> None:
    assert sse.PING == b'event: ping\ndata: {"type": "ping"}\n\n'


def test_all_line_ends_comments_and_several_data_lines_are_understood() -> None:
    assert sse.decode(AWKWARD) == [("one", "1\n 2é"), ("message", ""), ("message", "→3")]


@given(st.lists(st.integers(0, len(AWKWARD)), max_size=12))
def test_any_split_of_the_bytes_gives_the_same_events(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(AWKWARD)]
    decoder = sse.Decoder()

    events = [event for a, b in pairwise(edges) for event in decoder.feed(AWKWARD[a:b])]

    assert events == sse.decode(AWKWARD)


def test_byte_by_byte_gives_the_same_events() -> None:
    decoder = sse.Decoder()

    events = [event for byte in AWKWARD for event in decoder.feed(bytes([byte]))]

    assert events == sse.decode(AWKWARD)


@given(st.dictionaries(st.text(), st.text(), min_size=1), st.integers(0, 15))
def test_what_was_written_is_read_back(payload: dict[str, str], pad: int) -> None:
    ((name, data),) = sse.decode(sse.encode("x", payload, pad=pad))

    assert name == "x"
    assert json.loads(data) == payload


@pytest.mark.parametrize(
    ("data", "unfinished"), [(b"", False), (b"data: 1", True), (b"data: 1\n", True), (b"data: 1\n\n", False)]
)
def test_a_cut_event_is_held_and_never_handed_on(data: bytes, unfinished: bool) -> None:
    decoder = sse.Decoder()

    events = decoder.feed(data)

    assert decoder.unfinished is unfinished
    assert bool(events) is data.endswith(b"\n\n")


def test_bytes_that_are_no_utf8_become_the_replacement_character() -> None:
    assert sse.decode(b"data: \xff\n\n") == [("message", "�")]
