"""What is on its way between two sockets of this process.

Counted at both ends, since the kernel may hand bytes over a little after `send` has returned. Each direction of a
connection is a flow; a flow with something unread keeps virtual time from moving while its reader waits for it.
"""

from __future__ import annotations

import socket
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass, field

Address = tuple[str, int]


@dataclass(slots=True, eq=False)
class Flow:
    """One direction: bytes sent and not yet read, and whether its end is on its way."""

    unread: int = 0
    ended: bool = False
    end_seen: bool = False

    @property
    def on_its_way(self) -> bool:
        return not self.end_seen and (self.unread > 0 or self.ended)

    def lost(self) -> None:
        """The reader is gone or was reset: nothing will be read any more."""
        self.unread = 0
        self.end_seen = True


@dataclass(slots=True, eq=False)
class Link:
    """A connection to a fake server of this process."""

    client: Address
    server: Address
    to_server: Flow = field(default_factory=Flow)
    to_client: Flow = field(default_factory=Flow)
    #: The client's end is a socket of this process. Until it says so, it may be anybody's.
    is_ours: bool = False
    #: Who sent last from the client's side: "thread 1", "thread 1 task 3".
    sender: str | None = None


@dataclass(slots=True, eq=False)
class End:
    """One end of a link, as the socket that holds it sees it."""

    link: Link
    incoming: Flow
    outgoing: Flow
    is_client: bool


@dataclass(slots=True, eq=False)
class Door:
    """A listening address of a fake server in this process."""

    address: Address
    #: Called for every connection attempt with its sender; False refuses it.
    knock: Callable[[str], bool] = field(default=lambda sender: True)
    #: Connections made and not yet accepted.
    waiting: int = 0
    #: Clients of this process that are connecting and have not said so yet.
    connecting: int = 0

    def arriving(self, by: int) -> None:
        """Count a connection in (+1), or one that came to nothing out (-1)."""
        with registry.lock:
            self.waiting = max(self.waiting + by, 0)
            if by > 0:
                self.connecting += 1

    def connected(self) -> None:
        """One of those that were connecting has said which connection is its own, or failed."""
        with registry.lock:
            self.connecting -= 1


class Registry:
    """All doors and links of this process."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        #: Asked before any other connection is made; raises to forbid it.
        self.guard: Callable[[socket.socket, object], None] | None = None
        self.doors: dict[Address, Door] = {}
        self.ends: weakref.WeakKeyDictionary[socket.socket, End] = weakref.WeakKeyDictionary()
        self.by_fd: dict[int, weakref.ref[socket.socket]] = {}
        self._links: dict[tuple[Address, Address], Link] = {}

    def open(self, listening: socket.socket, door: Door) -> Door:
        """Watch for connections from this process to a listening socket."""
        self.doors[door.address] = door
        self.by_fd[listening.fileno()] = weakref.ref(listening)
        return door

    def shut(self, address: Address) -> None:
        """Stop watching."""
        self.doors.pop(address, None)

    def connected(self, sock: socket.socket, door: Door, sender: str | None) -> None:
        """Note the client's end of a new connection."""
        link = self._link(sock.getsockname()[:2], door.address)
        link.is_ours, link.sender = True, sender
        self._hold(sock, End(link, link.to_client, link.to_server, is_client=True))

    def accepted(self, sock: socket.socket, client: Address, door: Door) -> None:
        """Note the server's end."""
        with self.lock:
            door.waiting = max(door.waiting - 1, 0)
        link = self._link(client, door.address)
        self._hold(sock, End(link, link.to_server, link.to_client, is_client=False))

    def _link(self, client: Address, server: Address) -> Link:
        """The link between two addresses. Either end may ask first: the server can accept before the client knows."""
        with self.lock:
            link = self._links.get((client, server))
            if link is None:
                link = self._links[client, server] = Link(client, server)
            return link

    def _hold(self, sock: socket.socket, end: End) -> None:
        self.ends[sock] = end
        self.by_fd[sock.fileno()] = weakref.ref(sock)

    def moved(self, sock: socket.socket) -> End | None:
        """A socket has taken over the descriptor of another one, as TLS sockets do: it is at that one's end from now on."""
        ref = self.by_fd.get(sock.fileno())
        before = ref() if ref is not None else None
        end = self.ends.get(sock) if before is sock else None
        # Who has given up its descriptor has none; any other one has been closed long since.
        if before is not None and before is not sock and before.fileno() < 0:
            end = self.ends.pop(before, None)
            if end is not None:
                self._hold(sock, end)
        return end

    def end_of_fd(self, fd: int) -> End | None:
        ref = self.by_fd.get(fd)
        sock = ref() if ref is not None else None
        if sock is None or sock.fileno() != fd:
            return None
        return self.ends.get(sock)

    def closed(self, sock: socket.socket) -> None:
        """A socket is about to be closed: its end tells the other one."""
        end = self.ends.pop(sock, None)
        if end is not None:
            self.by_fd.pop(sock.fileno(), None)
            end.incoming.lost()
            end.outgoing.ended = True
            if not end.is_client:
                self._links.pop((end.link.client, end.link.server), None)

    def door_of_fd(self, fd: int) -> Door | None:
        ref = self.by_fd.get(fd)
        sock = ref() if ref is not None else None
        if sock is None or sock.fileno() != fd:
            return None
        try:
            return self.doors.get(sock.getsockname()[:2])
        except OSError:
            return None


registry = Registry()
