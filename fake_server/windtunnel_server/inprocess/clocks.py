"""Which clock a thread lives on. Threads started inside a tunnel live on its clock too."""

from __future__ import annotations

import threading

from windtunnel_server.clock import Clock, Party, VirtualClock

_by_thread: dict[int, list[Clock]] = {}


def clock_of_thread(ident: int | None = None) -> Clock | None:
    """The innermost clock of a thread (this one by default)."""
    stack = _by_thread.get(threading.get_ident() if ident is None else ident)
    return stack[-1] if stack else None


def virtual_party() -> tuple[VirtualClock, Party] | None:
    """The virtual clock this thread lives on, and the party it is to it; None on any other clock."""
    clock = clock_of_thread()
    party = clock.party(threading.get_ident()) if isinstance(clock, VirtualClock) else None
    return (clock, party) if isinstance(clock, VirtualClock) and party is not None else None


def push(clock: Clock, ident: int) -> None:
    _by_thread.setdefault(ident, []).append(clock)


def pop(clock: Clock, ident: int) -> None:
    stack = _by_thread.get(ident, [])
    if clock in stack:
        stack.remove(clock)
    if not stack:
        _by_thread.pop(ident, None)
