"""The shape of messages, their content blocks, and the system prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from windtunnel_server.model.validation.conditions import elsewhere, some, with_beta
from windtunnel_server.model.validation.outputs import EFFORT
from windtunnel_server.model.validation.parts import CACHED, CITATION, DOCUMENT, IMAGE, SEARCH_RESULT, TEXT
from windtunnel_server.model.validation.results import CALLER, ID, RESULTS, SERVER_ID, TOOL_REFERENCE
from windtunnel_server.model.validation.server_tools import MCP_TOOLS
from windtunnel_server.model.validation.shape import (
    NOT_A_LIST,
    Fault,
    anything,
    beneath,
    boolean,
    integer,
    listing,
    mapping,
    may,
    must,
    one_of,
    one_of_known,
    record,
    string,
    text,
    text_or,
)
from windtunnel_server.model.validation.terms import Terms
from windtunnel_server.model.validation.tools import TOOL
from windtunnel_server.model.validation.unions import member, tagged

ROLES: Final = ("user", "assistant", "system")

_ADVISING: Final = with_beta("advisor-tool-")
_CHANGING: Final = with_beta("inline-tools-", "mid-conversation-tool-changes-")
#: What the service itself runs is not on Bedrock: its list of tags (BerriAI/litellm#44103, September 2026).
_SERVED: Final = elsewhere("bedrock")
#: On the direct API the tag is known without its beta; the refusal is a rule of its own there.
_CHANGEABLE: Final = some(elsewhere("bedrock", "vertex"), _CHANGING)

_TAB: Final = {"tab_id": must(string)}
_DOWNLOAD: Final = {"download_id": must(string), "url": must(string)}
_BROWSER_STATE: Final = member(
    {
        "tabs": must(listing(record({**_TAB, "title": must(string), "url": must(string), "active": may(boolean)}))),
        **CACHED,
        "state_changes": may(
            listing(
                tagged(
                    {
                        "tab_opened": member(_TAB),
                        "download_started": member(_DOWNLOAD),
                        "download_completed": member({**_DOWNLOAD, "path": may(string), "size_bytes": may(integer())}),
                        "download_failed": member({**_DOWNLOAD, "error": may(string)}),
                    }
                )
            )
        ),
    }
)

#: What a client tool's result is made of.
PART: Final = tagged(
    {
        "text": TEXT,
        "image": IMAGE,
        "search_result": SEARCH_RESULT,
        "document": DOCUMENT,
        "tool_reference": TOOL_REFERENCE,
        "browser_state": _BROWSER_STATE,
    }
)

_REFERENCES: Final = {
    "tool_reference": member({"name": must(string)}),
    "mcp_tool_reference": member({"name": must(string), "server_name": must(string)}),
    "mcp_toolset_reference": member({"server_name": must(string)}),
}
_CHANGES: Final = {
    "tool_addition": member(
        {"tool": must(tagged({**_REFERENCES, "tool_definition": member({"definition": must(TOOL)})})), **CACHED}
    ),
    "tool_removal": member({"tool": must(tagged(_REFERENCES)), **CACHED}),
}

_SERVER_TOOL_NAMES: Final = one_of_known(
    {
        "web_search": None,
        "web_fetch": None,
        "code_execution": None,
        "bash_code_execution": None,
        "text_editor_code_execution": None,
        "tool_search_tool_regex": None,
        "tool_search_tool_bm25": None,
        "advisor": _ADVISING,
    }
)
#: 200 characters: anthropics/claude-code#15695.
_CALLED: Final = text(least=1, most=200)
_FALLEN: Final = record({"model": must(string)})

BLOCKS: Final = {
    "text": TEXT,
    "image": IMAGE,
    "document": DOCUMENT,
    "search_result": SEARCH_RESULT,
    # Neither has `cache_control` (Wei-Shaw/sub2api#225).
    "thinking": member({"signature": must(string), "thinking": must(string)}),
    "redacted_thinking": member({"data": must(string)}),
    "tool_use": member(
        {
            "id": must(ID),
            "input": must(mapping()),
            "name": must(_CALLED),
            **CACHED,
            "caller": may(CALLER),
            "toolset_name": may(string),
        }
    ),
    "tool_result": member(
        {
            "tool_use_id": must(ID),
            **CACHED,
            "content": may(text_or(listing(PART))),
            "is_error": may(boolean),
            "toolset_name": may(string),
        }
    ),
    "server_tool_use": member(
        {
            "id": must(SERVER_ID),
            "input": must(mapping()),
            "name": must(_SERVER_TOOL_NAMES),
            **CACHED,
            "caller": may(CALLER),
        }
    ),
    **RESULTS,
    "mcp_tool_use": member(
        {
            "id": must(ID),
            "input": must(mapping()),
            "name": must(string),
            "server_name": must(string),
            **CACHED,
        }
    ),
    "mcp_tool_result": member(
        {
            "tool_use_id": must(ID),
            **CACHED,
            "content": may(text_or(listing(tagged({"text": TEXT})))),
            "is_error": may(boolean),
        }
    ),
    "mcp_tool_listing": member({"mcp_server_name": must(string), "tools": must(MCP_TOOLS)}),
    "container_upload": member({"file_id": must(string), **CACHED}),
    # A client that adds null for what other blocks have is refused (wire.md 9.3).
    "compaction": member(
        {
            **CACHED,
            "content": may(string),
            "encrypted_content": may(string),
            "signature": may(string),
            "tool_changes": may(listing(tagged(_CHANGES))),
        }
    ),
    **_CHANGES,
    "fallback": member({"from": must(_FALLEN), "to": must(_FALLEN), "trigger": may()}),
    # Among the tags that a refusal lists; what they are is documented nowhere.
    "connector_text": anything,
    "mid_conv_system": anything,
}

_ON_BEDROCK: Final = frozenset(
    {
        "connector_text",
        "document",
        "image",
        "mid_conv_system",
        "redacted_thinking",
        "search_result",
        "server_tool_use",
        "text",
        "thinking",
        "tool_result",
        "tool_search_tool_result",
        "tool_use",
    }
)
_KNOWN: Final = {
    **dict.fromkeys(set(BLOCKS) - _ON_BEDROCK, _SERVED),
    "compaction": with_beta("compact-"),
    "fallback": with_beta("server-side-fallback-"),
    "tool_addition": _CHANGEABLE,
    "tool_removal": _CHANGEABLE,
}

BLOCK: Final = tagged(BLOCKS, known=_KNOWN)

#: Without their betas both are extra inputs (reported, September 2026).
_OF_SYSTEM: Final = {
    "clear_at": may(one_of("next_user_message", "never"), known=with_beta("mid-conversation-system-clear-at-")),
    "output_config": may(record({"effort": may(EFFORT)}), known=with_beta("mid-conversation-output-config-")),
}
MESSAGE: Final = record({"role": must(string), "content": must(text_or(listing(BLOCK))), **_OF_SYSTEM})


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


#: Unlike elsewhere a block is not told by its tag here: `system.0: Input does not match the expected shape.` (reported).
SYSTEM: Final = text_or(
    listing(record({"type": must(one_of("text")), "text": must(string), **CACHED, "citations": may(listing(CITATION))}))
)
