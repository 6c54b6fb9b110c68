"""What the service refuses before it asks a model, in its words.

Order: the known fields one after another, keys nobody knows, the model's name, then the rules that need to know more
than one field. The first fault is the answer. Tables: `FIELDS` (top level), `RULES` (across fields).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import chain
from typing import Any

from windtunnel_server.model import fields, shapes
from windtunnel_server.model.fields import Endpoint, Field
from windtunnel_server.model.models import MODERN, Model, find
from windtunnel_server.model.problem import Problem, invalid

_MESSAGES: tuple[Endpoint, ...] = ("messages",)
_BOTH: tuple[Endpoint, ...] = ("messages", "count_tokens")

FIELDS: tuple[Field, ...] = (
    Field(name="model", kind="string", required_on=_BOTH, check=fields.non_empty),
    Field(name="tool_choice", kind="object", check=shapes.tool_choice),
    Field(name="tools", kind="list", check=shapes.tools),
    Field(name="messages", kind="list", required_on=_BOTH, check=shapes.messages),
    Field(name="system", kind="text or list", check=fields.system),
    Field(name="thinking", kind="object"),
    Field(name="output_config", kind="shape", check=fields.output_config),
    Field(name="cache_control", kind="object", nullable=True),
    Field(name="max_tokens", kind="integer", required_on=_MESSAGES, known_on=_MESSAGES),
    Field(name="metadata", kind="shape", known_on=_MESSAGES, check=fields.metadata),
    Field(name="stop_sequences", kind="list", known_on=_MESSAGES, check=fields.stop_sequences),
    Field(name="temperature", kind="number", known_on=_MESSAGES, legacy=True, check=fields.temperature),
    Field(name="service_tier", known_on=_MESSAGES, check=fields.one_of("auto", "standard_only")),
    Field(name="top_k", kind="integer", known_on=_MESSAGES, legacy=True),
    # Recorded: -1 passes, so the documented range is not checked here.
    Field(name="top_p", kind="number", known_on=_MESSAGES, legacy=True),
    Field(name="stream", kind="boolean", known_on=_MESSAGES),
    Field(name="container", known_on=_MESSAGES),
    Field(name="inference_geo", kind="string", nullable=True, known_on=_MESSAGES),
    Field(name="output_format", kind="shape", nullable=True, check=fields.output_format),
    Field(name="mcp_servers", kind="list"),
    Field(name="context_management", kind="shape", nullable=True),
    Field(name="speed", nullable=True),
    Field(name="diagnostics", nullable=True, known_on=_MESSAGES),
    Field(name="compaction", nullable=True),
    Field(name="billing_policy", nullable=True),
    Field(name="fallbacks", nullable=True, known_on=_MESSAGES),
    Field(name="fallback_credit_token", nullable=True, known_on=_MESSAGES),
    Field(name="thread", nullable=True, known_on=_MESSAGES),
    Field(name="user_profile_id", nullable=True),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request whose fields are of the right types, and what it was asked of."""

    request: Mapping[str, Any]
    version: str
    endpoint: Endpoint
    model: Model

    @property
    def modern(self) -> bool:
        return self.version == MODERN

    @property
    def messages(self) -> list[Mapping[str, Any]]:
        return self.request["messages"]  # type: ignore[no-any-return]


Rule = Callable[[Asked], Iterator[Problem]]


def check(request: object, *, version: str, endpoint: Endpoint) -> Problem | None:
    """Refuse what the service refuses; None for a request that may go on.

    `version` is the API version (`2023-06-01`, `2026-10-21`; a cloud's own name for one counts as the older). Retired
    models answer still: which of them are gone depends on a date that no request names.
    """
    if not isinstance(request, Mapping):
        # unverified: the path-less form of the recorded words.
        return Problem("invalid_request", fields.SHAPE)
    fault = next(_fields(request, version, endpoint), None)
    if fault is not None:
        return fault
    name = request["model"]
    model = find(name)
    if model is None:
        return Problem("model_not_found", f"model: {name}")
    asked = Asked(request, version, endpoint, model)
    return next(chain.from_iterable(rule(asked) for rule in RULES), None)


def _fields(request: Mapping[str, Any], version: str, endpoint: Endpoint) -> Iterator[Problem]:
    known = _known(endpoint, modern=version == MODERN)
    for name, field in known.items():
        if name in request or endpoint in field.required_on:
            yield from field.problems(request, endpoint)
    yield from fields.extras("", request, known)


@cache
def _known(endpoint: Endpoint, *, modern: bool) -> Mapping[str, Field]:
    return {field.name: field for field in FIELDS if endpoint in field.known_on and not (field.legacy and modern)}


def some_message(asked: Asked) -> Iterator[Problem]:
    """There is at least one message."""
    if not asked.messages:
        yield invalid("messages", "at least one message is required")


def no_empty_content(asked: Asked) -> Iterator[Problem]:
    """Every turn says something; which words are used depends on the model's generation (recorded: Haiku 4.5)."""
    if asked.model.era.vocabulary == "v3":
        last = len(asked.messages) - 1
        for place, message in enumerate(asked.messages):
            if not message["content"] and not (place == last and message["role"] == "assistant"):
                what = "all messages must have non-empty content except for the optional final assistant message"
                yield invalid(f"messages.{place}", what)
        return
    for place in _empty_user_turns(asked.messages):
        yield invalid(f"messages.{place}", "user messages must have non-empty content")


def _empty_user_turns(messages: list[Mapping[str, Any]]) -> Iterator[int]:
    """Give the first place of every run of user messages that says nothing: runs are joined before they are looked at."""
    start = 0
    while start < len(messages):
        end = start
        while end < len(messages) and messages[end]["role"] == messages[start]["role"]:
            end += 1
        if messages[start]["role"] == "user" and not any(message["content"] for message in messages[start:end]):
            yield start
        start = end


def output_limit(asked: Asked) -> Iterator[Problem]:
    """`max_tokens` is within the model's output limit; 0 only warms the cache, and never as a stream."""
    if asked.endpoint == "count_tokens":
        return
    wanted, limit = asked.request["max_tokens"], asked.model.max_output
    if wanted < 0:
        yield invalid("max_tokens", "must be greater than or equal to 0")
    elif wanted == 0 and asked.request.get("stream"):
        # unverified: the words; that it is refused is documented.
        yield invalid("max_tokens", "must be greater than or equal to 1 when `stream` is true")
    elif wanted > limit:
        allowed = "which is the maximum allowed number of output tokens for"
        yield invalid("max_tokens", f"{wanted} > {limit}, {allowed} {asked.request['model']}")


def unique_tool_names(asked: Asked) -> Iterator[Problem]:
    """No two tools have one name."""
    names = [tool["name"] for tool in asked.request.get("tools", ()) if "name" in tool]
    if len(names) != len(set(names)):
        yield invalid("tools", "Tool names must be unique.")


def chosen_tool_exists(asked: Asked) -> Iterator[Problem]:
    """A forced choice has something to choose from (words unverified: one public report)."""
    choice = asked.request.get("tool_choice", {})
    names = [tool.get("name") for tool in asked.request.get("tools", ())]
    if choice.get("type") == "any" and not names:
        yield Problem("invalid_request", "tool_choice.any may only be specified while providing tools")
    if choice.get("type") == "tool" and choice["name"] not in names:
        yield Problem("invalid_request", f"Tool '{choice['name']}' not found in provided tools")


def no_assistant_document(asked: Asked) -> Iterator[Problem]:
    """2026-10-21: no document directly in an assistant message (documented; the words are unverified)."""
    for path, block in _blocks(asked, "assistant"):
        if block["type"] == "document":
            yield invalid(path, "`document` blocks are not permitted in assistant messages")


def no_user_citations(asked: Asked) -> Iterator[Problem]:
    """2026-10-21: no citations on a user's text, also inside a search result (documented; the words are unverified)."""
    for path, block in _blocks(asked, "user"):
        inner = block.get("content") if block["type"] == "search_result" else None
        yield from _cited(f"{path}.text.citations", block)
        for place, part in enumerate(inner if isinstance(inner, list) else ()):
            yield from _cited(f"{path}.search_result.content.{place}.citations", part)


def _cited(path: str, block: Any) -> Iterator[Problem]:
    if isinstance(block, Mapping) and block.get("type") == "text" and block.get("citations"):
        yield invalid(path, "citations are not permitted on user text blocks")


def _blocks(asked: Asked, role: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    if not asked.modern:
        return
    for place, message in enumerate(asked.messages):
        if message["role"] == role and isinstance(message["content"], list):
            for index, block in enumerate(message["content"]):
                yield f"messages.{place}.content.{index}", block


#: Rules across fields, in the order in which they are asked (unverified).
RULES: tuple[Rule, ...] = (
    some_message,
    no_empty_content,
    output_limit,
    unique_tool_names,
    chosen_tool_exists,
    no_assistant_document,
    no_user_citations,
)
