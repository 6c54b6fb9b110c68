"""What happens, pushed: the journal's changes as server-sent events, to whoever watches.

An `entry` event carries one call as the journal has it: when it came, and again when it has ended. `reset` says that
the journal was emptied, `health` how things stand, whenever that changes and at least every few seconds. The ids count
the changes, so a viewer that lost its connection goes on where it was.

Watching costs the journal nothing and knows no virtual time: it looks at the journal a few times a second of real time.
On a virtual clock nothing here may wait; the stream ends once it has told all, and the viewer asks again.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from typing import Any

from windtunnel_server.journal import Entry, Journal
from windtunnel_server.performer import Outlet, head_bytes
from windtunnel_server.plan import Head
from windtunnel_server.wire.compact import utf8

#: How often the journal is looked at, and how long it is silent at most. Seconds of real time.
TICK_S = 0.1
BEAT_S = 5.0
#: How much is written in one go; between two goes the server answers its clients.
_PIECE_BYTES = 128 * 1024
#: When a viewer whose stream ended should ask again. Milliseconds, as the standard has it.
_RETRY = b"retry: 1000\n\n"

HEAD = Head(
    200,
    (
        ("content-type", "text/event-stream; charset=utf-8"),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("transfer-encoding", "chunked"),
    ),
)


class Changes:
    """The calls of a journal in the order in which they came and ended, each perhaps twice."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._begin()

    def _begin(self) -> None:
        #: Names this journal between two resets.
        self.token = secrets.token_hex(4)
        self._order: list[Entry] = []
        self._last: dict[int, int] = {}
        self._under_way: list[Entry] = []
        self._calls: list[Entry] = []

    def __len__(self) -> int:
        return len(self._order)

    def look(self) -> None:
        """Take in what has happened since."""
        calls, known = self._journal.calls, len(self._calls)
        if len(calls) < known or (known and calls[0] is not self._calls[0]):
            self._begin()
            known = 0
        ended = [entry for entry in self._under_way if entry.ended is not None]
        fresh = calls[known:]
        for entry in (*ended, *fresh):
            self._last[entry.number] = len(self._order)
            self._order.append(entry)
        self._under_way = [entry for entry in (*self._under_way, *fresh) if entry.ended is None]
        self._calls = calls

    def at(self, place: int) -> Entry | None:
        """Return the call that changed there; None where a later change tells it too."""
        entry = self._order[place]
        return entry if self._last[entry.number] == place else None

    def place(self, since: str) -> int | None:
        """Return where a viewer goes on that has seen the event `since`; None where that was another journal."""
        token, _, place = since.partition("-")
        known = place.isascii() and place.isdigit() and len(place) < 20
        return min(int(place), len(self)) if known and token == self.token else None


class Viewer:
    """One stream of changes on one connection (http1 performs it in the place of a plan)."""

    def __init__(
        self,
        changes: Changes,
        outlet: Outlet,
        health: Callable[[], dict[str, Any]],
        *,
        since: str | None,
        chunked: bool,
        once: bool,
    ) -> None:
        self._changes = changes
        self._outlet = outlet
        self._health = health
        self._since = since
        self._chunked = chunked
        self._once = once
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._token = ""
        self._at = 0
        self._said: dict[str, Any] = {}
        self._silent_since = 0.0
        self._running = True

    def go(self) -> None:
        """Begin."""
        self._changes.look()
        place = 0 if self._since is None else self._changes.place(self._since)
        self._token, self._at = (self._changes.token, place) if place is not None else ("", 0)
        self._outlet.write(head_bytes(HEAD if self._chunked else HEAD.without_header("transfer-encoding")))
        self._put(_RETRY)
        self._turn()

    def stop(self, ended: str) -> None:
        """The viewer left, or the server stops: then the stream ends in good order."""
        if self._timer is not None:
            self._timer.cancel()
        if self._running and ended == "stopped":
            self._last_chunk()
        self._running = False

    def _turn(self) -> None:
        if not self._running:
            return
        self._changes.look()
        self._put(self._reset() + self._entries() + self._beat())
        is_behind = self._at < len(self._changes)
        if self._once and not is_behind:
            self._running = False
            self._last_chunk()
            self._outlet.done()
        elif self._outlet.drained(self._turn):
            self._timer = self._loop.call_later(0 if is_behind else TICK_S, self._turn)

    def _reset(self) -> bytes:
        if self._token == self._changes.token:
            return b""
        self._token, self._at = self._changes.token, 0
        return _event("reset", {}, f"{self._token}-0")

    def _entries(self) -> bytes:
        out = bytearray()
        while self._at < len(self._changes) and len(out) < _PIECE_BYTES:
            entry = self._changes.at(self._at)
            self._at += 1
            if entry is not None:
                out += _event("entry", entry.to_json(), f"{self._token}-{self._at}")
        return bytes(out)

    def _beat(self) -> bytes:
        now, health = self._loop.time(), self._health()
        said = {name: value for name, value in health.items() if name != "now"}
        if said == self._said and now - self._silent_since < BEAT_S:
            return b""
        self._said, self._silent_since = said, now
        return _event("health", health)

    def _put(self, data: bytes) -> None:
        if data:
            self._outlet.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)

    def _last_chunk(self) -> None:
        if self._chunked:
            self._outlet.write(b"0\r\n\r\n")


def _event(name: str, value: Any, number: str | None = None) -> bytes:
    # A line break would end the data; JSON has none but those it escapes.
    line = f"event: {name}\ndata: {json.dumps(value, ensure_ascii=False)}\n\n"
    return utf8(line if number is None else f"id: {number}\n{line}")
