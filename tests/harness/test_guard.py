"""What the guard takes for this machine, and that it leaves no trace."""

from __future__ import annotations

import socket

import pytest

from windtunnel.guard import Guard, is_local
from windtunnel_server.inprocess.flows import registry

LOCAL = ["", "localhost", "LOCALHOST", "api.localhost", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "0.0.0.0", "::",
         "::ffff:127.0.0.1", "::1%lo"]  # fmt: skip
FOREIGN = ["192.0.2.1", "10.0.0.1", "169.254.169.254", "2001:db8::1", "::ffff:192.0.2.1", "api.anthropic.com",
           "localhost.example.com", "notlocalhost", "127.0.0.1.example.com"]  # fmt: skip


@pytest.mark.parametrize("host", LOCAL)
def test_this_machine_is_local(host: str):
    assert is_local(host)


@pytest.mark.parametrize("host", FOREIGN)
def test_another_machine_is_not(host: str):
    assert not is_local(host)


def test_it_remembers_every_attempt_and_says_what_to_do():
    with Guard() as guard, socket.socket() as sock:
        with pytest.raises(OSError, match=r"tried to reach 192\.0\.2\.1:9\. Point the client at the fake"):
            sock.connect(("192.0.2.1", 9))
        with pytest.raises(OSError, match=r"tried to reach api\.invalid\."):
            socket.getaddrinfo(b"api.invalid", 443)

    assert guard.attempts == ["192.0.2.1:9", "api.invalid"]


def test_it_leaves_no_trace():
    before = (socket.getaddrinfo, socket.gethostbyname, dict(vars(socket.socket)), registry.guard)

    with Guard(checks="sending"):
        assert socket.getaddrinfo is not before[0]

    assert (socket.getaddrinfo, socket.gethostbyname, dict(vars(socket.socket)), registry.guard) == before


def test_guards_nest():
    with Guard() as outer:
        with Guard() as inner, pytest.raises(OSError, match="api.invalid"):
            socket.gethostbyname("api.invalid")
        with pytest.raises(OSError, match="192.0.2.1"), socket.socket() as sock:
            sock.connect(("192.0.2.1", 9))

    assert inner.attempts == ["api.invalid"]
    assert outer.attempts == ["192.0.2.1:9"]


def test_what_was_tried_is_told_once_and_with_what_to_do():
    with Guard(lambda host, port: "Ask the fake." if port == 9 else None) as guard, socket.socket() as sock:
        for _ in range(2):
            with pytest.raises(OSError, match="Ask the fake"):
                sock.connect(("127.0.0.1", 9))

    assert guard.told() == (
        "the test tried to reach 127.0.0.1:9; windtunnel keeps tests off the network. Ask the fake."
    )
    assert guard.told() is None


@pytest.mark.parametrize("way", ["send", "sendall", "sendmsg"])
def test_it_may_check_what_is_sent_on_a_connection_that_stands(way: str):
    sent = [b"x"] if way == "sendmsg" else b"x"
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as sock:
        port = server.getsockname()[1]
        with Guard(lambda host, to: "No." if to == port else None, checks="sending") as guard:
            with pytest.raises(OSError, match=r"reach 127\.0\.0\.1"):
                getattr(sock, way)(sent)
            one, other = socket.socketpair()
            getattr(one, way)(sent)
            one.close(), other.close()

        assert guard.attempts == [f"127.0.0.1:{port}"]
        assert getattr(sock, way)(sent) in (1, None)
