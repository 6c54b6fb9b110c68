"""asyncio loops on a virtual clock: their time is the clock's, their idle waits are parked.

A loop that idles in its selector is a party that waits for its next timer. Its self-pipe wakes it.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import Any

from windtunnel_server.clock import REAL, Party, VirtualClock, stuck_error
from windtunnel_server.inprocess.clocks import clock_of_thread, virtual_party
from windtunnel_server.inprocess.flows import registry

_real_time = asyncio.BaseEventLoop.time
_selector_classes: list[Any] = [
    getattr(selectors, name)
    for name in ("EpollSelector", "PollSelector", "SelectSelector", "KqueueSelector")
    if hasattr(selectors, name)
]
_real_select = {cls: cls.select for cls in _selector_classes}

#: A loop's time is a larger number than the clock's, so its sums round more coarsely. Without this a timer could fire a
#: hair before its instant by the clock, and who then sleeps for that hair would never get past it.
_OVERSHOOT_S = 1e-9

#: Loop time at each clock's 0. A loop may be older than the tunnel; its timers must not jump when it enters.
_zeros: dict[int, float] = {}


def enter(clock: VirtualClock) -> None:
    """Let loops on this clock start from the machine's monotonic time."""
    _zeros[id(clock)] = REAL.monotonic() - clock.now()


def leave(clock: VirtualClock) -> None:
    _zeros.pop(id(clock), None)


def install() -> None:
    asyncio.BaseEventLoop.time = _time  # type: ignore[method-assign]
    for cls in _selector_classes:
        cls.select = _selecting(cls)


def uninstall() -> None:
    asyncio.BaseEventLoop.time = _real_time  # type: ignore[method-assign]
    for cls, real in _real_select.items():
        cls.select = real


def _time(self: asyncio.BaseEventLoop) -> float:
    # A loop that runs is asked by its own thread; one that is asked from outside is on its own thread's clock.
    clock = clock_of_thread(getattr(self, "_thread_id", None))
    if isinstance(clock, VirtualClock) and id(clock) in _zeros:
        return _zeros[id(clock)] + clock.now()
    return REAL.monotonic()


def _selecting(cls: Any) -> Any:
    real = _real_select[cls]

    def select(self: Any, timeout: float | None = None) -> Any:
        found, loop = virtual_party(), asyncio._get_running_loop()
        if found is None or loop is None or getattr(loop, "_selector", None) is not self:
            return real(self, timeout)
        ready = real(self, 0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        return _park(*found, loop, self, real, timeout)

    return select


def _park(clock: VirtualClock, party: Party, loop: Any, selector: Any, real: Any, timeout: float | None) -> Any:
    deadline = None if timeout is None else clock.now() + timeout + _OVERSHOOT_S
    party.has_foreign = _has_foreign(loop, selector)
    clock.park(party, deadline, expects=lambda: _expects(selector, real), wake=loop._write_to_self)
    try:
        while True:
            ready = real(selector, 0 if party.due else None)
            if ready or party.due or party.stuck:
                break
    finally:
        clock.unpark(party)
    if party.stuck:
        raise stuck_error(clock)
    return ready


def _expects(selector: Any, real: Any) -> bool:
    """Whether something is ready or on its way to this loop."""
    for fd, key in list(selector.get_map().items()):
        if not key.events & selectors.EVENT_READ:
            continue
        end = registry.end_of_fd(fd)
        if end is not None and end.incoming.on_its_way:
            return True
        door = registry.door_of_fd(fd)
        if door is not None and door.waiting:
            return True
    return bool(real(selector, 0))


def _has_foreign(loop: Any, selector: Any) -> bool:
    own = loop._ssock.fileno() if getattr(loop, "_ssock", None) is not None else -1
    return any(
        fd != own and registry.end_of_fd(fd) is None and registry.door_of_fd(fd) is None
        for fd in list(selector.get_map())
    )
