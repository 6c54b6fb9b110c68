"""What has to hold between the turns of a conversation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.rule import Asked, Example, Rule


def _some_message(asked: Asked) -> Iterator[Problem]:
    if not asked.messages:
        yield invalid("messages", "at least one message is required")


def _says_something(asked: Asked) -> Iterator[Problem]:
    """The words depend on the model's generation (recorded: Haiku 4.5 has the older)."""
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


def _no_assistant_document(asked: Asked) -> Iterator[Problem]:
    if asked.terms.modern:
        for placed in asked.blocks("document"):
            if placed.role == "assistant":
                yield invalid(placed.path, "`document` blocks are not permitted in assistant messages")


def _no_user_citations(asked: Asked) -> Iterator[Problem]:
    if not asked.terms.modern:
        return
    for placed in asked.blocks("text", "search_result"):
        if placed.role != "user":
            continue
        yield from _cited(f"{placed.path}.text.citations", placed.block)
        inner = placed.block.get("content") if placed.block["type"] == "search_result" else None
        for place, part in enumerate(inner if isinstance(inner, list) else ()):
            yield from _cited(f"{placed.path}.search_result.content.{place}.citations", part)


def _cited(path: str, block: Any) -> Iterator[Problem]:
    if isinstance(block, Mapping) and block.get("type") == "text" and block.get("citations"):
        yield invalid(path, "citations are not permitted on user text blocks")


def _user(*content: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(content)}


_DOCUMENT: Final = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Tides."}}
_TEXT: Final = {"type": "text", "text": "Hello"}
_CITED: Final = _TEXT | {"citations": [{"type": "char_location", "cited_text": "x", "document_index": 0}]}

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="some_message",
        about="There is at least one message.",
        source="wire.md 6.3; recorded",
        passes=Example(),
        fails=Example({"messages": []}),
        says="messages: at least one message is required",
        check=_some_message,
    ),
    Rule(
        name="messages_say_something",
        about="Every user's turn has content; on models up to 4.6 every message but a last one of the assistant.",
        source="wire.md 6.3; recorded (2026)",
        passes=Example({"messages": [{"role": "user", "content": ""}, {"role": "user", "content": "Hello"}]}),
        fails=Example({"messages": [{"role": "user", "content": ""}]}),
        says="messages.0: user messages must have non-empty content",
        check=_says_something,
    ),
    Rule(
        name="no_assistant_document",
        about="From 2026-10-21 on no document stands directly in an assistant's message.",
        source="wire.md 0 (documented; the words are unverified)",
        passes=Example({"messages": [_user(_DOCUMENT)]}),
        fails=Example({"messages": [_user(_TEXT), {"role": "assistant", "content": [_DOCUMENT]}, _user(_TEXT)]}),
        says="messages.1.content.0: `document` blocks are not permitted in assistant messages",
        check=_no_assistant_document,
    ),
    Rule(
        name="no_user_citations",
        about="From 2026-10-21 on a user's text has no citations, also inside a search result.",
        source="wire.md 0 (documented; the words are unverified)",
        passes=Example({"messages": [_user(_TEXT | {"citations": []})]}),
        fails=Example({"messages": [_user(_CITED)]}),
        says="messages.0.content.0.text.citations: citations are not permitted on user text blocks",
        check=_no_user_citations,
    ),
)
