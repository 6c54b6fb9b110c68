"""A plan as an in-memory client meets it: bytes when they are due, silences, and the ways a connection breaks.

No I/O and no waiting: the transport asks what comes next and does the waiting. Bytes leave at the plan's own pace,
whether or not the client reads, as they would on a socket.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import Final, Literal, Protocol, TypeAlias

from windtunnel_server.clock import VirtualClock
from windtunnel_server.journal import Entry, Performed, mask_headers
from windtunnel_server.performer import begin, end, reported_usage
from windtunnel_server.plan import Close, End, Head, Plan, Raw, Reset, Send, Wait
from windtunnel_server.unread import Unread
from windtunnel_server.whole import Whole

Breakage: TypeAlias = Literal["protocol", "reset", "refused"]

_SAID: Final[dict[Breakage, str]] = {
    "reset": "[Errno 104] Connection reset by peer",
    "refused": "[Errno 111] Connection refused",
}


@dataclass(frozen=True, slots=True)
class Silence:
    """Nothing before the clock reads `until`; infinity: nothing ever."""

    until: float


@dataclass(frozen=True, slots=True)
class Broken:
    """The connection broke: "protocol" as an HTTP client would complain, the others as the kernel would."""

    how: Breakage
    why: str


@dataclass(frozen=True, slots=True)
class Done:
    """The body is complete."""


class Now(Protocol):
    """All that is asked of a clock here."""

    def now(self) -> float:
        """Return seconds since its start."""
        ...


Next: TypeAlias = Head | Send | Silence | Broken | Done


def playback(plan: Plan, entry: Entry, clock: Now, *, bodiless: bool = False) -> Playback | Unbroken:
    """Return what a client meets of a plan."""
    if isinstance(plan, Whole) and isinstance(entry, Unread) and not bodiless:
        return Unbroken(plan, entry, clock.now())
    return Playback(plan, entry, clock, bodiless=bodiless)


class Playback:
    """Steps through one plan on a clock."""

    def __init__(self, plan: Plan, entry: Entry, clock: Now, *, bodiless: bool = False) -> None:
        self._steps = deque(plan.steps)
        self._notes = plan.notes
        #: Pieces with no silence between them are met as one, as they may be on a socket.
        self._joins = plan.notes.get("at_once") is True
        self._entry = entry
        self._clock = clock
        self._bodiless = bodiless
        self._due = clock.now()
        self._head: Head | None = None
        #: The content-length of the head; None for none.
        self._declared: int | None = None
        self._sent = 0
        self._outcome: Broken | Done | None = None

    def next(self) -> Next:
        """What the client meets next."""
        if self._outcome is not None:
            return self._outcome
        if self._due > self._clock.now() + VirtualClock.GRAIN_S:
            return Silence(self._due)
        step = self._steps.popleft() if self._steps else End()
        if isinstance(step, Wait):
            self._due += step.for_s
            self._note("wait")
            return self.next()
        if isinstance(step, Head):
            return self._started(step)
        if isinstance(step, Send):
            return (self._joined(step) if self._joins else self._sending(step)) or self.next()
        return self._ended(step)

    def _started(self, head: Head) -> Head:
        self._head = head
        length = head.header("content-length")
        self._declared = int(length) if length is not None and length.isdigit() else None
        self._entry.status, self._entry.response_headers = head.status, mask_headers(head.headers)
        begin(self._notes, self._entry, self._due)
        self._note("head")
        return head

    def _sending(self, step: Send) -> Send | None:
        if self._bodiless:
            return None
        data = step.data[: self._room()]
        self._sent += len(step.data)
        self._entry.bytes_out += len(step.data)
        self._note("send", len(step.data), step.event)
        if data and not self._entry.confidential:
            self._entry.sent.append(data)
        return Send(data, step.event) if data else None

    def _joined(self, first: Send) -> Send | None:
        met = [self._sending(first)]
        while self._steps and isinstance(step := self._steps[0], Send):
            self._steps.popleft()
            met.append(self._sending(step))
        data = b"".join([send.data for send in met if send is not None])
        return Send(data) if data else None

    def _room(self) -> int | None:
        """Bytes the declared length still allows; None for no limit. A client reads no further than that."""
        return None if self._declared is None else max(self._declared - self._sent, 0)

    def _ended(self, step: Raw | End | Close | Reset) -> Broken | Done:
        if isinstance(step, Raw):
            self._finish("raw", "closed")
            self._outcome = Broken("protocol", f"illegal chunk header: {step.data!r}")
        elif isinstance(step, Reset):
            how: Breakage = "refused" if step.refused else "reset"
            self._finish(how, how)
            self._outcome = Broken(how, _SAID[how])
        elif isinstance(step, Close):
            self._finish("close", "closed")
            self._outcome = self._closed()
        else:
            self._finish("end", "complete")
            self._outcome = Done()
        return self._outcome

    def _closed(self) -> Broken | Done:
        declared = self._declared
        if self._head is None:
            return Broken("protocol", "Server disconnected without sending a response.")
        if self._head.chunked:
            why = "peer closed connection without sending complete message body (incomplete chunked read)"
            return Broken("protocol", why)
        if declared is not None and self._sent < declared:
            why = "peer closed connection without sending complete message body "
            return Broken("protocol", f"{why}(received {self._sent} bytes, expected {declared})")
        return Done()

    def _finish(self, what: str, ended: str) -> None:
        self._note(what)
        self._end(ended, self._due)

    def _end(self, ended: str, at: float) -> None:
        self._entry.ended, self._entry.ended_at = ended, at
        self._entry.usage = reported_usage(self._notes, self._entry, complete=ended == "complete")
        end(self._notes)

    def _note(self, what: str, size: int = 0, event: str | None = None) -> None:
        self._entry.steps.append(Performed(self._due, what, size, event))

    def hang_up(self) -> None:
        """The client leaves. What was due by now had left already; the rest never does."""
        while self._outcome is None and self._due <= self._clock.now():
            self.next()
        if self._outcome is None:
            self._outcome = Broken("protocol", "the client hung up")
            self._end("hung up", self._clock.now())


class Unbroken:
    """A reply that is met whole at the instant `at_s`; the journal hears of its steps when somebody looks there."""

    def __init__(self, plan: Whole, entry: Unread, at_s: float) -> None:
        self._left: list[Next] = [Done(), Send(plan.data), plan.head] if plan.data else [Done(), plan.head]
        entry.status, entry.ended, entry.ended_at = plan.head.status, "complete", at_s
        entry.later(partial(_perform, plan, at_s))

    def next(self) -> Next:
        """What the client meets next."""
        return self._left.pop() if len(self._left) > 1 else self._left[0]

    def hang_up(self) -> None:
        """The client leaves; all of it had left before."""
        del self._left[1:]


def _perform(plan: Plan, at_s: float, entry: Entry) -> None:
    performed = Playback(plan, entry, _At(at_s))
    while not isinstance(performed.next(), (Broken, Done)):
        pass


class _At:
    """A clock that stands still."""

    def __init__(self, at_s: float) -> None:
        self._at_s = at_s

    def now(self) -> float:
        return self._at_s
