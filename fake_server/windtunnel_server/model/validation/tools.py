"""The shape of tools and of the choice among them."""

from __future__ import annotations

import marshal
from functools import lru_cache
from typing import Any, Final

from windtunnel_server.model.validation.conditions import elsewhere, some, with_beta
from windtunnel_server.model.validation.server_tools import COMMON, EXAMPLES, KNOWN, SERVER_TOOLS
from windtunnel_server.model.validation.shape import (
    EMPTY,
    NOT_A_STRING,
    Fault,
    boolean,
    listing,
    mapping,
    may,
    must,
    record,
    string,
    text,
)
from windtunnel_server.model.validation.terms import Terms
from windtunnel_server.model.validation.unions import member, tagged

TOOL_NAME: Final = "^[a-zA-Z0-9_-]{1,128}$"

_matching: Final = text(pattern=TOOL_NAME)


def _name(value: Any, terms: Terms) -> Fault | None:
    if not isinstance(value, str):
        return "", NOT_A_STRING
    return _matching(value, terms) if value else ("", EMPTY)


def _object_type(value: Any, terms: Terms) -> Fault | None:
    return None if value == "object" else ("", "Input should be 'object'")


#: Bedrock takes them with their betas (anthropics/claude-code#27065, Wei-Shaw/claude-relay-service#667).
_DEFERRED: Final = some(elsewhere("bedrock"), with_beta("tool-search-tool-", "advanced-tool-use-"))
_EXEMPLIFIED: Final = some(elsewhere("bedrock"), with_beta("tool-examples-", "advanced-tool-use-"))

CUSTOM: Final = member(
    {
        "name": must(_name),
        "input_schema": must(record({"type": must(_object_type), "properties": may(mapping())}, open=True)),
        "description": may(string),
        # Only tools of one's own have it (vercel/ai#13078).
        "eager_input_streaming": may(boolean),
        **COMMON,
        "defer_loading": may(boolean, known=_DEFERRED),
        "input_examples": may(EXAMPLES["input_examples"].shape, known=_EXEMPLIFIED),
    }
)

TOOL: Final = tagged({"custom": CUSTOM, **SERVER_TOOLS}, default="custom", known=KNOWN)
_TOOLS: Final = listing(TOOL)


def TOOLS(value: Any, terms: Terms) -> Fault | None:
    """Take a list of tools.

    Tools come again with every request of a conversation and seldom change; marshal tells that they are the same in less
    than half of the time that looking at them takes (measured).
    """
    try:
        return _known(marshal.dumps(value), terms)
    except ValueError:
        # Not plain JSON: a mapping of another class, say.
        return _TOOLS(value, terms)


@lru_cache(32)
def _known(dumped: bytes, terms: Terms) -> Fault | None:
    return _TOOLS(marshal.loads(dumped), terms)


_PARALLEL: Final = {"disable_parallel_tool_use": may(boolean)}

#: The order of its tags is as reported (2026).
TOOL_CHOICE: Final = tagged(
    {
        "auto": member(_PARALLEL),
        "any": member(_PARALLEL),
        "tool": member({"name": must(string), **_PARALLEL}),
        "none": member({}),
    },
    listed="as told",
)
