"""Frames of Bedrock's are looked into and written anew with true checksums; whole others stay as they are."""

from __future__ import annotations

import base64
import json

from windtunnel.cassette.redact import bodies
from windtunnel.cassette.redact.edits import apply
from windtunnel.cassette.redact.look import Look
from windtunnel.cassette.redact.rules import USUAL
from windtunnel_server.wire import eventstream

KEY = "sk-ant-api03-abcdefghijklmnop"
CALM = eventstream.chunk({"type": "ping"}, pad="abc").encode()


def redacted(body: bytes, content_type: str = eventstream.CONTENT_TYPE) -> bytes:
    look = Look.usual(USUAL, {})
    return apply(body, bodies.edits(look, content_type, body, exchange=False, allowed=()))


def _inner(frame: eventstream.Frame) -> bytes:
    return base64.b64decode(json.loads(frame.payload)["bytes"])


def test_a_secret_goes_out_of_a_frame_and_the_others_stay():
    body = CALM + eventstream.chunk({"text": KEY}, pad="abcdef").encode() + CALM

    found = redacted(body)

    first, second, third = eventstream.decode(found)
    assert found.startswith(CALM) and found.endswith(CALM)
    assert _inner(second) == b'{"text":"sk-ant-api03-REDACTED"}'
    assert json.loads(second.payload)["p"] == "abcdef"
    assert first == third


def test_a_secret_in_pieces_goes_out_of_every_frame():
    pieces = ["my key: sk-", "ant-api03-abc", "defghijklmnop", " is it"]
    body = b"".join(eventstream.chunk({"index": 0, "delta": {"text": text}}, pad="a").encode() for text in pieces)

    said = [json.loads(_inner(frame))["delta"]["text"] for frame in eventstream.decode(redacted(body))]

    assert said == ["my key: sk-", "ant-api03-REDACTED", "", " is it"]


def test_frames_of_converse_are_looked_into_too():
    body = b"".join(
        eventstream.event("contentBlockDelta", {"contentBlockIndex": 0, "delta": {"text": text}}).encode()
        for text in ("sk-ant-api03", "-abcdefghijklmnop")
    )

    said = [json.loads(frame.payload)["delta"]["text"] for frame in eventstream.decode(redacted(body))]

    assert said == ["sk-ant-api03", "-REDACTED"]


def test_headers_of_a_frame_are_redacted():
    body = eventstream.error("denied", f"not with {KEY}").encode()

    (frame,) = eventstream.decode(redacted(body))

    assert frame.exception == ("denied", "not with sk-ant-api03-REDACTED")


def test_a_frame_that_was_cut_is_dropped_only_if_it_holds_a_secret():
    harmless = CALM + CALM[:-7]
    leaking = CALM + eventstream.chunk({"text": KEY * 3}, pad="a").encode()[:-7]

    assert redacted(harmless) == harmless
    assert redacted(leaking) == CALM


def test_frames_are_known_by_themselves_where_the_content_type_was_lost():
    body = eventstream.chunk({"text": KEY}, pad="a").encode()

    assert redacted(body, "application/octet-stream") == redacted(body)
