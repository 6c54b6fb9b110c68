"""How a thread waits on a virtual clock for a socket that may speak first."""

from __future__ import annotations

import os
import select
import socket
import threading
from collections.abc import Callable

from windtunnel_server.clock import Party, VirtualClock, stuck_error


class _Bell:
    """A pipe end that wakes one thread out of a real wait."""

    def __init__(self) -> None:
        self.read_end, self._write_end = os.pipe()
        os.set_blocking(self.read_end, False)
        os.set_blocking(self._write_end, False)

    def ring(self) -> None:
        try:
            os.write(self._write_end, b"!")
        except BlockingIOError:
            pass  # it rings already

    def hush(self) -> None:
        try:
            while os.read(self.read_end, 64):
                pass
        except BlockingIOError:
            pass

    def __del__(self) -> None:
        for end in (self.read_end, self._write_end):
            os.close(end)


_local = threading.local()


def _bell() -> _Bell:
    if not hasattr(_local, "bell"):
        _local.bell = _Bell()
    bell: _Bell = _local.bell
    return bell


def await_readable(
    clock: VirtualClock, party: Party, sock: socket.socket, timeout_s: float | None, on_its_way: Callable[[], bool]
) -> bool:
    """Wait until `sock` can be read or `timeout_s` have passed on the clock. False: the time is up."""
    if readable(sock):
        return True
    bell = _bell()
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    poller.register(bell.read_end, select.POLLIN)
    deadline = None if timeout_s is None else clock.now() + timeout_s
    clock.park(party, deadline, expects=lambda: on_its_way() or readable(sock), wake=bell.ring)
    try:
        while not (party.due or party.stuck):
            if any(fd == sock.fileno() for fd, _ in poller.poll()) and not (party.due or party.stuck):
                return True
    finally:
        clock.unpark(party)
        bell.hush()
    if party.stuck:
        raise stuck_error(clock)
    return False


def readable(sock: socket.socket) -> bool:
    """Whether a read would return at once. A closed socket counts: reading it fails at once."""
    if sock.fileno() < 0:
        return True
    poller = select.poll()
    poller.register(sock, select.POLLIN)
    return bool(poller.poll(0))
