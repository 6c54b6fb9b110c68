"""A reply as steps: what leaves the server, in order, and how long it waits in between.

A plan is a value. Faults turn one plan into another; a driver (socket or in-memory) performs it on a clock.
Times are seconds on that clock, sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TypeAlias

Headers: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and headers, in wire order.

    The driver adds nothing. A head with `transfer-encoding: chunked` has its sends framed as chunks; one with
    `content-length` has them sent as they are; one with neither is delimited by the end of the connection.
    """

    status: int
    headers: Headers = ()

    def header(self, name: str) -> str | None:
        """Return the first header of that name (any case), or None."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def with_header(self, name: str, value: str) -> Head:
        """Set a header: replaced where it stands, appended where it is new."""
        wanted = name.lower()
        if self.header(name) is None:
            return replace(self, headers=(*self.headers, (name, value)))
        return replace(self, headers=tuple((k, value if k.lower() == wanted else v) for k, v in self.headers))

    def without_header(self, name: str) -> Head:
        """Drop every header of that name."""
        wanted = name.lower()
        return replace(self, headers=tuple((k, v) for k, v in self.headers if k.lower() != wanted))

    def lines(self) -> bytes:
        """Return the headers as they go over the wire. ValueError for a line end in one, and for what is not Latin-1."""
        lines = "".join([f"{name}: {value}\r\n" for name, value in self.headers])
        if not lines.count("\r") == lines.count("\n") == len(self.headers):
            raise ValueError("a header of the answer has a line end in it, which would make two of one")
        return lines.encode("latin-1")

    @property
    def chunked(self) -> bool:
        return (self.header("transfer-encoding") or "").lower() == "chunked"


@dataclass(frozen=True, slots=True)
class Send:
    """Body bytes, framed by the head's rules.

    `event` names the server-sent event that ends with these bytes; None for bytes that complete no event
    (a JSON body, a piece of an event).
    """

    data: bytes
    event: str | None = None


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes written past the framing: for broken chunk headers and the like."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Wait:
    """Silence for `for_s` seconds; `math.inf` waits until the client hangs up."""

    for_s: float


@dataclass(frozen=True, slots=True)
class End:
    """The body is complete; the connection stays open if both sides keep it alive."""


@dataclass(frozen=True, slots=True)
class Close:
    """A clean FIN, wherever the body stands."""


@dataclass(frozen=True, slots=True)
class Reset:
    """A TCP RST, wherever the body stands.

    `refused`: nobody was listening. In memory the client cannot connect; on a socket it has a connection, which is reset.
    """

    refused: bool = False


Step: TypeAlias = Head | Send | Raw | Wait | End | Close | Reset


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in order. Every plan a driver performs ends with End, Close or Reset."""

    steps: tuple[Step, ...] = ()
    #: What the journal should know of this reply: usage as finally reported, error type and the like.
    notes: dict[str, object] = field(default_factory=dict, compare=False)

    def __add__(self, other: Plan | Step | Iterable[Step]) -> Plan:
        return Plan((*self.steps, *_steps(other)), self.notes)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def head(self) -> Head | None:
        """The head, or None for a plan that ends the connection before one."""
        return next((step for step in self.steps if isinstance(step, Head)), None)

    @property
    def status(self) -> int | None:
        head = self.head
        return None if head is None else head.status

    @property
    def is_stream(self) -> bool:
        """True for a server-sent event stream."""
        return any(isinstance(step, Send) and step.event is not None for step in self.steps)

    @property
    def waits(self) -> list[float]:
        """Every wait, in order, in seconds."""
        return [step.for_s for step in self.steps if isinstance(step, Wait)]

    @property
    def body(self) -> bytes:
        """All body bytes, unframed."""
        return b"".join(step.data for step in self.steps if isinstance(step, Send))

    @property
    def events(self) -> list[str]:
        """Names of the server-sent events, in order."""
        return [step.event for step in self.steps if isinstance(step, Send) and step.event is not None]

    def index_after_events(self, count: int) -> int:
        """Index of the step behind the `count`-th event; 0 events: behind the head.

        A plan with fewer events: the index of its end (before End, Close or Reset).
        """
        if count <= 0:
            return next((i + 1 for i, step in enumerate(self.steps) if isinstance(step, Head)), 0)
        seen = 0
        for index, step in enumerate(self.steps):
            if isinstance(step, Send) and step.event is not None:
                seen += 1
                if seen == count:
                    return index + 1
        return self.index_of_end

    @property
    def index_of_end(self) -> int:
        """Index of the first End, Close or Reset; the plan's length where there is none."""
        return next((i for i, step in enumerate(self.steps) if isinstance(step, (End, Close, Reset))), len(self))

    def split(self, after_events: int) -> tuple[Plan, Plan]:
        """Cut behind the `after_events`-th event: (head part, rest)."""
        cut = self.index_after_events(after_events)
        return Plan(self.steps[:cut], self.notes), Plan(self.steps[cut:])

    def map_head(self, change: Callable[[Head], Head]) -> Plan:
        """Apply `change` to the head; a plan without one comes back as it is."""
        return Plan(tuple(change(s) if isinstance(s, Head) else s for s in self.steps), self.notes)

    def map_sends(self, change: Callable[[Send], Iterable[Step]]) -> Plan:
        """Replace every Send by the steps `change` gives for it."""
        steps: list[Step] = []
        for step in self.steps:
            if isinstance(step, Send):
                steps.extend(change(step))
            else:
                steps.append(step)
        return Plan(tuple(steps), self.notes)


def _steps(part: Plan | Step | Iterable[Step]) -> tuple[Step, ...]:
    if isinstance(part, Plan):
        return part.steps
    if isinstance(part, (Head, Send, Raw, Wait, End, Close, Reset)):
        return (part,)
    return tuple(part)
