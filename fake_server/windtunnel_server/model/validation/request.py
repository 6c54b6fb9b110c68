"""The shape of a request: its top-level keys, in the order in which their faults are told.

Order and words are unverified where no recording has them: for the keys up to `inference_geo` they rest on one public
report of August 2026, for the others on none.
"""

from __future__ import annotations

from typing import Any, Final

from windtunnel_server.model.validation.blocks import MESSAGES, SYSTEM
from windtunnel_server.model.validation.shape import (
    UNFIT,
    Fault,
    Key,
    boolean,
    integer,
    listing,
    mapping,
    number,
    on_messages,
    on_older,
    one_of,
    record,
    text,
)
from windtunnel_server.model.validation.terms import Terms
from windtunnel_server.model.validation.tools import TOOL_CHOICE, TOOLS


def _on_older_messages(terms: Terms) -> bool:
    return on_messages(terms) and on_older(terms)


def _stop_sequences(value: Any, terms: Terms) -> Fault | None:
    fault = _STRINGS(value, terms)
    if fault is None and not all(item.strip() for item in value):
        return "", "each stop sequence must contain non-whitespace"
    return fault


def _temperature(value: Any, terms: Terms) -> Fault | None:
    fault = number()(value, terms)
    return fault if fault is not None or 0 <= value <= 1 else ("", "range: 0..1")


def _format(value: Any, terms: Terms) -> Fault | None:
    fault = mapping(complaint=UNFIT)(value, terms)
    if fault is None and value.get("type") == "json_schema" and "schema" not in value:
        return "schema", "Field required"
    return fault


_STRINGS: Final = listing(text())
_MESSAGE: Final = {"known": on_messages}
_UNFIT: Final = mapping(complaint=UNFIT)
_METADATA: Final = record({"user_id": Key(text(), nullable=True)}, complaint=UNFIT)
_OUTPUT_CONFIG: Final = record({"format": Key(_format, nullable=True)}, complaint=UNFIT, open=True)

REQUEST: Final = record(
    {
        "model": Key(text(least=1), required=True),
        "tool_choice": Key(TOOL_CHOICE),
        "tools": Key(TOOLS),
        "messages": Key(MESSAGES, required=True),
        "system": Key(SYSTEM),
        "thinking": Key(mapping()),
        "output_config": Key(_OUTPUT_CONFIG),
        "cache_control": Key(mapping(), nullable=True),
        "max_tokens": Key(integer(), required_if=on_messages, known=on_messages),
        "metadata": Key(_METADATA, known=on_messages),
        "stop_sequences": Key(_stop_sequences, known=on_messages),
        "temperature": Key(_temperature, known=_on_older_messages),
        "service_tier": Key(one_of("auto", "standard_only"), known=on_messages),
        "top_k": Key(integer(), known=_on_older_messages),
        # Recorded: -1 passes, so the documented range is not checked here.
        "top_p": Key(number(), known=_on_older_messages),
        "stream": Key(boolean, known=on_messages),
        "container": Key(known=on_messages),
        "inference_geo": Key(text(), nullable=True, known=on_messages),
        "output_format": Key(_format, nullable=True),
        "mcp_servers": Key(listing(mapping(complaint=UNFIT))),
        "context_management": Key(_UNFIT, nullable=True),
        "speed": Key(nullable=True),
        "diagnostics": Key(nullable=True, known=on_messages),
        "compaction": Key(nullable=True),
        "billing_policy": Key(nullable=True),
        "fallbacks": Key(nullable=True, known=on_messages),
        "fallback_credit_token": Key(nullable=True, known=on_messages),
        "thread": Key(nullable=True, known=on_messages),
        "user_profile_id": Key(nullable=True),
    },
    # unverified: the path-less form of the recorded words.
    complaint=UNFIT,
)

#: What it takes to be answered at all; the model's name is looked up behind it.
ANSWERABLE: Final = record(
    {
        "model": Key(text(least=1), required=True),
        "messages": Key(listing(record({"role": Key(text(), required=True), "content": Key(required=True)}, open=True))),
        "max_tokens": Key(integer(least=0), required_if=on_messages),
    },
    complaint=UNFIT,
    open=True,
)
