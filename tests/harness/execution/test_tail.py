"""The end of an output, and its last line."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.execution.tail import Relay, Tail


@given(st.lists(st.binary(max_size=30)), st.integers(1, 40))
def test_it_is_the_end_of_all_that_was_added(pieces, max_bytes):
    tail = Tail(max_bytes)

    for piece in pieces:
        tail.add(piece)

    whole = b"".join(pieces)
    assert tail.end == whole[-max_bytes:]
    assert tail.seen == len(whole)


@pytest.mark.parametrize(
    ("output", "last"),
    [
        (b"", None),
        (b"\n \n", None),
        (b"one", "one"),
        (b"one\ntwo\n", "two"),
        (b"one\r\n{}\r\n\r\n", "{}"),
        ("caf\u00e9\n".encode(), "café"),
        (b"\xff\n", "\ufffd"),
        (b"a very long first line", None),
        (b"a very long first line\nshort", "short"),
    ],
)
def test_the_last_line_is_whole_or_none(output, last):
    tail = Tail(16)

    tail.add(output)

    assert tail.last_line == last


def test_a_reader_that_goes_away_is_told_on_by_closing_our_end():
    (source, into), (ours, onward) = os.pipe(), os.pipe()
    os.close(ours)
    relay = Relay(source, onward, 100)
    relay.start()

    os.write(into, b"hello")
    relay.join(10)

    with pytest.raises(BrokenPipeError):
        os.write(into, b"again")
    os.close(into)
    os.close(onward)
