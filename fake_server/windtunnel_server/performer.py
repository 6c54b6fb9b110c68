"""Performs a plan on a connection: frames bytes, waits on the clock, cuts. Tells the journal each step."""

from __future__ import annotations

import http
import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from windtunnel_server.clock import Clock
from windtunnel_server.journal import Entry, Performed, mask_headers
from windtunnel_server.plan import Close, End, Head, Plan, Raw, Reset, Send, Wait
from windtunnel_server.wheel import Timer, Wheel

_REASONS = {status.value: status.phrase for status in http.HTTPStatus} | {
    499: "Client Closed Request",
    520: "Web Server Returned an Unknown Error",
    521: "Web Server Is Down",
    522: "Connection Timed Out",
    523: "Origin Is Unreachable",
    524: "A Timeout Occurred",
    529: "Overloaded",
}


class Outlet(Protocol):
    """Where bytes go."""

    def write(self, data: bytes) -> None: ...

    def drained(self, then: Callable[[], None]) -> bool:
        """True when nothing is left unwritten; else `then` is called once that is so."""
        ...

    def ending(self) -> None:
        """The last bytes of the reply are about to be written."""
        ...

    def close(self) -> None: ...

    def reset(self) -> None: ...

    def done(self) -> None:
        """The reply ended in good order; the connection may be used again."""
        ...


def head_bytes(head: Head) -> bytes:
    """A status line and headers as they go over the wire. ValueError for headers that cannot."""
    reason = _REASONS.get(head.status, "Unknown")
    return b"HTTP/1.1 %d %b\r\n%b\r\n" % (head.status, reason.encode("ascii"), head.lines())


def reported_usage(notes: Mapping[str, object], entry: Entry, *, complete: bool) -> dict[str, Any] | None:
    """The usage a client can have read off what left: that of the last event that carried one, or of a whole body."""
    events = entry.events_sent
    if not events:
        said = notes.get("usage") if complete else None
    elif str(notes.get("usage_event", "message_delta")) in events:
        said = notes.get("usage")
    else:
        said = notes.get("usage_at_start") if "message_start" in events else None
    return dict(said) if isinstance(said, Mapping) else None


def begin(notes: Mapping[str, object], entry: Entry, at: float) -> None:
    """The answer begins to leave: from here on it is billed, and what it wrote to the prompt cache can be read."""
    billed, told = notes.get("billed"), notes.get("on_begin")
    entry.billed = dict(billed) if isinstance(billed, Mapping) else None
    if callable(told):
        told(at)


def end(notes: Mapping[str, object]) -> None:
    """The answer is over, however it ended."""
    told = notes.get("on_end")
    if callable(told):
        told()


class Performance:
    """One plan being performed. Steps with no wait between them leave in one write."""

    def __init__(self, plan: Plan, entry: Entry, outlet: Outlet, clock: Clock, wheel: Wheel, *, bodiless: bool) -> None:
        self._steps = iter(plan.steps)
        self._notes = plan.notes
        self._entry = entry
        self._outlet = outlet
        self._clock = clock
        self._wheel = wheel
        self._bodiless = bodiless
        self._chunked = False
        self._timer: Timer | None = None
        self._pending: list[bytes] = []
        #: The instant of the steps under way: those with no wait between them leave as one, so they share it.
        self._at = clock.now()
        #: The instant the last wait was to end at, and how far behind the plan's pace we are.
        self._due, self._behind_s = math.inf, 0.0
        self.running = True

    def go(self) -> None:
        """Perform steps until the next wait, or the end."""
        if not self.running:
            return
        self._at = self._clock.now()
        for step in self._steps:
            if isinstance(step, Send):
                self._send(step)
            elif isinstance(step, Head):
                self._head(step)
            elif isinstance(step, Raw):
                self._put(step.data)
                self._note("raw", len(step.data))
            elif isinstance(step, Wait):
                if step.for_s > 0:
                    self._note("wait")
                    self._flush_then(lambda for_s=step.for_s: self._wait(for_s))  # type: ignore[misc]
                    return
            else:
                self._last(step)
                return

    def _wait(self, for_s: float) -> None:
        if self.running:
            # A timer that came late is made up for, or a long stream would drift; time the client held us up is not.
            behind_s = max(self._behind_s + self._at - self._due, 0.0)
            made_up_s = min(behind_s, for_s / 2)
            since = max(self._at, self._clock.now() - self._wheel.tick_s)
            self._due, self._behind_s = since + for_s - made_up_s, behind_s - made_up_s
            self._timer = self._wheel.at(self._due, self.go)

    def _head(self, head: Head) -> None:
        data = head_bytes(head)
        self._chunked = head.chunked
        self._entry.status = head.status
        self._entry.response_headers = mask_headers(head.headers)
        begin(self._notes, self._entry, self._at)
        self._put(data)
        self._note("head", len(data))

    def _send(self, step: Send) -> None:
        if self._bodiless or not step.data:
            return
        self._put(b"%x\r\n%b\r\n" % (len(step.data), step.data) if self._chunked else step.data)
        self._note("send", len(step.data), step.event)
        if not self._entry.confidential:
            self._entry.sent.append(step.data)

    def _last(self, step: End | Close | Reset) -> None:
        if isinstance(step, End):
            if self._chunked and not self._bodiless:
                self._put(b"0\r\n\r\n")
            # Told before the last bytes leave: a client that has read them may look at the journal at once.
            self._note("end")
            self._tell("complete")
            self._outlet.ending()
            self._flush_then(self._completed, late=self._completed_late)
        elif isinstance(step, Close):
            self._flush_then(lambda: self._finish("close", "closed", self._outlet.close))
        else:
            self._flush_then(lambda: self._finish("reset", "reset", self._outlet.reset))

    def _completed(self) -> None:
        """End at the instant just before the last write: on a busy machine we hear of its end after the client has."""
        if self.running:
            self.running = False
            self._entry.steps[-1] = Performed(self._entry.ended_at or self._at, "end")
            self._outlet.done()

    def _completed_late(self) -> None:
        """The client took its time to read: the last bytes left only now."""
        self._entry.ended_at = self._clock.now()
        self._completed()

    def _finish(self, what: str, ended: str, act: Callable[[], None]) -> None:
        if not self.running:
            return
        self._at = self._clock.now()
        self._note(what)
        self._end(ended)
        act()

    def stop(self, ended: str) -> None:
        """The connection or the server went away before the plan was done."""
        if self.running:
            if self._timer is not None:
                self._timer.cancel()
            if self._entry.steps and self._entry.steps[-1].what == "end":
                self._entry.steps.pop()
            self._end(ended)

    def _end(self, ended: str) -> None:
        self.running = False
        self._tell(ended)

    def _tell(self, ended: str) -> None:
        self._entry.usage = reported_usage(self._notes, self._entry, complete=ended == "complete")
        end(self._notes)
        self._entry.ended = ended
        self._entry.ended_at = self._clock.now()

    def _put(self, data: bytes) -> None:
        self._pending.append(data)

    def _flush_then(self, then: Callable[[], None], *, late: Callable[[], None] | None = None) -> None:
        """Write what is pending, then go on: with `late` where it did not leave at once."""
        if self._pending:
            data = b"".join(self._pending)
            self._pending.clear()
            self._entry.bytes_out += len(data)
            self._outlet.write(data)
        if self._outlet.drained(late or then):
            then()

    def _note(self, what: str, size: int = 0, event: str | None = None) -> None:
        self._entry.steps.append(Performed(self._at, what, size, event))
