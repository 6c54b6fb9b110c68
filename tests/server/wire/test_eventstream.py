from __future__ import annotations

import base64
import json
import zlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel_server.wire import eventstream
from windtunnel_server.wire.eventstream import Decoder, Frame, FrameError

TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)
NAMES = st.text(st.characters(codec="ascii"), min_size=1, max_size=40)
FRAMES = st.builds(Frame, st.lists(st.tuples(NAMES, TEXTS), max_size=4).map(tuple), st.binary(max_size=200))


@given(st.lists(FRAMES, max_size=5), st.data())
def test_frames_come_back_however_their_bytes_are_cut(frames: list[Frame], data: st.DataObject) -> None:
    body = b"".join(frame.encode() for frame in frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=8)))

    decoder, read = Decoder(), []
    for start, end in zip([0, *cuts], [*cuts, len(body)], strict=True):
        read += decoder.feed(body[start:end])

    assert read == frames
    assert not decoder.unfinished


@given(FRAMES.filter(lambda frame: len({name for name, _ in frame.headers}) == len(frame.headers)))
def test_botocore_reads_the_same(frame: Frame) -> None:
    buffer = pytest.importorskip("botocore.eventstream", reason="botocore is not installed").EventStreamBuffer()

    buffer.add_data(frame.encode())

    (read,) = list(buffer)
    assert (read.headers, read.payload) == (dict(frame.headers), frame.payload)


@given(st.integers(min_value=0), st.integers(0, 7))
def test_any_flipped_bit_is_seen(place: int, bit: int) -> None:
    whole = bytearray(eventstream.event("chunk", {"bytes": "aGVsbG8="}).encode())
    whole[place % len(whole)] ^= 1 << bit

    with pytest.raises(FrameError):
        eventstream.decode(bytes(whole))


def test_a_frame_that_is_cut_is_held_back() -> None:
    decoder, whole = Decoder(), eventstream.event("messageStart", {"role": "assistant"}).encode()

    assert decoder.feed(whole[:-1]) == []
    assert decoder.unfinished


def test_the_bytes_are_laid_out_as_the_format_says() -> None:
    whole = Frame(((":message-type", "event"),), b"{}").encode()

    assert int.from_bytes(whole[:4], "big") == len(whole)
    assert int.from_bytes(whole[4:8], "big") == 1 + 13 + 1 + 2 + 5
    assert int.from_bytes(whole[8:12], "big") == zlib.crc32(whole[:8])
    assert whole[12:34] == b"\x0d:message-type\x07\x00\x05event"
    assert whole[34:-4] == b"{}"
    assert int.from_bytes(whole[-4:], "big") == zlib.crc32(whole[:-4])


def test_a_chunk_wraps_an_event_up() -> None:
    frame = eventstream.chunk({"type": "message_stop"}, pad="abc")

    said = json.loads(frame.payload)
    assert frame.headers == (
        (":event-type", "chunk"),
        (":content-type", "application/json"),
        (":message-type", "event"),
    )
    assert list(said) == ["bytes", "p"]
    assert base64.b64decode(said["bytes"]) == b'{"type":"message_stop"}'


def test_exceptions_and_errors_say_what_they_are() -> None:
    assert eventstream.exception("throttlingException", "Slow down").exception == ("throttlingException", "Slow down")
    assert eventstream.error("AccessDeniedException", "No").exception == ("AccessDeniedException", "No")
    assert eventstream.event("chunk", {}).exception is None


def test_padding_is_2_to_61_characters_each_number_equally_often() -> None:
    rng = Random(0)

    sizes = [len(eventstream.padding(rng)) for _ in range(6_000)]

    assert {*sizes} == {*range(2, 62)}
    assert max(map(sizes.count, {*sizes})) < 2 * min(map(sizes.count, {*sizes}))
    assert eventstream.padding(rng) in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"


def test_what_does_not_fit_is_an_error() -> None:
    with pytest.raises(FrameError, match="more than a frame may hold"):
        Frame((), bytes(eventstream.MAX_PAYLOAD_BYTES + 1)).encode()
    with pytest.raises(FrameError, match="does not fit"):
        Frame((("a" * 256, ""),)).encode()


def test_lengths_that_cannot_be_are_an_error() -> None:
    prelude = (12).to_bytes(4, "big") + bytes(4)

    with pytest.raises(FrameError, match="cannot be"):
        eventstream.decode(prelude + zlib.crc32(prelude).to_bytes(4, "big"))


def test_a_header_of_another_type_is_an_error() -> None:
    whole = bytearray(Frame((("a", "b"),)).encode())
    whole[14] = 6
    whole[-4:] = zlib.crc32(whole[:-4]).to_bytes(4, "big")

    with pytest.raises(FrameError, match="is not a text"):
        eventstream.decode(bytes(whole))
