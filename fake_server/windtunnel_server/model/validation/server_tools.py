"""The shapes of tools that the service defines: their versions, and which of them are there under which terms.

Without the beta of a tool its tag is not one of those expected. Which tags the direct API expects: dirac-run/dirac#57
(April 2026); which Vertex does: one public report (August 2026); both lists are of requests without a beta for tools.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from windtunnel_server.model.validation.conditions import Condition, elsewhere, with_beta
from windtunnel_server.model.validation.parts import CACHE_CONTROL, CACHED, CITING
from windtunnel_server.model.validation.shape import (
    Key,
    Shape,
    boolean,
    integer,
    listing,
    mapping,
    may,
    must,
    one_of,
    record,
    string,
    text,
)
from windtunnel_server.model.validation.unions import member, tagged

_CODE: Final = ("code_execution_20250825", "code_execution_20260120", "code_execution_20260521")

#: What every tool has.
COMMON: Final = {
    "allowed_callers": may(listing(one_of("direct", *_CODE))),
    **CACHED,
    "defer_loading": may(boolean),
    "strict": may(boolean),
}
EXAMPLES: Final = {"input_examples": may(listing(mapping()))}

_COUNT: Final = may(integer(above=0))
_DOMAINS: Final = may(listing(string))
_LOADING: Final = record({"defer_loading": may(boolean), "enabled": may(boolean)})
_FULL: Final = may(one_of("full", "excluded"))


def _named(name: str, **keys: Key) -> Shape:
    return member({"name": must(one_of(name)), **COMMON, **keys})


def _toolset(*names: str) -> Shape:
    configs = record({name: may(_LOADING) for name in names})
    return member({**CACHED, "configs": may(configs)})


_POINTER: Final = (
    "double_click",
    "hold_key",
    "key",
    "left_click",
    "left_click_drag",
    "left_mouse_down",
    "left_mouse_up",
    "middle_click",
    "mouse_move",
    "right_click",
    "screenshot",
    "scroll",
    "triple_click",
    "type",
    "wait",
    "zoom",
)
_PAGES: Final = (
    "close_tab",
    "file_upload",
    "find",
    "form_input",
    "get_page_text",
    "hover",
    "javascript_exec",
    "list_tabs",
    "navigate",
    "new_tab",
    "read_console",
    "read_network",
    "read_page",
    "scroll_to",
    "switch_tab",
)

_SCREEN: Final = {
    "display_height_px": must(integer(above=0)),
    "display_width_px": must(integer(above=0)),
    "display_number": may(integer(least=0)),
    **EXAMPLES,
}
_PLACE: Final = record(
    {
        "type": must(one_of("approximate")),
        "city": may(text(least=1, most=255)),
        "country": may(string),
        "region": may(text(least=1, most=255)),
        "timezone": may(text(least=1, most=255)),
    }
)
_WEB: Final = {"allowed_domains": _DOMAINS, "blocked_domains": _DOMAINS, "max_uses": _COUNT}
_SEARCH: Final = {**_WEB, "user_location": may(_PLACE)}

_NAMED: Final = {"tools": must(listing(tagged({"tool_reference": member({"name": must(string)})})))}
_ALL_OR_NONE: Final = {"all": member({}), "none": member({})}
_FILTER: Final = tagged({**_ALL_OR_NONE, "only": member(_NAMED), "except": member(_NAMED)})
_URL_SOURCES: Final = record(
    {
        "client_tool_results": may(_FILTER),
        "server_tool_results": may(_FILTER),
        "user_input": may(tagged(_ALL_OR_NONE)),
    }
)
_FETCH: Final = {
    **_WEB,
    "citations": may(CITING),
    "max_content_tokens": _COUNT,
    "url_sources": may(_URL_SOURCES),
}

_REMOTE: Final = record({"input_schema": must(mapping()), "name": must(string), "description": may(string)})
MCP_TOOLS: Final = listing(_REMOTE)

SERVER_TOOLS: Final[Mapping[str, Shape]] = {
    "bash_20241022": _named("bash", **EXAMPLES),
    "bash_20250124": _named("bash", **EXAMPLES),
    "text_editor_20241022": _named("str_replace_editor", **EXAMPLES),
    "text_editor_20250124": _named("str_replace_editor", **EXAMPLES),
    "text_editor_20250429": _named("str_replace_based_edit_tool", **EXAMPLES),
    "text_editor_20250728": _named("str_replace_based_edit_tool", **EXAMPLES, max_characters=may(integer(least=1))),
    "computer_20241022": _named("computer", **_SCREEN),
    "computer_20250124": _named("computer", **_SCREEN),
    "computer_20251124": _named("computer", **_SCREEN, enable_zoom=may(boolean)),
    "computer_toolset_20260801": _toolset("cursor_position", *_POINTER),
    "browser_toolset_20260801": _toolset(*_PAGES, *_POINTER),
    "memory_20250818": _named("memory", **EXAMPLES),
    "code_execution_20250522": _named("code_execution"),
    **{kind: _named("code_execution") for kind in _CODE},
    "web_search_20250305": _named("web_search", **_SEARCH),
    "web_search_20260209": _named("web_search", **_SEARCH),
    "web_search_20260318": _named("web_search", **_SEARCH, response_inclusion=_FULL),
    "web_fetch_20250910": _named("web_fetch", **_FETCH),
    "web_fetch_20260209": _named("web_fetch", **_FETCH),
    "web_fetch_20260309": _named("web_fetch", **_FETCH, use_cache=may(boolean)),
    "web_fetch_20260318": _named("web_fetch", **_FETCH, use_cache=may(boolean), response_inclusion=_FULL),
    "tool_search_tool_bm25": _named("tool_search_tool_bm25"),
    "tool_search_tool_bm25_20251119": _named("tool_search_tool_bm25"),
    "tool_search_tool_regex": _named("tool_search_tool_regex"),
    "tool_search_tool_regex_20251119": _named("tool_search_tool_regex"),
    "advisor_20260301": _named(
        "advisor", model=must(string), caching=may(CACHE_CONTROL), max_tokens=may(integer()), max_uses=_COUNT
    ),
    "mcp_toolset": member(
        {
            "mcp_server_name": must(string),
            **CACHED,
            "configs": may(mapping(_LOADING)),
            "default_config": may(_LOADING),
            "tools": may(MCP_TOOLS),
        }
    ),
}

_BETAS: Final = {
    "bash_20241022": with_beta("computer-use-"),
    "text_editor_20241022": with_beta("computer-use-"),
    "computer_20241022": with_beta("computer-use-"),
    "computer_20250124": with_beta("computer-use-"),
    "computer_20251124": with_beta("computer-use-"),
    "advisor_20260301": with_beta("advisor-tool-"),
    "mcp_toolset": with_beta("mcp-client-"),
}
_NOT_ON_VERTEX: Final = tuple(
    kind
    for kind in SERVER_TOOLS
    if kind.startswith(("code_execution_", "web_fetch_", "web_search_")) and kind != "web_search_20250305"
)

#: When a tool is there; one that is not named always is.
KNOWN: Final[Mapping[str, Condition]] = {**_BETAS, **dict.fromkeys(_NOT_ON_VERTEX, elsewhere("vertex"))}
