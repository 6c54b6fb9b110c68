"""A client that lives in the server's own process: seen through taps on its sockets, and able to share a clock.

`InProcess` puts it all in place for one server and takes it away again. With a real clock only the taps are set
(who calls, and refusals that are counted); with a virtual one sleeping, event loops, threads and dates join in.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable

from windtunnel_server.clock import Clock, Party, VirtualClock
from windtunnel_server.inprocess import clocks, loops, sockets, threads
from windtunnel_server.inprocess.dates import Dates
from windtunnel_server.inprocess.flows import Address, Door, registry
from windtunnel_server.inprocess.stillness import Keeper

__all__ = ["InProcess"]

_virtual_clocks = 0
_lock = threading.Lock()


class InProcess:
    """What ties one fake server to the clients in its process."""

    def __init__(self, clock: Clock, *, dates: bool = True) -> None:
        self.clock = clock
        self._dates = Dates(clock) if dates and isinstance(clock, VirtualClock) else None
        self._keeper: Keeper | None = None
        self._parties: list[Party] = []
        self._doors: list[Address] = []

    def enter(self) -> None:
        """Set the taps and make this thread a party to the clock."""
        sockets.install()
        if isinstance(self.clock, VirtualClock):
            _install_virtual()
            loops.enter(self.clock)
            self._keeper = Keeper(self.clock)
            self.join(is_server=False)
            if self._dates is not None:
                self._dates.start()

    def join(self, *, is_server: bool) -> None:
        """Make the calling thread a party to the clock."""
        if isinstance(self.clock, VirtualClock):
            ident = threading.get_ident()
            known = self.clock.party(ident)
            if known is not None and is_server:
                known.is_server = True
                return
            party = Party(threading.current_thread().name, ident, threading.get_native_id(), is_server=is_server)
            clocks.push(self.clock, ident)
            self.clock.join(party)
            self._parties.append(party)

    def leave(self) -> None:
        """Take the calling thread off the clock."""
        ident = threading.get_ident()
        if isinstance(self.clock, VirtualClock):
            clocks.pop(self.clock, ident)
            for party in [party for party in self._parties if party.ident == ident]:
                self._parties.remove(party)
                self.clock.leave(party)

    def exit(self) -> None:
        """Take everything away again. Call it from the thread that entered."""
        for address in self._doors:
            registry.shut(address)
        self._doors.clear()
        if isinstance(self.clock, VirtualClock):
            if self._dates is not None:
                self._dates.stop()
            self.leave()
            if self._keeper is not None:
                self._keeper.stop()
            loops.leave(self.clock)
            _uninstall_virtual()
        sockets.uninstall()

    @property
    def is_connecting(self) -> bool:
        """Whether a client of this process is about to say which connection is its own."""
        doors = [registry.doors.get(address) for address in self._doors]
        return any(door is not None and door.connecting for door in doors)

    def open_door(self, listening: socket.socket, knock: Callable[[str], bool]) -> None:
        """Watch for connections from this process to a listening socket; `knock` may refuse them."""
        door = registry.open(listening, Door(listening.getsockname()[:2], knock))
        self._doors.append(door.address)


def _install_virtual() -> None:
    global _virtual_clocks
    with _lock:
        _virtual_clocks += 1
        if _virtual_clocks == 1:
            loops.install()
            threads.install()


def _uninstall_virtual() -> None:
    global _virtual_clocks
    with _lock:
        _virtual_clocks -= 1
        if _virtual_clocks == 0:
            threads.uninstall()
            loops.uninstall()
