"""What a door of the API does not have that the direct one has: fields, tools that the service runs, addresses.

Sources of images and documents, and fields that nobody but the direct API has, are left to the tables of shapes
(`parts.py`, `request.py`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.rule import Asked, Example, Rule
from windtunnel_server.model.validation.shape import EXTRA
from windtunnel_server.model.validation.unions import unexpected_tag

#: Models that Azure hosts itself (`providers/foundry`).
AZURE: Final = "foundry-azure"

_RUN: Final = ("web_search_", "web_fetch_", "code_execution_", "advisor_", "mcp_toolset")
#: Tools that the service would have to run, by the beginning of their type.
_NO_TOOLS: Final[Mapping[str, tuple[str, ...]]] = {
    "bedrock": _RUN,
    "bedrock-mantle": (*_RUN, "tool_search_"),
    "vertex": ("code_execution_", "web_fetch_", "advisor_"),
}
#: As a refusal lists them (recorded of Sonnet 4 on Bedrock, 2025; elsewhere unverified).
_TAGS: Final = ("bash_20250124", "custom", "text_editor_20250124", "text_editor_20250429", "text_editor_20250728")

_NO_FIELDS: Final[Mapping[str, tuple[str, ...]]] = {
    "bedrock": (
        "cache_control",
        "container",
        "fallback_credit_token",
        "inference_geo",
        "mcp_servers",
        "service_tier",
        "speed",
        "thread",
    ),
    "bedrock-mantle": ("output_format", "mcp_servers", "container", "fallback_credit_token"),
}

#: On Azure (which versions of the web tools count as newer is unverified).
_OLDER_WEB_TOOLS: Final = ("web_search_20250305", "web_fetch_20250910")


def _fields(asked: Asked) -> Iterator[Problem]:
    for name in _NO_FIELDS.get(asked.terms.surface, ()):
        if asked.request.get(name) is not None:
            yield invalid(name, EXTRA)


def _tools(asked: Asked) -> Iterator[Problem]:
    unserved = _NO_TOOLS.get(asked.terms.surface, ())
    for place, tool in enumerate(asked.tools if unserved else ()):
        kind = tool.get("type") or "custom"
        if kind.startswith(unserved):
            yield invalid(f"tools.{place}", unexpected_tag(kind, _TAGS))


def _format(asked: Asked) -> Iterator[Problem]:
    if asked.terms.surface != "bedrock-mantle":
        return
    if (asked.request.get("output_config") or {}).get("format") is not None:
        yield invalid("output_config.format", EXTRA)
    for place, tool in enumerate(asked.tools):
        if tool.get("strict") is not None:
            yield invalid(f"tools.{place}.{tool.get('type') or 'custom'}.strict", EXTRA)


def _addresses(asked: Asked) -> Iterator[Problem]:
    """The path is that of an image in base64, whatever the block is (reported)."""
    if asked.terms.surface != "vertex":
        return
    for placed in asked.blocks("image", "document"):
        if placed.block["source"]["type"] == "url":
            yield invalid(f"{placed.path}.image.source.base64.data", _NO_ADDRESSES)
    for placed in asked.by_type.get("tool_result", ()):
        content = placed.block.get("content")
        for place, part in enumerate(content if isinstance(content, list) else ()):
            if part["type"] in ("image", "document") and part["source"]["type"] == "url":
                path = f"{placed.path}.tool_result.content.{place}"
                yield invalid(f"{path}.image.source.base64.data", _NO_ADDRESSES)


def _speed(asked: Asked) -> Iterator[Problem]:
    if asked.terms.surface == "aws" and asked.request.get("speed") == "fast":
        yield invalid("speed", "fast mode is not available on this platform")


def _hosted(asked: Asked) -> Iterator[Problem]:
    if asked.terms.surface != AZURE:
        return
    for tool in asked.tools:
        kind = str(tool.get("type") or "custom")
        newer = kind.startswith(("web_search_", "web_fetch_")) and kind not in _OLDER_WEB_TOOLS
        if newer or kind.startswith("code_execution_"):
            yield invalid("tools", f"{kind} {_NOT_ON_AZURE}")
    container = asked.request.get("container")
    if isinstance(container, Mapping) and container.get("skills"):
        yield invalid("container.skills", _NOT_ON_AZURE)


_NO_ADDRESSES: Final = "URL sources are not supported"
_NOT_ON_AZURE: Final = "not supported for deployments hosted on Azure"

_SEARCH: Final = {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}
_NEWER_SEARCH: Final = {"tools": [{"type": "web_search_20260209", "name": "web_search"}]}
_FETCHED: Final = {"type": "document", "source": {"type": "url", "url": "https://example.org/tides.pdf"}}
_ASKED: Final = {"messages": [{"role": "user", "content": [_FETCHED]}]}
_SCHEMA: Final[dict[str, Any]] = {"type": "object", "properties": {}, "additionalProperties": False}
_FORMAT: Final = {"output_config": {"format": {"type": "json_schema", "schema": _SCHEMA}}}


def _at(surface: str) -> Mapping[str, Any]:
    return {"surface": surface}


RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="field_is_offered_here",
        about="Bedrock has no automatic caching, container, geography, tier, speed, thread or server of tools.",
        source="wire.md 1.2, 1.3 (documented; the words are unverified)",
        passes=Example({"service_tier": "auto"}),
        fails=Example({"service_tier": "auto"}, _at("bedrock")),
        says="service_tier: Extra inputs are not permitted",
        check=_fields,
    ),
    Rule(
        name="server_tool_is_offered_here",
        about="Bedrock runs no tools; Vertex runs web search and no other.",
        source="wire.md 1.2, 1.3, 1.5; recorded (Bedrock, 2025)",
        passes=Example(_SEARCH, _at("vertex")),
        fails=Example(_SEARCH, _at("bedrock")),
        says=f"tools.0: {unexpected_tag('web_search_20250305', _TAGS)}",
        check=_tools,
    ),
    Rule(
        name="structured_output_is_offered_here",
        about="Bedrock's Messages endpoint has no structured output, and no strict tools.",
        source="wire.md 1.3; maximhq/bifrost#5592, strands-agents/harness-sdk#3833",
        passes=Example(_FORMAT, _at("bedrock")),
        fails=Example(_FORMAT, _at("bedrock-mantle")),
        says="output_config.format: Extra inputs are not permitted",
        check=_format,
    ),
    Rule(
        name="address_is_fetched_here",
        about="Vertex fetches no images and documents.",
        source="wire.md 1.5; anthropics/anthropic-sdk-typescript#1038",
        passes=Example(_ASKED),
        fails=Example(_ASKED, _at("vertex")),
        says=f"messages.0.content.0.image.source.base64.data: {_NO_ADDRESSES}",
        check=_addresses,
    ),
    Rule(
        name="fast_mode_is_offered_here",
        about="Claude Platform on AWS has no fast mode.",
        source="wire.md 1.4 (documented; the words are unverified)",
        passes=Example({"model": "claude-opus-5-5", "speed": "fast"}),
        fails=Example({"model": "claude-opus-5-5", "speed": "fast"}, _at("aws")),
        says="speed: fast mode is not available on this platform",
        check=_speed,
    ),
    Rule(
        name="offered_where_azure_hosts",
        about="Models that Azure hosts have no code execution, no newer web tools and no skills.",
        source="wire.md 1.7 (documented; the words are unverified)",
        passes=Example(_NEWER_SEARCH, _at("foundry")),
        fails=Example(_NEWER_SEARCH, _at(AZURE)),
        says=f"tools: web_search_20260209 {_NOT_ON_AZURE}",
        check=_hosted,
    ),
)
