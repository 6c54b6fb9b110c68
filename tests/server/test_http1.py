"""HTTP/1.1 byte by byte, over real sockets, on asyncio's own loop and on uvloop."""

from __future__ import annotations

import json
import random
import socket
import struct
import time
from collections.abc import Callable
from typing import Any

import pytest

from windtunnel_server.http1 import MAX_HEAD_BYTES
from windtunnel_server.words import fail, reply

Bytes = Callable[..., bytes]
MB = 1024 * 1024
#: More than the kernel's buffers hold between two ends of a loopback connection.
LARGE = 16 * MB


# --- one connection, many requests -------------------------------------------------------------------------------


def test_a_connection_is_kept_alive(served: Any, request_bytes: Bytes) -> None:
    served.script(reply("one"), reply("two"))
    wire = served.connect()

    answers = [wire.send(request_bytes()).answer() for _ in range(2)]

    assert [answer.text for answer in answers] == ["one", "two"]
    assert answers[0].header("connection") == "keep-alive"
    assert [call.connection for call in served.core.journal] == [1, 1]
    assert not wire.is_closed()


def test_pipelined_requests_are_answered_in_order(served: Any, request_bytes: Bytes) -> None:
    served.script(reply("one", stream={"first_byte": 0.1}), reply("two"), reply("three"))
    wire = served.connect().send(request_bytes() * 3)

    assert [wire.answer().text for _ in range(3)] == ["one", "two", "three"]


def test_any_number_of_requests_may_wait_behind_a_slow_answer(served: Any, request_bytes: Bytes) -> None:
    served.script(fail("stall_before_headers", for_s=0.3))
    wire = served.connect().send(request_bytes() + request_bytes(method="HEAD", path="/") * 600)

    assert wire.answer().status == 200
    assert [wire.answer(bodiless=True).status for _ in range(600)] == [404] * 600


def test_the_last_request_on_a_connection_closes_it(served: Any, request_bytes: Bytes) -> None:
    wire = served.connect().send(request_bytes(connection="close"))

    answer = wire.answer()

    assert answer.header("connection") == "close"
    assert wire.is_closed()


def test_what_is_pipelined_behind_the_last_request_is_not_answered(served: Any, request_bytes: Bytes) -> None:
    wire = served.connect().send(request_bytes(connection="close") + request_bytes())

    assert wire.answer().status == 200
    assert wire.rest() == b""
    assert len(served.core.journal) == 1


def test_an_old_client_gets_a_body_it_can_read(served: Any, request_bytes: Bytes) -> None:
    served.script(reply("Hello"))
    wire = served.connect().send(request_bytes(version="1.0"))

    answer = wire.answer()

    assert answer.header("transfer-encoding") is None
    assert answer.header("connection") == "close"
    assert answer.text == "Hello"


# --- requests in all their forms ---------------------------------------------------------------------------------


def test_a_request_may_come_a_byte_at_a_time(served: Any, request_bytes: Bytes) -> None:
    served.script(reply("Hello"))
    wire = served.connect()

    for byte in request_bytes():
        wire.send(bytes([byte]))

    assert wire.answer().text == "Hello"
    call = served.ended(1)
    assert call.arrived_at <= call.head_at <= call.body_at


def test_a_body_may_come_in_chunks(served: Any, request_bytes: Bytes, asked: dict[str, Any]) -> None:
    body = json.dumps(asked).encode()
    chunks = b"".join(b"%x;ext=1\r\n%b\r\n" % (len(piece), piece) for piece in (body[:7], body[7:8], body[8:]))
    framed = chunks + b"0\r\nx-trailer: a\r\n\r\n"
    head = request_bytes(b"", transfer_encoding="chunked", content_length=None)

    answer = served.connect().send(head + framed).answer()

    assert answer.status == 200
    call = served.ended(1)
    assert (call.body, call.bytes_in) == (asked, len(body))


def test_a_client_that_asks_first_is_told_to_continue(served: Any, request_bytes: Bytes) -> None:
    whole = request_bytes(expect="100-continue")
    head, _, body = whole.partition(b"\r\n\r\n")
    wire = served.connect().send(head + b"\r\n\r\n")
    assert wire.answer().raw == b"HTTP/1.1 100 Continue\r\n\r\n"

    assert wire.send(body).answer().status == 200


def test_a_client_that_asks_first_is_refused_before_it_sends(served: Any, request_bytes: Bytes) -> None:
    head = request_bytes(b"", expect="100-continue", content_length=str(33 * MB))

    assert served.connect().send(head).answer().status == 413


def test_an_invitation_does_not_come_into_an_answer_under_way(served: Any, request_bytes: Bytes) -> None:
    served.script(reply("one", stream={"first_byte": 0.1}), reply("two"))
    wire = served.connect().send(request_bytes() + request_bytes(expect="100-continue"))

    assert [wire.answer().text for _ in range(2)] == ["one", "two"]


def test_an_absolute_target_is_taken_for_its_path(served: Any, request_bytes: Bytes) -> None:
    answer = served.connect().send(request_bytes(path="http://api.anthropic.com/v1/messages?beta=true")).answer()

    assert answer.status == 200
    call = served.ended(1)
    assert (call.path, call.query) == ("/v1/messages", "beta=true")


@pytest.mark.parametrize("path", ["/", "/v1/models", "/v1/messages"])
def test_an_answer_to_head_has_no_body(served: Any, request_bytes: Bytes, path: str) -> None:
    wire = served.connect().send(request_bytes(method="HEAD", path=path) + request_bytes(path="/v1/messages"))

    assert wire.answer(bodiless=True).status in (404, 405)
    assert wire.answer().status == 200


def test_an_offer_of_another_protocol_is_passed_over(served: Any, request_bytes: Bytes) -> None:
    served.script(reply("one"), reply("two"))
    wire = served.connect()
    offer = {"connection": "Upgrade, HTTP2-Settings", "upgrade": "h2c", "http2_settings": "AAEAAEAAAAIAAAABAAMAAABk"}

    assert wire.send(request_bytes(**offer)).answer().text == "one"
    assert wire.send(request_bytes()).answer().text == "two"
    assert len(served.core.journal) == 2


# --- requests that are none --------------------------------------------------------------------------------------


def test_a_head_that_is_too_large_is_refused(served: Any, request_bytes: Bytes) -> None:
    wire = served.connect().send(request_bytes(x_large="a" * MAX_HEAD_BYTES))

    assert wire.answer().status == 400
    assert served.ended(1).ended == "complete"


def test_a_head_just_below_the_limit_is_taken(served: Any, request_bytes: Bytes) -> None:
    assert served.connect().send(request_bytes(x_large="a" * (MAX_HEAD_BYTES - 1000))).answer().status == 200


def test_a_body_declared_too_large_is_refused_at_once(served: Any, request_bytes: Bytes) -> None:
    wire = served.connect().send(request_bytes(b"", content_length=str(33 * MB)))

    answer = wire.answer()

    assert (answer.status, answer.json["error"]["type"]) == (413, "request_too_large")
    assert wire.rest() == b""


def test_a_client_that_sends_it_all_the_same_can_still_read_the_refusal(served: Any, request_bytes: Bytes) -> None:
    wire = served.connect()

    wire.send(request_bytes(b"", content_length=str(33 * MB)))
    for _ in range(33):
        wire.send(b"x" * MB)

    assert wire.answer().status == 413


def test_a_body_that_grows_too_large_is_refused(served: Any, request_bytes: Bytes) -> None:
    wire = served.connect().send(request_bytes(b"", transfer_encoding="chunked", content_length=None))
    for _ in range(33):
        wire.send(b"100000\r\n" + b"x" * MB + b"\r\n")

    assert wire.answer().status == 413
    assert served.ended(1).error_type == "request_too_large"


@pytest.mark.parametrize("seed", range(4))
def test_noise_is_answered_and_the_server_lives_on(served: Any, request_bytes: Bytes, seed: int) -> None:
    noise = random.Random(seed)
    served.script(reply("Hello"))

    for _ in range(25):
        wire = served.connect().send(noise.randbytes(100) + b"\r\n\r\n")
        assert wire.answer().status == 400
        wire.close()

    assert served.connect().send(request_bytes()).answer().text == "Hello"
    assert served.core.failures == []
    assert {call.method for call in served.core.journal} >= {"POST"}


def test_noise_behind_an_answer_under_way_comes_in_its_turn(served: Any, request_bytes: Bytes) -> None:
    served.script(reply("one", stream={"first_byte": 0.1}), reply("two"))
    wire = served.connect().send(request_bytes() * 2 + b"\x00\x01\x02 noise \r\n\r\n")

    assert [wire.answer().text for _ in range(2)] == ["one", "two"]
    assert wire.answer().status == 400
    assert wire.rest() == b""
    served.until(lambda: [call.ended for call in served.core.journal] == ["complete"] * 3)


def test_a_secret_in_noise_is_not_kept(served: Any) -> None:
    served.connect().send(b"GET /v1/models?api_key=PLANTED HTTP/9.x\r\n\r\n").answer()

    assert "PLANTED" not in json.dumps(served.ended(1).to_json())


# --- ends --------------------------------------------------------------------------------------------------------


def test_a_client_that_leaves_in_the_middle_hung_up(served: Any, request_bytes: Bytes, asked: dict[str, Any]) -> None:
    served.script(fail("stall", text="Hello", after_events=2))
    wire = served.connect().send(request_bytes(asked | {"stream": True}))
    wire.until(b"event: content_block_start")
    before = served.core.clock.now()

    wire.close()

    call = served.ended(1)
    assert call.ended == "hung up"
    assert before <= call.ended_at <= before + 5
    assert call.events_sent == ["message_start", "content_block_start"]


def test_a_client_that_resets_hung_up(served: Any, request_bytes: Bytes) -> None:
    served.script(fail("stall_before_headers"))
    wire = served.connect().send(request_bytes())
    served.until(lambda: len(served.core.journal))

    wire.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wire.close()

    assert served.ended(1).ended == "hung up"


def test_a_slow_reader_gets_a_large_body_whole(served: Any, request_bytes: Bytes) -> None:
    text = "x" * LARGE
    served.script(reply(text), reply("after"))
    wire = served.connect().send(request_bytes())
    wire.until(b"\r\n\r\n")
    time.sleep(0.1)

    size = int(wire.until(b"\r\n"), 16)
    assert json.loads(wire.exactly(size))["content"][0]["text"] == text
    assert wire.exactly(7) == b"\r\n0\r\n\r\n"

    assert wire.send(request_bytes()).answer().text == "after"


def test_a_reader_that_never_reads_and_leaves_hung_up(served: Any, request_bytes: Bytes) -> None:
    served.script(reply("x" * LARGE))
    wire = served.connect().send(request_bytes())
    wire.until(b"\r\n\r\n")

    wire.close()

    served.until(lambda: served.core.journal[0].ended == "hung up")
    assert served.core.journal[0].usage is None


FIN, RST = b"", ConnectionResetError
ENDS = [
    ("reset_before_headers", RST, "reset", False),
    ("empty_answer", FIN, "closed", False),
    ("reset_mid_body", RST, "reset", True),
    ("close_mid_stream", FIN, "closed", True),
    ("broken_chunk", FIN, "closed", True),
]


@pytest.mark.parametrize(("name", "end", "ended", "begins"), ENDS)
def test_a_cut_is_a_real_one(
    served: Any, request_bytes: Bytes, asked: dict[str, Any], name: str, end: Any, ended: str, begins: bool
) -> None:
    served.script(fail(name, text="Hello"), reply("after"))
    wire = served.connect().send(request_bytes(asked | {"stream": True}))

    if begins:
        assert wire.until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 OK")
    if end is RST:
        with pytest.raises(ConnectionResetError):
            wire.rest()
    else:
        assert not wire.rest().endswith(b"0\r\n\r\n")

    assert served.ended(1).ended == ended
    assert served.connect().send(request_bytes()).answer().text == "after"


def test_a_reset_does_not_take_back_what_was_sent(served: Any, request_bytes: Bytes, asked: dict[str, Any]) -> None:
    served.script(fail("reset_mid_body", text="Hello", after_events=2))
    wire = served.connect().send(request_bytes(asked | {"stream": True}))

    with pytest.raises(ConnectionResetError):
        wire.rest()

    assert wire.held.count(b"event: ") == 2


def test_stray_line_ends_between_requests_are_passed_over(served: Any, request_bytes: Bytes) -> None:
    wire = served.connect()

    assert wire.send(b"\r\n" + request_bytes() + b"\r\n").answer().status == 200
    assert wire.send(request_bytes()).answer().status == 200
    assert len(served.core.journal) == 2
