"""The faults: each maps a plan to a plan, one file for each, and this index of them.

Randomness comes in as a seeded `random.Random`. Faults are laid over a plan one after the other; one that finds nothing
left to act on raises ScriptError and says what to write instead.
"""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from types import MappingProxyType
from typing import Any

from windtunnel_server.faults._kind import FaultKind, Option, kind
from windtunnel_server.faults._rules import nearest
from windtunnel_server.faults.broken_chunk import broken_chunk
from windtunnel_server.faults.close_mid_stream import close_mid_stream
from windtunnel_server.faults.connection_dropped import connection_dropped
from windtunnel_server.faults.connection_refused import connection_refused
from windtunnel_server.faults.cut_tool_input import cut_tool_input
from windtunnel_server.faults.cut_utf8 import cut_utf8
from windtunnel_server.faults.duplicate_event import duplicate_event
from windtunnel_server.faults.empty_answer import empty_answer
from windtunnel_server.faults.empty_body import empty_body
from windtunnel_server.faults.end_mid_stream import end_mid_stream
from windtunnel_server.faults.error_event import error_event
from windtunnel_server.faults.gzip import gzip
from windtunnel_server.faults.json_instead_of_stream import json_instead_of_stream
from windtunnel_server.faults.malformed_json import malformed_json
from windtunnel_server.faults.missing_event import missing_event
from windtunnel_server.faults.missing_message_start import missing_message_start
from windtunnel_server.faults.missing_message_stop import missing_message_stop
from windtunnel_server.faults.no_event_names import no_event_names
from windtunnel_server.faults.out_of_order_events import out_of_order_events
from windtunnel_server.faults.regroup import regroup
from windtunnel_server.faults.reset_before_headers import reset_before_headers
from windtunnel_server.faults.reset_mid_body import reset_mid_body
from windtunnel_server.faults.slow_drip import slow_drip
from windtunnel_server.faults.slow_first_byte import slow_first_byte
from windtunnel_server.faults.stall import stall
from windtunnel_server.faults.stall_before_headers import stall_before_headers
from windtunnel_server.faults.trailing_garbage import trailing_garbage
from windtunnel_server.faults.truncated_json import truncated_json
from windtunnel_server.faults.unknown_event import unknown_event
from windtunnel_server.faults.wrong_checksum import wrong_checksum
from windtunnel_server.faults.wrong_content_length import wrong_content_length
from windtunnel_server.faults.wrong_content_type import wrong_content_type
from windtunnel_server.plan import Plan
from windtunnel_server.script import ScriptError

__all__ = ["FAULTS", "FaultKind", "Option", "apply", "check", "is_door", "options_of"]

_KINDS: tuple[FaultKind, ...] = (
    # Before a request is read: the door.
    kind(connection_refused, door=True),
    kind(connection_dropped, door=True),
    # In the place of an answer.
    kind(reset_before_headers),
    kind(empty_answer),
    kind(stall_before_headers),
    kind(slow_first_byte),
    # While the body is on its way.
    kind(reset_mid_body),
    kind(close_mid_stream),
    kind(end_mid_stream),
    kind(cut_utf8),
    kind(stall),
    kind(slow_drip),
    # What the events say.
    kind(error_event),
    kind(malformed_json),
    kind(cut_tool_input),
    kind(missing_event),
    kind(missing_message_start),
    kind(missing_message_stop),
    kind(duplicate_event),
    kind(out_of_order_events),
    kind(unknown_event),
    kind(no_event_names),
    kind(wrong_checksum),
    # How the body is wrapped.
    kind(regroup),
    kind(gzip),
    kind(wrong_content_length),
    kind(broken_chunk),
    kind(wrong_content_type),
    kind(empty_body),
    kind(truncated_json),
    kind(json_instead_of_stream),
    kind(trailing_garbage),
)

#: Every fault by its name, in the order of a reply's life.
FAULTS: Mapping[str, FaultKind] = MappingProxyType({one.name: one for one in _KINDS})


def options_of(name: str) -> frozenset[str]:
    """Return the names of the options a fault takes; ScriptError for an unknown fault."""
    return frozenset(_kind(name).options)


def is_door(name: str) -> bool:
    """Say whether a fault acts before a request is read; ScriptError for an unknown fault."""
    return _kind(name).door


def check(name: str, options: Mapping[str, Any]) -> None:
    """Raise ScriptError for an unknown fault or option, and for a value of the wrong type or out of its range."""
    _kind(name).check(options)


def apply(plan: Plan, name: str, options: Mapping[str, Any], rng: Random) -> Plan:
    """Lay a fault over a plan.

    Raises ScriptError for what `check` refuses, and where the plan has nothing the fault could act on: an event fault
    over a reply that is not streamed, an edit of a body that is compressed by now.
    """
    check(name, options)
    return _kind(name).apply(plan, rng=rng, **options)


def _kind(name: str) -> FaultKind:
    found = FAULTS.get(name)
    if found is None:
        raise ScriptError(f"unknown fault {name!r}{nearest(name, FAULTS)}")
    return found
