"""The shape of a request: its top-level keys, in the order in which their faults are told.

Order and words are unverified where no recording has them: for the keys up to `inference_geo` they rest on one public
report of August 2026, for the others on none. A key of a beta is an extra input without it: reported of
`context_management`, `mcp_servers`, `fallbacks`, `output_format` and `compaction`, documented of the others.
"""

from __future__ import annotations

from typing import Any, Final

from windtunnel_server.model.validation.blocks import MESSAGES, SYSTEM
from windtunnel_server.model.validation.conditions import elsewhere, every, on_messages, on_older, with_beta
from windtunnel_server.model.validation.outputs import FORMAT, OUTPUT_CONFIG, THINKING
from windtunnel_server.model.validation.parts import CACHE_CONTROL
from windtunnel_server.model.validation.shape import (
    UNFIT,
    Fault,
    Key,
    boolean,
    integer,
    listing,
    may,
    number,
    one_of,
    record,
    string,
    text,
)
from windtunnel_server.model.validation.surroundings import (
    BILLING,
    COMPACTION,
    CONTAINER,
    CONTEXT_MANAGEMENT,
    CREDIT,
    DIAGNOSTICS,
    FALLBACKS,
    MANAGING,
    MCP_SERVERS,
    METADATA,
    SPEED,
    THREAD,
)
from windtunnel_server.model.validation.terms import Terms
from windtunnel_server.model.validation.tools import TOOL_CHOICE, TOOLS

_on_older_messages: Final = every(on_messages, on_older)
#: Not on the clouds (wire.md 1.2, 1.3, 1.5, 1.7).
_falling_back: Final = every(
    with_beta("server-side-fallback-"), elsewhere("bedrock", "bedrock-mantle", "vertex", "foundry", "foundry-azure")
)

_strings: Final = listing(string)
_any_number: Final = number()


def _stop_sequences(value: Any, terms: Terms) -> Fault | None:
    fault = _strings(value, terms)
    if fault is None and not all(item.strip() for item in value):
        return "", "each stop sequence must contain non-whitespace"
    return fault


def _temperature(value: Any, terms: Terms) -> Fault | None:
    fault = _any_number(value, terms)
    return fault if fault is not None or 0 <= value <= 1 else ("", "range: 0..1")


REQUEST: Final = record(
    {
        "model": Key(text(least=1), required=True),
        "tool_choice": Key(TOOL_CHOICE),
        "tools": Key(TOOLS),
        "messages": Key(MESSAGES, required=True),
        "system": Key(SYSTEM),
        "thinking": Key(THINKING),
        "output_config": Key(OUTPUT_CONFIG),
        "cache_control": may(CACHE_CONTROL),
        "max_tokens": Key(integer(), required_if=on_messages, known=on_messages),
        "metadata": Key(METADATA, known=on_messages),
        "stop_sequences": Key(_stop_sequences, known=on_messages),
        "temperature": Key(_temperature, known=_on_older_messages),
        "service_tier": Key(one_of("auto", "standard_only"), known=on_messages),
        "top_k": Key(integer(), known=_on_older_messages),
        # Recorded: -1 passes, so the documented range is not checked here.
        "top_p": Key(number(), known=_on_older_messages),
        "stream": Key(boolean, known=on_messages),
        "container": may(CONTAINER, known=on_messages),
        "inference_geo": may(string, known=on_messages),
        "output_format": may(FORMAT, known=with_beta("structured-outputs-")),
        "mcp_servers": Key(MCP_SERVERS, known=with_beta("mcp-client-")),
        "context_management": may(CONTEXT_MANAGEMENT, known=MANAGING),
        # Some models ask for a beta, others do not (PY:types/beta).
        "speed": may(SPEED),
        "diagnostics": may(DIAGNOSTICS, known=on_messages),
        "compaction": may(COMPACTION, known=with_beta("compact-2026-09-04")),
        "billing_policy": may(BILLING),
        "fallbacks": may(FALLBACKS, known=every(on_messages, _falling_back)),
        "fallback_credit_token": may(
            CREDIT, known=every(on_messages, with_beta("fallback-credit-", "server-side-fallback-"))
        ),
        "thread": may(THREAD, known=every(on_messages, with_beta("message-threads-"))),
        "user_profile_id": may(string),
    },
    # unverified: the path-less form of the recorded words.
    complaint=UNFIT,
)

#: What it takes to be answered at all; the model's name is looked up behind it.
ANSWERABLE: Final = record(
    {
        "model": Key(text(least=1), required=True),
        "messages": Key(
            listing(record({"role": Key(string, required=True), "content": Key(required=True)}, open=True))
        ),
        "max_tokens": Key(integer(least=0), required_if=on_messages),
    },
    complaint=UNFIT,
    open=True,
)
