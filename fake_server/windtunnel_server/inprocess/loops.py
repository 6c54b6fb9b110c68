"""asyncio loops on a virtual clock: their time is the clock's, their idle waits are parked.

A loop that idles in its selector is a party that waits for its next timer. Its self-pipe wakes it.
"""

from __future__ import annotations

import asyncio
import selectors
import weakref
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

#: Sums in a loop whose time is a larger number than the clock's round more coarsely. Without this a timer could fire a
#: hair before its instant by the clock, and who then sleeps for that hair would never get past it.
_OVERSHOOT_S = 1e-9

#: The clocks in use, and for each the loops that were running already when it was taken into use.
_older: dict[VirtualClock, weakref.WeakSet[asyncio.AbstractEventLoop]] = {}

#: Loop time at a clock's 0, by loop.
_zeros: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, tuple[VirtualClock, float]] = weakref.WeakKeyDictionary()


def enter(clock: VirtualClock) -> None:
    """Let loops follow this clock."""
    running = asyncio._get_running_loop()
    _older[clock] = weakref.WeakSet([running] if running is not None else [])


def leave(clock: VirtualClock) -> None:
    _older.pop(clock, None)


def _zero(loop: asyncio.AbstractEventLoop, clock: VirtualClock) -> float:
    """A loop counts as the clock does, and to the same bit; one with timers from before goes on from where it was."""
    of_clock, zero = _zeros.get(loop, (None, 0.0))
    if of_clock is not clock:
        goes_on = loop in _older[clock] or bool(getattr(loop, "_scheduled", None))
        zero = REAL.monotonic() - clock.now() if goes_on else 0.0
        _zeros[loop] = clock, zero
    return zero


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
    if isinstance(clock, VirtualClock) and clock in _older:
        return _zero(self, clock) + clock.now()
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
    deadline = None if timeout is None else _deadline(clock, loop, timeout)
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


def _deadline(clock: VirtualClock, loop: Any, timeout: float) -> float:
    """The instant of the loop's next timer, to the bit where loop and clock count alike."""
    if _zero(loop, clock):
        return clock.now() + timeout + _OVERSHOOT_S
    return float(loop._scheduled[0]._when) if loop._scheduled else clock.now() + timeout


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
