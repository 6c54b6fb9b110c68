"""Dates that agree with a virtual clock: `datetime`, `time.time`, `time.monotonic` and the rest, through freezegun.

Waits for real events (locks, queues, child processes, the test runner's own stopwatch) keep the machine's time:
freezegun would freeze them too.
"""

from __future__ import annotations

import datetime
import sys
import threading
import types
from typing import Any

from windtunnel_server.clock import VirtualClock
from windtunnel_server.inprocess import held_clocks

#: Modules whose own copies of the time functions stay real.
_WAIT_FOR_REAL_EVENTS = (
    "threading",
    "queue",
    "subprocess",
    "multiprocessing",
    "concurrent.futures",
    "_pytest",
    "pytest_timeout",
    "xdist",
    "execnet",
    "hypothesis",
    # trio keeps its own clock, which no virtual time moves.
    "trio",
    # Builds its models by asking whether a field's type *is* datetime: a stand-in would leave dates as strings.
    "anthropic._models",
    "anthropic._compat",
    "pydantic",
)


class Dates:
    """freezegun, moved by a virtual clock."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._freezer: Any = None
        self._lock = threading.Lock()

    def start(self) -> None:
        from freezegun import freeze_time

        self._freezer = freeze_time(_datetime(self._clock.wall()))
        # Its ignore list looks at who called whom and would show real time to any function that runs as a thread.
        self._freezer.ignore = ()
        frozen = _start_narrowly(self._freezer)
        _restore_real_waits(self._freezer)
        held_clocks.release()

        def move(now: float) -> None:
            with self._lock:
                if self._freezer is not None:
                    frozen.move_to(_datetime(self._clock.wall()))

        self._clock.on_move(move)

    def stop(self) -> None:
        with self._lock:
            freezer, self._freezer = self._freezer, None
        if freezer is not None:
            freezer.stop()


def _datetime(wall: float) -> datetime.datetime:
    # Rounded up to the next microsecond: what is due on the clock is due by the date too.
    return _EPOCH + _timedelta(microseconds=-(-wall * 1_000_000 // 1))


_real_datetime = datetime.datetime
_timedelta = datetime.timedelta
_EPOCH = _real_datetime(1970, 1, 1)


#: Modules that freezegun has looked through, and those of them that held something to replace.
_looked_through: set[str] = set()
_holders: set[str] = set()


def _start_narrowly(freezer: Any) -> Any:
    """Start freezegun on the modules that matter.

    It looks through every module at every start, which takes longer than most tests do. What it found last time is
    found again; only modules imported since are new to it.
    """
    from freezegun import api

    loaded = dict(sys.modules)
    shown = {name: module for name, module in loaded.items() if name in _holders or name not in _looked_through}
    vars(api)["sys"] = types.SimpleNamespace(modules=shown)
    try:
        frozen = freezer.start()
    finally:
        vars(api)["sys"] = sys
    freezer.modules_at_start = set(loaded)
    _looked_through.update(loaded)
    _holders.update(module.__name__ for module, _, _ in freezer.undo_changes)
    return frozen


def _restore_real_waits(freezer: Any) -> None:
    for module, attribute, value in list(freezer.undo_changes):
        name = getattr(module, "__name__", "")
        if name.startswith(_WAIT_FOR_REAL_EVENTS):
            setattr(module, attribute, value)
