"""What a count of tokens refuses that a message does not (wire.md 8.1).

Fields that only shape an answer are left to the table of shapes (`request.py`): `max_tokens: Extra inputs are not permitted`
(Wei-Shaw/sub2api#4913), and so `stream`, `temperature`, `metadata` and the like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.rule import Asked, Example, Rule

#: By the beginning of their type (quoted of each but the toolset; the advisor is counted).
_RUN_BY_THE_SERVICE: Final = ("web_search_", "web_fetch_", "code_execution_", "tool_search_tool_", "mcp_toolset")


def _counts(asked: Asked) -> bool:
    return asked.terms.endpoint == "count_tokens"


def _tools(asked: Asked) -> Iterator[Problem]:
    if not _counts(asked):
        return
    # Sorted, each once: two of two quoted lists are in order (unverified).
    kinds = sorted({kind for tool in asked.tools if (kind := str(tool.get("type"))).startswith(_RUN_BY_THE_SERVICE)})
    if kinds:
        what = f"Server tools are not supported in the count_tokens endpoint: {', '.join(kinds)}."
        yield invalid("", f"{what} Use the /v1/messages endpoint instead.")


def _servers(asked: Asked) -> Iterator[Problem]:
    if _counts(asked) and asked.request.get("mcp_servers"):
        yield invalid("mcp_servers", "MCP servers are not supported in the count_tokens endpoint")


def _sources(asked: Asked) -> Iterator[Problem]:
    for placed in asked.blocks("image", "document") if _counts(asked) else ():
        kind = placed.block["source"]["type"]
        if kind in ("url", "file"):
            what = f"`{kind}` sources are not supported in the count_tokens endpoint"
            yield invalid(f"{placed.path}.{placed.block['type']}.source", what)


_COUNTING: Final = {"endpoint": "count_tokens"}
_SEARCH: Final = {"type": "web_search_20250305", "name": "web_search"}
_SERVER: Final = {"type": "url", "url": "https://tides.example.org/mcp", "name": "tides"}
_TOOLSET: Final = {"type": "mcp_toolset", "mcp_server_name": "tides"}


def _counted(**changes: Any) -> dict[str, Any]:
    return {"max_tokens": None, **changes}


def _shown(source: Mapping[str, Any]) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": [{"type": "document", "source": source}]}]}


_MCP: Final = {**_COUNTING, "betas": frozenset({"mcp-client-2025-11-20"})}
_DOCUMENTED: Final = "wire.md 8.1 (documented; the words are unverified)"

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="counts_no_server_tools",
        about="Tools that the service runs are not counted; the advisor is.",
        source="pydantic/pydantic-ai#5703; wire.md 8.1",
        passes=Example(_counted(tools=[{"type": "bash_20250124", "name": "bash"}]), _COUNTING),
        fails=Example(_counted(tools=[_SEARCH]), _COUNTING),
        says=(
            "Server tools are not supported in the count_tokens endpoint: web_search_20250305. "
            "Use the /v1/messages endpoint instead."
        ),
        check=_tools,
    ),
    Rule(
        name="counts_no_servers_of_tools",
        about="Servers of tools are not asked for a count.",
        source=_DOCUMENTED,
        passes=Example({"mcp_servers": [_SERVER], "tools": [_TOOLSET]}, {"betas": _MCP["betas"]}),
        fails=Example(_counted(mcp_servers=[_SERVER]), _MCP),
        says="mcp_servers: MCP servers are not supported in the count_tokens endpoint",
        check=_servers,
    ),
    Rule(
        name="counts_what_is_there",
        about="Nothing is fetched for a count: images and documents come with the request.",
        source=_DOCUMENTED,
        passes=Example(_counted(**_shown({"type": "text", "media_type": "text/plain", "data": "Tides"})), _COUNTING),
        fails=Example(_counted(**_shown({"type": "url", "url": "https://example.org/tides.pdf"})), _COUNTING),
        says="messages.0.content.0.document.source: `url` sources are not supported in the count_tokens endpoint",
        check=_sources,
    ),
)
