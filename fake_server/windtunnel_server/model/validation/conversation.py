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


def _not_endless(asked: Asked) -> Iterator[Problem]:
    if len(asked.messages) > _MOST_MESSAGES:
        yield invalid("messages", f"at most {_MOST_MESSAGES} messages are allowed")


def _user_first(asked: Asked) -> Iterator[Problem]:
    if asked.messages and asked.messages[0]["role"] == "assistant":
        yield invalid("messages", 'first message must use the "user" role')


def _no_prefill(asked: Asked) -> Iterator[Problem]:
    """Look at plain answers only: a turn of the service's tools that was paused is sent back as it is."""
    if asked.model.era.prefill or asked.terms.endpoint != "messages" or not asked.messages:
        return
    if asked.request.get("compaction"):
        return  # what is summarised may end with an answer (wire.md 9.4)
    last = asked.messages[-1]
    content = last["content"]
    if last["role"] == "assistant" and content and _is_said(content):
        what = "This model does not support assistant message prefill."
        yield invalid("", f"{what} The conversation must end with a user message.")


def _is_said(content: Any) -> bool:
    """Tell an answer that was begun: text, perhaps behind thoughts."""
    if isinstance(content, str):
        return True
    return content[-1]["type"] == "text" and all(block["type"] in _PLAIN for block in content)


def _tidy_end(asked: Asked) -> Iterator[Problem]:
    last = asked.messages[-1] if asked.messages else {"role": "user", "content": ""}
    content = last["content"]
    if last["role"] != "assistant" or not content:
        return
    text = content if isinstance(content, str) else content[-1].get("text")
    if isinstance(text, str) and text and text[-1].isspace():
        yield invalid("messages", "final assistant content cannot end with trailing whitespace")


def _texts_say_something(asked: Asked) -> Iterator[Problem]:
    """Recorded: blank text of the assistant's passes; that the user's does not is reported."""
    for placed in asked.by_type.get("text", ()):
        text = placed.block["text"]
        if not text and placed.role != "system":
            yield invalid("messages", "text content blocks must be non-empty")
        if placed.role == "user" and text.isspace():
            yield invalid("messages", "text content blocks must contain non-whitespace text")
    system = asked.request.get("system")
    if isinstance(system, list) and any(block.get("text") == "" for block in system):
        yield invalid("system", "text content blocks must be non-empty")


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


#: Documented.
_MOST_MESSAGES: Final = 100_000
#: What the last turn of a client that prefills is made of.
_PLAIN: Final = ("text", "thinking", "redacted_thinking")

_ANSWER: Final = {"role": "assistant", "content": "It blows"}
_SPACED: Final = {"role": "assistant", "content": "It blows "}
_OLD: Final = {"model": "claude-haiku-4-5"}
_DOCUMENT: Final = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "Tides."}}
_TEXT: Final = {"type": "text", "text": "Hello"}
_PLACED: Final = {"document_index": 0, "document_title": None, "start_char_index": 0, "end_char_index": 1}
_CITED: Final = _TEXT | {"citations": [{"type": "char_location", "cited_text": "x", **_PLACED}]}

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
        name="messages_not_endless",
        about="There are at most 100,000 messages.",
        source="wire.md 1.1, 10 (documented; the words are unverified)",
        passes=Example({"messages": [_user(_TEXT)] * 2}),
        fails=Example({"messages": [{"role": "user", "content": "Hello"}] * (_MOST_MESSAGES + 1)}),
        says="messages: at most 100000 messages are allowed",
        check=_not_endless,
    ),
    Rule(
        name="user_first",
        about="The first message is the user's: a rule of former years, recorded as gone in 2026, and so off.",
        source="",
        passes=Example(),
        fails=Example({"messages": [_ANSWER, _user(_TEXT)]}),
        says='messages: first message must use the "user" role',
        check=_user_first,
    ),
    Rule(
        name="no_prefill",
        about="Models from 4.6 on do not go on with a message of the assistant's.",
        source="wire.md 6.3, 10; recorded (2026)",
        passes=Example({**_OLD, "messages": [_user(_TEXT), _ANSWER]}),
        fails=Example({"messages": [_user(_TEXT), _ANSWER]}),
        says="This model does not support assistant message prefill. The conversation must end with a user message.",
        check=_no_prefill,
    ),
    Rule(
        name="prefill_is_tidy",
        about="The message of the assistant's that is to be gone on with does not end in white space.",
        source="wire.md 6.3",
        passes=Example({**_OLD, "messages": [_user(_TEXT), _ANSWER]}),
        fails=Example({**_OLD, "messages": [_user(_TEXT), _SPACED]}),
        says="messages: final assistant content cannot end with trailing whitespace",
        check=_tidy_end,
    ),
    Rule(
        name="texts_say_something",
        about="No text is empty, and none of the user's is blank.",
        source="wire.md 6.3, anthropics/claude-code#59812; blank: TheValkyrja/Anthropic2Vertex#5",
        passes=Example({"messages": [_user(_TEXT)]}),
        fails=Example({"messages": [_user(_TEXT, _TEXT | {"text": ""})]}),
        says="messages: text content blocks must be non-empty",
        check=_texts_say_something,
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
