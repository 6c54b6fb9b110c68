"""The fault json_instead_of_stream: the right answer in the wrong form."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _frames, _framing, _message, _needs
from windtunnel_server.plan import Head, Plan, Raw, Send
from windtunnel_server.script import ScriptError


def json_instead_of_stream(plan: Plan, *, rng: Random) -> Plan:
    """The whole message comes as one JSON body, as if the client had not asked for a stream.

    Seen behind gateways that drop `stream` from the request. It comes when the last event would have come; official
    clients see a stream without events, and no error (wire.md 4.5).
    """
    from windtunnel_server.wire import compact

    _needs.stream(plan, "json_instead_of_stream", "leave it out, the reply is JSON anyway")
    try:
        body = compact.encode(_message.from_events(_events_of(plan)))
    except (ValueError, LookupError, TypeError) as broken:
        raise ScriptError(
            f"json_instead_of_stream: an earlier fault broke the stream, and no message can be read from it ({broken}); "
            f"lay json_instead_of_stream before it"
        ) from broken
    steps = [step for step in plan if not isinstance(step, (Send, Raw))]
    whole = Plan((*steps[:-1], Send(body), *steps[-1:]), plan.notes)
    return _framing.in_step(plan, whole.map_head(_as_json))


def _events_of(plan: Plan) -> list[tuple[str, str]]:
    from windtunnel_server.wire import sse

    if not _frames.are_in(plan):
        return sse.decode(plan.body)
    if not _frames.of_invoke(plan):
        raise ScriptError(
            "json_instead_of_stream: the events of ConverseStream make no message of the Messages API; "
            "leave it out, or use InvokeModelWithResponseStream"
        )
    return [("", _frames.said(frame).decode()) for frame in _frames.all_of(plan.body)]


def _as_json(head: Head) -> Head:
    plain = head.with_header("Content-Type", "application/json").without_header("cache-control")
    return plain.without_header("x-amzn-bedrock-content-type")
