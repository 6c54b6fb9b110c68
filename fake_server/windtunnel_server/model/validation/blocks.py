"""The shape of messages, their content blocks, and the system prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from windtunnel_server.model.validation.shape import (
    NOT_A_LIST,
    NOT_A_STRING,
    NOT_AN_OBJECT,
    REQUIRED,
    UNFIT,
    Fault,
    Key,
    beneath,
    listing,
    mapping,
    record,
    text_or,
)
from windtunnel_server.model.validation.terms import Terms

ROLES: Final = ("user", "assistant", "system")


def _block(value: Any, terms: Terms) -> Fault | None:
    if not isinstance(value, Mapping):
        return "", NOT_AN_OBJECT
    if "type" not in value:
        return "type", REQUIRED
    return None if isinstance(value["type"], str) else ("type", NOT_A_STRING)


def _role(value: Any, terms: Terms) -> Fault | None:
    return None if isinstance(value, str) else ("", NOT_A_STRING)


#: `clear_at` and `output_config` belong to betas of mid-conversation system messages (unverified that all roles take them).
MESSAGE: Final = record(
    {
        "role": Key(_role, required=True),
        "content": Key(text_or(listing(_block)), required=True),
        "clear_at": Key(),
        "output_config": Key(),
    },
    complaint=UNFIT,
)


def MESSAGES(value: Any, terms: Terms) -> Fault | None:
    """Take a list of messages. A role that is none is told of the list as a whole (public report, August 2026)."""
    if not isinstance(value, list):
        return "", NOT_A_LIST
    for place, message in enumerate(value):
        role = message.get("role") if isinstance(message, Mapping) else None
        if isinstance(role, str) and role not in ROLES:
            return "", f'Unexpected role "{role}". Allowed roles are "user" or "assistant"'
        fault = MESSAGE(message, terms)
        if fault is not None:
            return beneath(place, fault)
    return None


SYSTEM: Final = text_or(listing(mapping(complaint=UNFIT)))
