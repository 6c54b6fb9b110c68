"""TLS on the server's port: what a client of TLS meets is what a client of the bare socket meets."""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("trustme")

from windtunnel_server import certificates
from windtunnel_server.certificates import Certificates
from windtunnel_server.words import fail, fault, reply

PATIENCE_S = 10.0


@pytest.fixture(scope="module")
def made() -> Certificates:
    return certificates.make()


@pytest.fixture
def secured(serve: Callable[..., Any], loop: str, made: Certificates, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A fake that speaks TLS on the real clock, on each event loop in turn."""
    from windtunnel_server.server import Server

    plain = Server.__init__

    def with_tls(self: Server, *args: Any, **options: Any) -> None:
        plain(self, *args, **options | {"tls": made.context})

    monkeypatch.setattr(Server, "__init__", with_tls)
    return serve(loop)


@pytest.fixture
def connect(secured: Any, made: Certificates) -> Iterator[Callable[..., ssl.SSLSocket]]:
    context = ssl.create_default_context(cadata=made.authority.decode())
    opened: list[socket.socket] = []

    def connected(**options: Any) -> ssl.SSLSocket:
        bare = socket.create_connection(("127.0.0.1", secured.port), timeout=PATIENCE_S)
        opened.append(bare)
        opened.append(context.wrap_socket(bare, server_hostname="localhost", **options))
        return opened[-1]  # type: ignore[return-value]

    yield connected
    for sock in opened:
        sock.close()


def until_the_end(sock: ssl.SSLSocket) -> bytes:
    return b"".join(iter(lambda: sock.recv(65536), b""))


def test_the_address_says_https(secured: Any):
    assert secured.server.url == f"https://127.0.0.1:{secured.port}"


def test_calls_are_answered_one_after_another_and_all_at_once(secured: Any, connect: Any, request_bytes: Any):
    sock = connect()

    sock.sendall(request_bytes() + request_bytes(connection="close"))

    assert until_the_end(sock).count(b"HTTP/1.1 200 OK") == 2
    assert [call.status for call in secured.core.journal.calls] == [200, 200]


def test_large_answers_and_large_requests_come_through_whole(
    secured: Any, connect: Any, request_bytes: Any, asked: Any
):
    text = "word " * 100_000
    secured.script(reply(text))
    sock = connect()

    sock.sendall(request_bytes(asked | {"messages": [{"role": "user", "content": text}]}, connection="close"))

    assert text.encode() in until_the_end(sock)


def test_a_cut_is_a_goodbye_in_good_order(secured: Any, connect: Any, request_bytes: Any, asked: Any):
    """Whoever insists on a goodbye, as careful clients do, learns that nobody on the way has cut the answer off."""
    secured.script(reply("Hello", faults=[fault("close_mid_stream", after_events=2)]))
    sock = connect(suppress_ragged_eofs=False)

    sock.sendall(request_bytes(asked | {"stream": True}))
    read = until_the_end(sock)

    assert b"message_start" in read and b"message_stop" not in read
    assert secured.ended(1).ended == "closed"


def test_a_reset_is_a_reset(secured: Any, connect: Any, request_bytes: Any, asked: Any):
    """Looked at below TLS: some releases of Python (3.11.7) show a reset as an end."""
    secured.script(fail("reset_before_headers"))
    sock = connect()

    sock.sendall(request_bytes(asked))

    with socket.socket(fileno=os.dup(sock.fileno())) as bare:
        bare.settimeout(PATIENCE_S)
        with pytest.raises(ConnectionResetError):
            b"".join(iter(lambda: bare.recv(65536), b""))


def test_a_refusal_of_what_is_still_being_sent_arrives(secured: Any, connect: Any, request_bytes: Any):
    sock = connect()

    sock.sendall(b"POST /v1/messages HTTP/1.1\r\ncontent-length: 999999999\r\n\r\n" + b"x" * 100_000)

    assert until_the_end(sock).startswith(b"HTTP/1.1 413 ")


def test_a_connection_can_be_dropped_before_any_handshake(secured: Any, connect: Any):
    secured.script(fail("connection_dropped"))

    with pytest.raises((ssl.SSLError, ConnectionError)):
        connect()

    assert secured.until(lambda: secured.core.journal.calls)[0].ended == "closed"


def test_a_client_that_does_not_trust_the_authority_is_not_served(secured: Any):
    strict = ssl.create_default_context()
    with (
        socket.create_connection(("127.0.0.1", secured.port), timeout=PATIENCE_S) as bare,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        strict.wrap_socket(bare, server_hostname="localhost")

    assert not secured.core.journal.calls


def test_a_client_that_speaks_plain_http_is_told(secured: Any, request_bytes: Any):
    with socket.create_connection(("127.0.0.1", secured.port), timeout=PATIENCE_S) as bare:
        bare.sendall(request_bytes())
        told = b"".join(iter(lambda: bare.recv(65536), b""))

    assert told.startswith(b"HTTP/1.1 400 ")
    assert told.endswith(b"This windtunnel speaks TLS: write https:// in place of it")
    length = int(told.partition(b"Content-Length: ")[2].partition(b"\r\n")[0])
    assert len(told.partition(b"\r\n\r\n")[2]) == length


def test_bytes_that_are_neither_end_the_connection(secured: Any):
    with socket.create_connection(("127.0.0.1", secured.port), timeout=PATIENCE_S) as bare:
        bare.sendall(b"\x00\x01" * 100)
        with contextlib.suppress(ConnectionResetError):
            b"".join(iter(lambda: bare.recv(65536), b""))

    assert secured.until(lambda: not secured.server._connections)


def test_who_stops_the_server_stops_its_connections(secured: Any, connect: Any, request_bytes: Any, asked: Any):
    secured.script(reply("Hello", faults=[fault("stall", for_s=600.0, after_events=1)]))
    sock = connect()
    sock.sendall(request_bytes(asked | {"stream": True}))
    assert sock.recv(65536)
    connection = next(iter(secured.server._connections))

    secured.server._loop.call_soon_threadsafe(connection.stop)

    assert secured.ended(1).ended == "stopped"


def test_a_call_knows_that_it_came_over_tls(
    secured: Any, connect: Any, request_bytes: Any, monkeypatch: pytest.MonkeyPatch
):
    schemes: list[str] = []
    answer = secured.core.answer
    monkeypatch.setattr(secured.core, "answer", lambda call: (schemes.append(call.scheme), answer(call))[1])
    sock = connect()

    sock.sendall(request_bytes(connection="close"))
    until_the_end(sock)

    assert schemes == ["https"]
