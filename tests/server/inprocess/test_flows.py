from __future__ import annotations

import selectors
import socket
from collections.abc import Iterator

import pytest

from windtunnel_server.inprocess import loops, sockets
from windtunnel_server.inprocess.flows import Door, End, Flow, Link, registry


@pytest.mark.parametrize(
    ("flow", "on_its_way"),
    [
        pytest.param(Flow(), False, id="nothing sent"),
        pytest.param(Flow(unread=1), True, id="a byte sent"),
        pytest.param(Flow(ended=True), True, id="its end sent"),
        pytest.param(Flow(ended=True, end_seen=True), False, id="its end seen"),
        pytest.param(Flow(unread=5, end_seen=True), False, id="reset, what was unread is gone"),
    ],
)
def test_a_flow_knows_whether_its_reader_will_wake_by_itself(flow: Flow, on_its_way: bool) -> None:
    assert flow.on_its_way is on_its_way


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ends = socket.socketpair()
    yield ends
    for end in ends:
        registry.closed(end)
        end.close()


def test_bytes_the_kernel_has_not_handed_over_yet_count_as_on_their_way(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    reader, _ = pair
    link = Link(("127.0.0.1", 1), ("127.0.0.1", 2))
    registry._hold(reader, End(link, link.to_server, link.to_client, is_client=False))
    with selectors.DefaultSelector() as selector:
        selector.register(reader, selectors.EVENT_READ)

        before = loops._expects(selector, type(selector).select)
        link.to_server.unread = 7
        after = loops._expects(selector, type(selector).select)

    assert (before, after) == (False, True)


def test_a_connection_not_yet_accepted_counts_too() -> None:
    with socket.socket() as listening, selectors.DefaultSelector() as selector:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        door = registry.open(listening, Door(listening.getsockname()[:2]))
        selector.register(listening, selectors.EVENT_READ)

        before = loops._expects(selector, type(selector).select)
        door.arriving(+1)
        after = loops._expects(selector, type(selector).select)
        registry.shut(door.address)

    assert (before, after) == (False, True)


def test_both_ends_count_what_passes_between_them() -> None:
    sockets.install()
    try:
        with socket.socket() as listening, socket.socket() as client:
            listening.bind(("127.0.0.1", 0))
            listening.listen()
            door = registry.open(listening, Door(listening.getsockname()[:2]))
            client.connect(door.address)
            server, _ = listening.accept()
            link = registry.ends[client].link

            client.sendall(b"12345")
            sent = link.to_server.unread
            server.recv(2)
            half = link.to_server.unread
            server.recv(10)
            server.close()

            assert (sent, half, link.to_server.unread) == (5, 3, 0)
            assert link.to_client.on_its_way
            assert client.recv(10) == b""
            assert not link.to_client.on_its_way
            registry.shut(door.address)
    finally:
        sockets.uninstall()
