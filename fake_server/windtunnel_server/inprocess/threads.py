"""Sleeping, and threads that are started inside a tunnel: they become parties to its clock."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from windtunnel_server.clock import REAL, Party, VirtualClock
from windtunnel_server.inprocess import clocks

_real_bootstrap: Callable[[threading.Thread], None] = threading.Thread._bootstrap_inner  # type: ignore[attr-defined]
_real_start = threading.Thread.start


def _sleep(seconds: float) -> None:
    found = clocks.virtual_party()
    if found is None:
        REAL.sleep(seconds)
    elif seconds < 0:
        raise ValueError("sleep length must be non-negative")
    else:
        found[0].sleep(float(seconds))


def _start(self: threading.Thread) -> None:
    clock = clocks.clock_of_thread()
    if isinstance(clock, VirtualClock):
        # A party from before it runs: its parent blocks until it does, and on a busy machine that takes a while.
        party = Party(self.name, ident=-id(self))
        clock.join(party)
        self._windtunnel_party = (clock, party)  # type: ignore[attr-defined]
    try:
        _real_start(self)
    except BaseException:
        if isinstance(clock, VirtualClock):
            clock.leave(party)
        raise


def _bootstrap(self: threading.Thread) -> None:
    clock, party = getattr(self, "_windtunnel_party", (None, None))
    if clock is None or party is None:
        _real_bootstrap(self)
        return
    clock.rename(party, threading.get_ident(), threading.get_native_id())
    clocks.push(clock, party.ident)
    try:
        _real_bootstrap(self)
    finally:
        clocks.pop(clock, party.ident)
        clock.leave(party)


def install() -> None:
    """Make `time.sleep` and `Thread.start` know virtual time."""
    _replace_everywhere(REAL.sleep, _sleep)
    time.sleep = _sleep  # type: ignore[assignment]
    threading.Thread.start = _start  # type: ignore[method-assign]
    threading.Thread._bootstrap_inner = _bootstrap  # type: ignore[attr-defined]


def uninstall() -> None:
    _replace_everywhere(_sleep, REAL.sleep)
    time.sleep = REAL.sleep
    threading.Thread.start = _real_start  # type: ignore[method-assign]
    threading.Thread._bootstrap_inner = _real_bootstrap  # type: ignore[attr-defined]


def _replace_everywhere(old: Any, new: Any) -> None:
    """Reach modules that did `from time import sleep`."""
    for name, module in sys.modules.copy().items():
        if getattr(module, "__dict__", {}).get("sleep") is old and not name.startswith("windtunnel_server"):
            vars(module)["sleep"] = new
