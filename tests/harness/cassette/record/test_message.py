"""Messages are read the same however their bytes are split."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.cassette.record.message import Head, Message, read_head

BODIES = st.lists(st.binary(min_size=1, max_size=40), max_size=6)
HEAD = b"HTTP/1.1 200 OK\r\nX-a: b\r\n"


def read(message: Message, wire: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(wire), *(cut % (len(wire) + 1) for cut in cuts)})
    return [piece for start, end in itertools.pairwise(places) for piece in message.feed(wire[start:end])]


@given(BODIES, st.lists(st.integers(min_value=0), max_size=12), st.binary(max_size=5))
def test_a_chunked_answer_is_its_chunks_wherever_it_is_split(bodies, cuts, behind):
    wire = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    wire += b"".join(b"%X;a=b\r\n%b\r\n" % (len(body), body) for body in bodies) + b"0\r\nt: 1\r\n\r\n" + behind
    message = Message("response")

    pieces = read(message, wire, cuts)
    whole = Message("response")

    assert (b"".join(pieces), message.done) == (b"".join(bodies), True)
    assert message.rest + b"" == behind[: len(message.rest)]
    assert whole.feed(wire) == bodies and whole.rest == behind


@given(st.binary(max_size=99), st.lists(st.integers(min_value=0), max_size=12), st.binary(max_size=9))
def test_a_counted_request_ends_where_it_says(body, cuts, behind):
    wire = b"POST /x HTTP/1.1\r\ncontent-length: %d\r\n\r\n" % len(body) + body
    message = Message("request")

    pieces = read(message, wire, cuts)

    assert (b"".join(pieces), message.done, message.rest) == (body, True, b"")
    message = Message("request")
    assert (b"".join(message.feed(wire + behind)), message.rest) == (body, behind)


@pytest.mark.parametrize(
    ("method", "head"),
    [
        ("HEAD", HEAD + b"content-length: 5\r\n\r\n"),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", b"HTTP/1.1 304 Not Modified\r\ncontent-length: 5\r\n\r\n"),
        ("GET", HEAD + b"content-length: 0\r\n\r\n"),
    ],
)
def test_some_answers_have_no_body_whatever_they_say(method, head):
    message = Message("response", method=method)

    assert (message.feed(head + b"more"), message.done, message.rest) == ([], True, b"more")


def test_an_answer_of_no_length_is_whole_when_its_connection_ends():
    message = Message("response")
    message.feed(HEAD + b"\r\nall")

    assert not message.done
    assert message.close()


@pytest.mark.parametrize(
    "wire", [HEAD + b"content-length: 5\r\n\r\nall", HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\n"]
)
def test_an_answer_that_is_too_short_is_not_whole(wire):
    message = Message("response")
    message.feed(wire)

    assert not message.close()


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        (b"nonsense\r\n\r\n", "no first line"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "no status line"),
        (HEAD + b"no colon\r\n\r\n", "no header"),
        (HEAD + b"content-length: x\r\n\r\n", "no length"),
        (HEAD + b"content-length: -1\r\n\r\n", "no length"),
        (HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n", "no length"),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n1\r\nabc\r\n", "no end of a chunk"),
        (b"x" * 1_100_000, "a head of more than"),
    ],
)
def test_what_is_no_http_is_said_to_be_none(wire, why):
    message = Message("response")

    message.feed(wire)

    assert message.broken is not None and why in message.broken


def test_a_head_is_written_as_it_was_read():
    text = b"POST /a?b HTTP/1.1\r\nHost: x\r\nX-Empty: \r\nx-a: \xe4\r\n\r\n"

    head = read_head(text[:-4])

    assert head == Head(("POST", "/a?b", "HTTP/1.1"), (("Host", "x"), ("X-Empty", ""), ("x-a", "ä")))
    assert head.written() == text
