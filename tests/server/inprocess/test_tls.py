"""A client's TLS socket, seen through the taps: who sends, what is on its way, and waits in virtual time."""

from __future__ import annotations

import asyncio
import gc
import http.client
import socket
import ssl
import threading
import weakref
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("trustme")

from windtunnel import Windtunnel, fail, fault, reply
from windtunnel_server import certificates
from windtunnel_server.certificates import Certificates
from windtunnel_server.inprocess import tls
from windtunnel_server.inprocess.flows import registry

BODY = b'{"model": "claude-sonnet-4-6", "max_tokens": 50, "messages": [{"role": "user", "content": "hi"}]}'
HEADERS = {"x-api-key": "key", "anthropic-version": "2023-06-01", "content-type": "application/json"}


@pytest.fixture(scope="module")
def made() -> Certificates:
    return certificates.make()


@pytest.fixture
def tunnel(made: Certificates) -> Iterator[Windtunnel]:
    opened = Windtunnel()
    opened._server._tls = made.context
    with opened:
        yield opened


@pytest.fixture
def trusting(made: Certificates) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=made.authority.decode())


def where(tunnel: Windtunnel) -> tuple[str, int]:
    host, _, port = tunnel._server.url.removeprefix("https://").partition(":")
    return host, int(port)


def post(tunnel: Windtunnel, context: ssl.SSLContext, timeout_s: float = 60.0) -> tuple[int, bytes]:
    """One call with the standard library alone: a blocking TLS socket, read through `recv_into`."""
    connection = http.client.HTTPSConnection(*where(tunnel), timeout=timeout_s, context=context)
    try:
        connection.request("POST", "/v1/messages", BODY, HEADERS)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_a_call_is_answered_and_its_sender_is_known(tunnel: Windtunnel, trusting: ssl.SSLContext):
    status, body = post(tunnel, trusting)

    assert (status, body[:1]) == (200, b"{")
    assert (tunnel.journal[0].sender or "").startswith("thread ")


def test_a_stall_passes_in_virtual_time(tunnel: Windtunnel, trusting: ssl.SSLContext):
    tunnel.script(reply("Hello", stream={"first_byte": 500.0}))

    status, _ = post(tunnel, trusting, timeout_s=1000.0)

    assert status == 200
    assert tunnel.clock.now() == pytest.approx(500.0)


def test_a_read_times_out_when_its_time_is_up_and_not_before(tunnel: Windtunnel, trusting: ssl.SSLContext):
    tunnel.script(fail("stall_before_headers"))

    with pytest.raises(TimeoutError):
        post(tunnel, trusting, timeout_s=90.0)

    assert tunnel.clock.now() == pytest.approx(90.0)


def test_a_door_without_tls_is_told_from_one_with_it(trusting: ssl.SSLContext):
    """A door that speaks no TLS answers the greeting as best it can: with an answer that is none."""
    with Windtunnel() as tunnel:
        host, _, port = tunnel._server.url.removeprefix("http://").partition(":")
        with (
            socket.create_connection((host, int(port)), timeout=30.0) as bare,
            pytest.raises(ssl.SSLError, match="WRONG_VERSION_NUMBER"),
        ):
            trusting.wrap_socket(bare, server_hostname="localhost")


def test_a_reset_is_met_as_a_reset(tunnel: Windtunnel, trusting: ssl.SSLContext):
    tunnel.script(fail("reset_before_headers"))

    with pytest.raises(ConnectionResetError):
        post(tunnel, trusting)


def test_a_cut_is_met_as_an_end(tunnel: Windtunnel, trusting: ssl.SSLContext):
    tunnel.script(reply("Hello", faults=[fault("close_mid_stream", after_events=2)]))
    sock = trusting.wrap_socket(socket.create_connection(where(tunnel), timeout=60.0), server_hostname="localhost")

    streamed = BODY.replace(b'"max_tokens"', b'"stream": true, "max_tokens"')
    lines = [f"{name}: {value}" for name, value in HEADERS.items()] + [f"content-length: {len(streamed)}"]
    sock.sendall(("POST /v1/messages HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode() + streamed)
    told = b"".join(iter(lambda: sock.recv(65536), b""))
    sock.close()

    assert b"message_start" in told and b"message_stop" not in told


def test_a_client_that_does_not_trust_the_authority_says_so(tunnel: Windtunnel):
    with pytest.raises(ssl.SSLCertVerificationError, match="unable to get local issuer|self-signed"):
        post(tunnel, ssl.create_default_context())


def test_the_socket_tells_what_a_tls_socket_tells(tunnel: Windtunnel, trusting: ssl.SSLContext):
    sock = trusting.wrap_socket(socket.create_connection(where(tunnel), timeout=60.0), server_hostname="localhost")

    names = {value for kind, value in sock.getpeercert()["subjectAltName"]}
    told = sock.version(), sock.cipher() is not None, sock.pending(), sock.session is not None, sock.context is trusting
    sock.unwrap().close()
    sock.close()

    assert names >= {"localhost", "127.0.0.1"}
    assert told == ("TLSv1.3", True, 0, True, True)


def test_a_socket_that_may_not_wait_does_not(tunnel: Windtunnel, trusting: ssl.SSLContext):
    sock = trusting.wrap_socket(socket.create_connection(where(tunnel), timeout=60.0), server_hostname="localhost")
    sock.setblocking(False)

    with pytest.raises(ssl.SSLWantReadError):
        sock.recv(1)

    sock.close()


def test_an_event_loop_needs_nothing_of_this(tunnel: Windtunnel, trusting: ssl.SSLContext):
    tunnel.script(reply("Hello", stream={"first_byte": 500.0}))

    async def call() -> bytes:
        reader, writer = await asyncio.open_connection(*where(tunnel), ssl=trusting, server_hostname="localhost")
        lines = [f"{name}: {value}" for name, value in HEADERS.items()]
        lines += ["connection: close", f"content-length: {len(BODY)}"]
        writer.write(("POST /v1/messages HTTP/1.1\r\n" + "\r\n".join(lines) + "\r\n\r\n").encode() + BODY)
        told = await reader.read()
        writer.close()
        await writer.wait_closed()
        return told

    assert asyncio.run(call()).startswith(b"HTTP/1.1 200 ")
    assert tunnel.clock.now() >= 500.0
    assert "task" in (tunnel.journal[0].sender or "")


def test_several_threads_wait_each_for_their_own(tunnel: Windtunnel, trusting: ssl.SSLContext):
    tunnel.script(*(reply("Hello", stream={"first_byte": 100.0}) for _ in range(5)))
    answered: list[int] = []
    threads = [threading.Thread(target=lambda: answered.append(post(tunnel, trusting, 200.0)[0])) for _ in range(5)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answered == [200] * 5
    assert tunnel.clock.now() < 110.0


def test_a_socket_to_somebody_else_is_left_alone(made: Certificates, trusting: ssl.SSLContext):
    listening = socket.create_server(("127.0.0.1", 0))

    def greet() -> None:
        with made.context.wrap_socket(listening.accept()[0], server_side=True) as sock:
            sock.sendall(b"hello")

    thread = threading.Thread(target=greet)
    tls.install()
    try:
        thread.start()
        with trusting.wrap_socket(
            socket.create_connection(listening.getsockname()), server_hostname="localhost"
        ) as sock:
            kind = type(sock._sslobj).__name__
            assert sock.recv(5) == b"hello"
    finally:
        tls.uninstall()
        thread.join()
        listening.close()

    assert kind == "_SSLSocket"


def test_nothing_stays_in_place(tunnel: Windtunnel, trusting: ssl.SSLContext):
    post(tunnel, trusting)
    assert "_wrap_socket" in vars(ssl.SSLContext)

    tunnel.stop()
    gc.collect()

    assert "_wrap_socket" not in vars(ssl.SSLContext)
    assert not [end for end in registry.ends.values() if end.is_client]


def test_a_socket_that_nobody_holds_is_gone_at_once(made: Certificates, trusting: ssl.SSLContext):
    tunnel = Windtunnel(clock="real")
    tunnel._server._tls = made.context
    with tunnel:
        sock: Any = trusting.wrap_socket(
            socket.create_connection(where(tunnel), timeout=60.0), server_hostname="localhost"
        )
        held = weakref.ref(sock)
        sock.close()

        gc.disable()
        try:
            del sock
            assert held() is None
        finally:
            gc.enable()
