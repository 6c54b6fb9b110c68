"""Find the place where a body is cut, and take it apart there."""

from __future__ import annotations

from windtunnel_server.faults import _framing, _needs
from windtunnel_server.plan import End, Plan, Send
from windtunnel_server.script import ScriptError


def split(
    plan: Plan, fault: str, *, after_events: int | None = None, after_bytes: int | None = None
) -> tuple[Plan, Plan]:
    """Take a plan apart behind so many events or body bytes; by default in the middle of the body.

    The middle of a stream is behind half of its events, rounded down; that of a JSON body behind half of its bytes.
    A body that is shorter than asked for is cut at its end, before it is finished.
    """
    _needs.head(plan, fault)
    if after_events is not None and after_bytes is not None:
        raise ScriptError(f"{fault}: after_events and after_bytes name two places; give one of them")
    if after_bytes is not None:
        return _behind_bytes(plan, after_bytes)
    if plan.is_stream:
        return plan.split(len(plan.events) // 2 if after_events is None else after_events)
    if after_events is not None:
        raise ScriptError(
            f"{fault}: after_events counts the events of a stream, and this reply has none; "
            f"use after_bytes, or leave it out for the middle of the body"
        )
    return _behind_bytes(plan, len(plan.body) // 2)


def ended(plan: Plan, sent: Plan) -> Plan:
    """End the body of `plan` behind the steps of `sent` in a way that HTTP takes for the whole.

    A body that is cut without an event in it tells no usage: the journal must not book what nobody could read.
    """
    notes = sent.notes if sent.is_stream else {**sent.notes, "usage": None}
    return _framing.in_step(plan, Plan((*sent.steps, End()), notes))


def _behind_bytes(plan: Plan, count: int) -> tuple[Plan, Plan]:
    cut, left = plan.index_after_events(0), count
    while left > 0 and cut < plan.index_of_end:
        step = plan.steps[cut]
        if isinstance(step, Send) and len(step.data) > left:
            return _inside(plan, cut, left)
        left -= len(step.data) if isinstance(step, Send) else 0
        cut += 1
    return Plan(plan.steps[:cut], plan.notes), Plan(plan.steps[cut:])


def _inside(plan: Plan, index: int, count: int) -> tuple[Plan, Plan]:
    send = plan.steps[index]
    assert isinstance(send, Send)
    front, back = Send(send.data[:count]), Send(send.data[count:], send.event)
    return Plan((*plan.steps[:index], front), plan.notes), Plan((back, *plan.steps[index + 1 :]))
