"""A server in a thread of its own."""

from __future__ import annotations

import socket
import threading

import pytest

from windtunnel_server.clock import RealClock
from windtunnel_server.core import Core
from windtunnel_server.providers.anthropic import Anthropic
from windtunnel_server.server import Server
from windtunnel_server.threaded import ThreadedServer


def make(port: int = 0) -> tuple[Server, ThreadedServer]:
    clock = RealClock()
    server = Server(Core(Anthropic(clock), clock), port=port)
    return server, ThreadedServer(server)


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name == "windtunnel server"]


def test_it_listens_once_it_is_started_and_is_gone_once_it_is_stopped() -> None:
    server, threaded = make()

    threaded.start()
    port = int(server.url.rpartition(":")[2])
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    assert threads()
    threaded.stop()

    assert not threads()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_what_kept_it_from_starting_is_raised() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        _, threaded = make(taken.getsockname()[1])

        with pytest.raises(OSError, match="in use"):
            threaded.start()

    threaded.stop()
    assert not threads()


def test_stopping_twice_is_stopping_once() -> None:
    _, threaded = make()
    threaded.start()

    threaded.stop()
    threaded.stop()

    assert not threads()


def test_two_servers_have_ports_of_their_own() -> None:
    (one, first), (other, second) = make(), make()

    first.start()
    second.start()
    try:
        assert one.url != other.url
    finally:
        first.stop()
        second.stop()


def test_stopping_what_was_never_started_is_nothing() -> None:
    make()[1].stop()

    assert not threads()


def test_what_ends_it_after_its_start_is_raised_once_by_stopping_it() -> None:
    server, threaded = make()
    threaded.start()

    server.stop = end_badly  # type: ignore[method-assign]

    with pytest.raises(ZeroDivisionError):
        threaded.stop()
    threaded.stop()
    assert not threads()


def test_what_ends_its_loop_is_raised_too() -> None:
    server, threaded = make()
    threaded.start()

    def leave() -> None:
        raise SystemExit("the loop is over")

    server._loop.call_soon_threadsafe(leave)
    threaded._thread.join(10)

    assert not threads()
    with pytest.raises(SystemExit, match="the loop is over"):
        threaded.stop()


async def end_badly() -> None:
    raise ZeroDivisionError
