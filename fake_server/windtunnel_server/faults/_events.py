"""A streamed plan seen as events: each with its bytes, whether they leave in one piece or in many."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from windtunnel_server.faults import _frames, _framing
from windtunnel_server.plan import Plan, Send, Step, Wait
from windtunnel_server.script import ScriptError


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a stream: the sends that make it up, with the waits between them."""

    name: str
    steps: tuple[Step, ...]

    @property
    def data(self) -> bytes:
        return b"".join(step.data for step in self.steps if isinstance(step, Send))

    @property
    def is_sse(self) -> bool:
        """True for server-sent events, False for AWS event-stream frames."""
        return self.data.startswith(_frames.SSE)

    @property
    def said(self) -> bytes:
        """What the event says: the JSON of an AWS frame, the whole text of a server-sent event."""
        return self.data if self.is_sse else b"".join(map(_frames.said, _frames.all_of(self.data)))

    @property
    def is_whole(self) -> bool:
        """False where several events were put into one piece."""
        if self.is_sse:
            return self.data.find(b"\n\n") == len(self.data) - 2
        # An AWS frame starts with its own length.
        return int.from_bytes(self.data[:4], "big") == len(self.data)

    def rewritten(self, data: bytes) -> Event:
        """The same event with other bytes, in one piece; waits inside it move in front."""
        waits = tuple(step for step in self.steps if isinstance(step, Wait))
        return Event(self.name, (*waits, Send(data, self.name)))


Part: TypeAlias = "Event | Step"


def parts(plan: Plan, fault: str) -> list[Part]:
    """Split a streamed plan into its events and the steps between them."""
    found: list[Part] = []
    open_steps: list[Step] = []
    for step in plan:
        if isinstance(step, Send) and step.event is not None:
            found.append(_whole(Event(step.event, (*open_steps, step)), fault))
            open_steps = []
        elif isinstance(step, Send) or (open_steps and isinstance(step, Wait)):
            open_steps.append(step)
        else:
            found += [*open_steps, step]
            open_steps = []
    return [*found, *open_steps]


def _whole(event: Event, fault: str) -> Event:
    if event.is_whole:
        return event
    raise ScriptError(
        f"{fault} acts on single events, and an earlier fault merged or broke some; lay {fault} before it"
    )


def split(plan: Plan, fault: str, after_events: int) -> tuple[Plan, Plan]:
    """Take a plan apart where an event can be put in; ScriptError where another one has begun there."""
    before, behind = plan.split(after_events)
    whole = _frames.are_whole(before.body) if _frames.are_in(plan) else before.body.endswith(b"\n\n")
    if before.body and not whole:
        raise ScriptError(
            f"{fault} puts in an event, and an earlier fault left half of another there; lay {fault} before it"
        )
    return before, behind


def joined(found: Iterable[Part], plan: Plan) -> Plan:
    """Make a plan of the parts again, with the notes of `plan` and a content-length in step."""
    steps: list[Step] = []
    for part in found:
        steps.extend(part.steps if isinstance(part, Event) else (part,))
    return _framing.in_step(plan, Plan(tuple(steps), plan.notes))


def change_each(plan: Plan, fault: str, change: Callable[[Event], Event]) -> Plan:
    """Put `change(event)` in the place of every event."""
    found = parts(plan, fault)
    return joined([change(part) if isinstance(part, Event) else part for part in found], plan)


def change_one(plan: Plan, fault: str, at_event: int, change: Callable[[Event], Iterable[Part]]) -> Plan:
    """Put the parts `change` gives in the place of event `at_event`, counted from 0."""
    found = parts(plan, fault)
    place = place_of(found, at_event, fault)
    event = found[place]
    assert isinstance(event, Event)
    return joined([*found[:place], *change(event), *found[place + 1 :]], plan)


def places(found: list[Part]) -> list[int]:
    """Where the events are in a list of parts."""
    return [index for index, part in enumerate(found) if isinstance(part, Event)]


def place_of(found: list[Part], at_event: int, fault: str) -> int:
    """Return where event `at_event`, counted from 0, is; ScriptError where there are fewer."""
    where = places(found)
    if at_event < len(where):
        return where[at_event]
    raise ScriptError(
        f"{fault}: there is no event {at_event}, the reply has {len(where)} (0 to {len(where) - 1}); "
        f"choose one of them or lay {fault} over a longer reply"
    )


def without(plan: Plan, fault: str, name: str, nth: int = 0) -> Plan:
    """Leave out the `nth` event of that name, counted from 0; waits in front of it stay.

    Converse spells the names otherwise, and either spelling is taken.
    """
    found = parts(plan, fault)
    where = [index for index in places(found) if _name_at(found, index) in (name, _frames.named(name))]
    if nth >= len(where):
        names = ", ".join(dict.fromkeys(plan.events))
        raise ScriptError(
            f"{fault}: the reply has {len(where)} {name} events, and none numbered {nth}; choose one it has ({names})"
        )
    return joined([*found[: where[nth]], *found[where[nth] + 1 :]], plan)


def _name_at(found: list[Part], index: int) -> str:
    part = found[index]
    return part.name if isinstance(part, Event) else ""
