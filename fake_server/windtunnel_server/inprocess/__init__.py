"""A client that lives in the server's own process: seen through taps on its sockets, and able to share a clock.

`InProcess` puts it all in place for one server and takes it away again. With a real clock only the taps are set
(who calls, and refusals that are counted); with a virtual one sleeping, event loops, threads and dates join in.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack
from typing import ClassVar

from windtunnel_server.clock import Clock, Party, VirtualClock
from windtunnel_server.inprocess import clocks, loops, sockets, threads, tls
from windtunnel_server.inprocess.dates import Dates
from windtunnel_server.inprocess.flows import Address, Door, registry
from windtunnel_server.inprocess.stillness import Keeper

__all__ = ["InProcess"]

_lock = threading.Lock()


class InProcess:
    """What ties one fake server to the clients in its process."""

    def __init__(self, clock: Clock, *, dates: bool = True) -> None:
        self.clock = clock
        self._with_dates = dates
        self._parties: list[Party] = []
        self._doors: list[Address] = []

    def enter(self) -> None:
        """Set the taps and make this thread a party to the clock."""
        sockets.install()
        tls.install()
        if isinstance(self.clock, VirtualClock):
            _Shared.take(self.clock, with_dates=self._with_dates)
            self.join(is_server=False)

    def join(self, *, is_server: bool) -> None:
        """Make the calling thread a party to the clock."""
        if isinstance(self.clock, VirtualClock):
            ident = threading.get_ident()
            known = self.clock.party(ident)
            if known is not None:
                # The server's thread, a party since it was started; or a thread that a tunnel on this clock has joined.
                known.is_server = known.is_server or is_server
                return
            party = Party(threading.current_thread().name, ident, threading.get_native_id(), is_server=is_server)
            clocks.push(self.clock, ident)
            self.clock.join(party)
            self._parties.append(party)

    def leave(self) -> None:
        """Take the calling thread off the clock."""
        ident = threading.get_ident()
        if isinstance(self.clock, VirtualClock):
            for party in [party for party in self._parties if party.ident == ident]:
                clocks.pop(self.clock, ident)
                self._parties.remove(party)
                self.clock.leave(party)

    def exit(self) -> None:
        """Take everything away again. Call it from the thread that entered."""
        for address in self._doors:
            registry.shut(address)
        self._doors.clear()
        with ExitStack() as undo:
            undo.callback(sockets.uninstall)
            undo.callback(tls.uninstall)
            if isinstance(self.clock, VirtualClock):
                undo.callback(_Shared.give_back, self.clock)
                undo.callback(self.leave)

    @property
    def is_connecting(self) -> bool:
        """Whether a client of this process is about to say which connection is its own."""
        doors = [registry.doors.get(address) for address in self._doors]
        return any(door is not None and door.connecting for door in doors)

    def open_door(self, listening: socket.socket, knock: Callable[[str], bool]) -> None:
        """Watch for connections from this process to a listening socket; `knock` may refuse them."""
        door = registry.open(listening, Door(listening.getsockname()[:2], knock))
        self._doors.append(door.address)


class _Shared:
    """What a virtual clock needs once in a process, however many tunnels are on it: its keeper and its dates."""

    _of: ClassVar[dict[VirtualClock, _Shared]] = {}

    def __init__(self, clock: VirtualClock, *, with_dates: bool) -> None:
        self._users = 0
        self._keeper = Keeper(clock)
        self._dates = Dates(clock) if with_dates else None

    @classmethod
    def take(cls, clock: VirtualClock, *, with_dates: bool) -> None:
        with _lock:
            if not cls._of:
                loops.install()
                threads.install()
            if clock not in cls._of:
                loops.enter(clock)
                shared = cls._of[clock] = cls(clock, with_dates=with_dates)
                if shared._dates is not None:
                    shared._dates.start()
            cls._of[clock]._users += 1

    @classmethod
    def give_back(cls, clock: VirtualClock) -> None:
        with _lock, ExitStack() as undo:
            shared = cls._of[clock]
            shared._users -= 1
            if shared._users:
                return
            del cls._of[clock]
            if not cls._of:
                undo.callback(loops.uninstall)
                undo.callback(threads.uninstall)
            undo.callback(loops.leave, clock)
            undo.callback(shared._keeper.stop)
            if shared._dates is not None:
                undo.callback(shared._dates.stop)
