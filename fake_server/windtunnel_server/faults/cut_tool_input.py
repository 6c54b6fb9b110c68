"""The fault cut_tool_input: the input of a tool call that is no valid JSON, in a stream that ends in good order."""

from __future__ import annotations

from random import Random

from windtunnel_server.faults import _events, _needs
from windtunnel_server.plan import Plan
from windtunnel_server.script import ScriptError

#: In the data of the API's own event, and in a frame of Converse.
_MARKS = (b'"input_json_delta"', b'"toolUse":{"input"')


def cut_tool_input(plan: Plan, *, rng: Random) -> Plan:
    """The last piece of the last tool call's input never comes; block and message end as usual.

    Seen with tool input that is streamed as it is generated, which is not checked before it is sent, and where
    `max_tokens` ends an answer inside a call.
    """
    _needs.stream(plan, "cut_tool_input", "use truncated_json for a body that is not streamed")
    found = _events.parts(plan, "cut_tool_input")
    pieces = [place for place, part in enumerate(found) if isinstance(part, _events.Event) and _brings_input(part)]
    if not pieces:
        raise ScriptError(
            "cut_tool_input needs a reply that calls a tool with some input, and this one calls none; use tool_use to say one"
        )
    return _events.joined([part for place, part in enumerate(found) if place != pieces[-1]], plan)


def _brings_input(event: _events.Event) -> bool:
    said = event.said
    return any(mark in said for mark in _MARKS)
