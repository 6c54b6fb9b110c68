"""The fault error_event: a stream that turns into an error."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING, Any

from windtunnel_server.faults import _events, _framing, _needs
from windtunnel_server.faults._rules import Count, ErrorKind
from windtunnel_server.plan import End, Head, Plan, Send

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
    `kind` is the name of an error, `message` replaces its usual text.
    """
    from windtunnel_server.wire import errors, sse

    head = _needs.stream(plan, "error_event", f"use fail({kind!r}), which answers with a status")
    _events.only_sse_stream(plan, "error_event", f"use fail({kind!r}), which answers with a status")
    sent, _ = _events.split(plan, "error_event", after_events)
    data = sse.encode("error", _payload(errors.KINDS[kind], message, head), pad=rng.randint(0, sse.MAX_PAD))
    sent = Plan(sent.steps, {**plan.notes, "error_type": errors.KINDS[kind].type})
    return _framing.in_step(plan, sent + Send(data, "error") + End())


def _payload(kind: errors.ErrorKind, message: str | None, head: Head) -> dict[str, Any]:
    from windtunnel_server.wire import errors

    said = kind.text() if message is None else message
    request_id = head.header("request-id")
    payload = errors.stream_error(kind.type or "api_error", said, request_id=request_id or "")
    return payload if request_id else {key: value for key, value in payload.items() if key != "request_id"}
