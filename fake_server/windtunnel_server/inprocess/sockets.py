"""Taps on this process's sockets: who calls, what is in flight, and waits that happen in virtual time.

Installed while a fake server lives in the process; every socket that is not at either end of a connection to it goes
straight through.
"""

from __future__ import annotations

import errno
import os
import socket
import sys
import threading
from typing import Any

from windtunnel_server.clock import VirtualTimeError
from windtunnel_server.inprocess import parking
from windtunnel_server.inprocess.clocks import virtual_party
from windtunnel_server.inprocess.flows import Door, End, Flow, registry
from windtunnel_server.inprocess.senders import connecting_sender, current_sender

#: The class itself, even where a tool has put a subclass in its place.
_Socket: Any = next(cls for cls in socket.socket.__mro__ if (cls.__module__, cls.__name__) == ("socket", "socket"))
_base: Any = _Socket.__mro__[1]  # _socket.socket, whose methods ours stand in front of
_PASSED_ON = ("recv", "recv_into", "send", "sendall", "sendmsg", "connect", "connect_ex")
_real_accept = _Socket.accept
_real_close = _Socket._real_close
_real_shutdown = _base.shutdown

_installed = 0
_lock = threading.Lock()


def install() -> None:
    """Put the taps in place; calls nest."""
    global _installed
    with _lock:
        _installed += 1
        if _installed == 1:
            for name in _PASSED_ON:
                setattr(_Socket, name, globals()[f"_{name}"])
            _Socket.accept = _accept
            _Socket._real_close = _close
            _Socket.shutdown = _shutdown


def uninstall() -> None:
    """Take the taps out again when the last user is gone."""
    global _installed
    with _lock:
        _installed -= 1
        if _installed == 0:
            for name in (*_PASSED_ON, "shutdown"):
                delattr(_Socket, name)
            _Socket.accept = _real_accept
            _Socket._real_close = _real_close


def _await(sock: socket.socket, flow: Flow) -> None:
    """Wait in virtual time until `sock` can be read, where this thread is on a virtual clock."""
    timeout = sock.gettimeout()
    if timeout == 0:
        return
    found = virtual_party()
    if found is None:
        return
    if not parking.await_readable(*found, sock, timeout, lambda: flow.on_its_way):
        raise TimeoutError("timed out")


def _recv(self: socket.socket, bufsize: int, flags: int = 0) -> bytes:
    end = registry.ends.get(self)
    if end is None:
        data: bytes = _base.recv(self, bufsize, flags)
        return data
    _await(self, end.incoming)
    try:
        data = _base.recv(self, bufsize, flags)
    except BlockingIOError:
        raise
    except OSError:
        end.incoming.lost()
        raise
    _took(end, len(data), asked=bufsize, flags=flags)
    return data


def _recv_into(self: socket.socket, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
    end = registry.ends.get(self)
    if end is None:
        count: int = _base.recv_into(self, buffer, nbytes, flags)
        return count
    _await(self, end.incoming)
    try:
        count = _base.recv_into(self, buffer, nbytes, flags)
    except BlockingIOError:
        raise
    except OSError:
        end.incoming.lost()
        raise
    _took(end, count, asked=nbytes or len(memoryview(buffer)), flags=flags)
    return count


def _took(end: End, count: int, *, asked: int, flags: int) -> None:
    if flags & socket.MSG_PEEK:
        return
    with registry.lock:
        end.incoming.unread -= count
        if count == 0 and asked:
            end.incoming.end_seen = True


class _Sending:
    """Counts bytes as on their way before they leave, and takes back those that did not."""

    def __init__(self, end: End, size: int) -> None:
        self._flow, self._size, self.sent = end.outgoing, size, 0
        if end.is_client:
            end.link.sender = current_sender() or end.link.sender

    def __enter__(self) -> _Sending:
        with registry.lock:
            self._flow.unread += self._size
        return self

    def __exit__(self, *_: object) -> None:
        with registry.lock:
            self._flow.unread -= self._size - self.sent


def _send(self: socket.socket, data: Any, flags: int = 0) -> int:
    end = registry.ends.get(self)
    if end is None:
        sent: int = _base.send(self, data, flags)
        return sent
    with _Sending(end, memoryview(data).nbytes) as sending:
        sending.sent = _base.send(self, data, flags)
    return sending.sent


def _sendall(self: socket.socket, data: Any, flags: int = 0) -> None:
    end = registry.ends.get(self)
    if end is None:
        _base.sendall(self, data, flags)
        return
    size = memoryview(data).nbytes
    with _Sending(end, size) as sending:
        _base.sendall(self, data, flags)
        sending.sent = size


def _sendmsg(self: socket.socket, buffers: Any, *rest: Any) -> int:
    end = registry.ends.get(self)
    if end is None:
        sent: int = _base.sendmsg(self, buffers, *rest)
        return sent
    listed = list(buffers)
    with _Sending(end, sum(memoryview(item).nbytes for item in listed)) as sending:
        sending.sent = _base.sendmsg(self, listed, *rest)
    return sending.sent


def _door(address: Any) -> Door | None:
    if isinstance(address, tuple) and len(address) >= 2:
        host = "127.0.0.1" if address[0] == "localhost" else address[0]
        return registry.doors.get((host, address[1]))
    return None


def _connect(self: socket.socket, address: Any) -> None:
    door = _door(address)
    if door is None:
        if registry.guard is not None:
            registry.guard(self, address)
        _base.connect(self, address)
        return
    _refuse_trio()
    sender = connecting_sender()
    if not door.knock(sender or "unknown"):
        raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
    door.arriving(+1)
    try:
        _base.connect(self, address)
    except BlockingIOError:
        # asyncio's way: the connection is under way, and has its address.
        registry.connected(self, door, sender)
        raise
    except OSError:
        door.arriving(-1)
        raise
    else:
        registry.connected(self, door, sender)
    finally:
        door.connected()


def _refuse_trio() -> None:
    trio = sys.modules.get("trio")
    # Another thread may just be importing it.
    lowlevel = getattr(trio, "lowlevel", None)
    if lowlevel is not None and lowlevel.in_trio_run() and virtual_party() is not None:
        raise VirtualTimeError(
            'virtual time knows asyncio\'s event loop only: run a trio client in real time, Windtunnel(clock="real") or '
            '@pytest.mark.windtunnel(clock="real")'
        )


def _connect_ex(self: socket.socket, address: Any) -> int:
    if _door(address) is None and registry.guard is None:
        code: int = _base.connect_ex(self, address)
        return code
    try:
        _connect(self, address)
    except OSError as error:
        return error.errno or errno.ECONNREFUSED
    return 0


def _accept(self: socket.socket) -> tuple[socket.socket, Any]:
    sock, address = _real_accept(self)
    door = _door(self.getsockname())
    if door is not None:
        registry.accepted(sock, address[:2], door)
    return sock, address


def _shutdown(self: socket.socket, how: int) -> None:
    end = registry.ends.get(self)
    if end is not None and how in (socket.SHUT_WR, socket.SHUT_RDWR):
        end.outgoing.ended = True
    _real_shutdown(self, how)


def _close(self: socket.socket, *args: Any) -> None:
    registry.closed(self)
    _real_close(self, *args)
