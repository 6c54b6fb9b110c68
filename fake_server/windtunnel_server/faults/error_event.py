"""The fault error_event: a stream that turns into an error."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from windtunnel_server.faults import _events, _frames, _framing, _needs
from windtunnel_server.faults._rules import Count, ErrorKind
from windtunnel_server.plan import End, Head, Plan, Send
from windtunnel_server.wire.generation import NEWEST

if TYPE_CHECKING:
    from windtunnel_server.wire import errors


def error_event(
    plan: Plan,
    *,
    rng: Random,
    kind: ErrorKind = "overloaded",
    after_events: Count = 0,
    message: str | None = None,
) -> Plan:
    """The stream says status 200 and then, after `after_events` events, an error event in the place of the rest.

    Seen when the service gives up after it has sent its headers: no status is left to say it with (wire.md 4.4).
    `kind` is the name of an error, `message` replaces its usual text. Bedrock sends an exception frame of its own.
    """
    from windtunnel_server.wire import errors

    head = _needs.stream(plan, "error_event", f"use fail({kind!r}), which answers with a status")
    sent, _ = _events.split(plan, "error_event", after_events)
    type: str | None
    if _frames.are_in(plan):
        data, type = _frame(errors.KINDS[kind], message)
    else:
        data, type = _event(errors.KINDS[kind], message, head, rng), errors.KINDS[kind].type
    sent = Plan(sent.steps, {**plan.notes, "error_type": type})
    return _framing.in_step(plan, sent + Send(data, "error") + End())


def _event(kind: errors.ErrorKind, message: str | None, head: Head, rng: Random) -> bytes:
    from windtunnel_server.wire import sse

    return sse.encode("error", _payload(kind, message, head), pad=rng.randint(0, sse.MAX_PAD))


def _frame(kind: errors.ErrorKind, message: str | None) -> tuple[bytes, str]:
    """Write Amazon's exception for the kind, or an error frame where it has none, and say its type."""
    from windtunnel_server.wire import aws_errors, eventstream

    code, _ = aws_errors.code_of(kind)
    said = aws_errors.words(kind, kind.text, generation=NEWEST) if message is None else message
    type = aws_errors.in_streams(code)
    frame = eventstream.error(code, said) if type is None else eventstream.exception(type, said)
    return frame.encode(), type or code


def _payload(kind: errors.ErrorKind, message: str | None, head: Head) -> dict[str, Any]:
    from windtunnel_server.wire import errors

    said = kind.text() if message is None else message
    request_id = head.header("request-id")
    payload = errors.stream_error(kind.type or "api_error", said, request_id=request_id or "")
    return payload if request_id else {key: value for key, value in payload.items() if key != "request_id"}
