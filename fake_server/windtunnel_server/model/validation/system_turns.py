"""System messages within a conversation: which models take them, and where they may stand.

Words and order: live tests of others on Sonnet 5 (August 2026) and public reports; recorded on Opus 4.8 for what passes.
A message with `output_config` and no content is only a directive and may stand anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from windtunnel_server.model.problem import Problem, invalid
from windtunnel_server.model.validation.rule import Asked, Example, Rule

_KINDS: Final = ("text", "tool_addition", "tool_removal")
_ANYWHERE: Final = "the directive-only form (content: [] with output_config) is accepted at any position"
_FOLLOWS: Final = "role 'system' must follow a 'user' message or an 'assistant' message ending in a server tool result"
_PRECEDES: Final = "role 'system' must precede an 'assistant' message or end the array"


def _supported(asked: Asked) -> Iterator[Problem]:
    if not asked.model.era.system_turns and any(message["role"] == "system" for message in asked.messages):
        yield invalid("", "role 'system' is not supported on this model")


def _whole(asked: Asked) -> Iterator[Problem]:
    for place, message in _system(asked):
        if not message["content"]:
            yield invalid(f"messages.{place}", "system content must contain at least one block")
    for place, message in _system(asked):
        content = message["content"]
        if not isinstance(content, str) and any(block["type"] not in _KINDS for block in content):
            what = "role 'system' supports text, tool_addition, and tool_removal blocks only"
            yield invalid(f"messages.{place}", what)


def _placed(asked: Asked) -> Iterator[Problem]:
    for first, last in _runs(asked):
        if first == 0:
            what = "use the top-level 'system' parameter for the initial system prompt"
            yield invalid("messages.0", f"{what}; {_ANYWHERE}")
        elif not _may_be_followed(asked.messages[first - 1]):
            yield invalid(f"messages.{first}", f"{_FOLLOWS}; {_ANYWHERE}")
        elif last + 1 < len(asked.messages) and asked.messages[last + 1]["role"] == "user":
            yield invalid(f"messages.{last}", f"{_PRECEDES}; {_ANYWHERE}")


def _spoken(asked: Asked) -> Iterator[Problem]:
    for place, message in _system(asked):
        content = message["content"]
        texts = [content] if isinstance(content, str) else [b["text"] for b in content if b["type"] == "text"]
        if not all(text.strip() for text in texts):
            yield invalid(f"messages.{place}", "system text blocks must contain non-whitespace text")


def _system(asked: Asked) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Give the system messages that say something, on models that take them."""
    if asked.model.era.system_turns:
        for place, message in enumerate(asked.messages):
            if message["role"] == "system" and not _is_directive(message):
                yield place, message


def _runs(asked: Asked) -> Iterator[tuple[int, int]]:
    """Give first and last place of every run of system messages; one next to a directive is left alone (unverified)."""
    places = [place for place, _ in _system(asked)]
    while places:
        first = last = places.pop(0)
        while places and places[0] == last + 1:
            last = places.pop(0)
        around = asked.messages[max(first - 1, 0) : last + 2]
        if not any(_is_directive(message) for message in around):
            yield first, last


def _is_directive(message: Mapping[str, Any]) -> bool:
    return message["role"] == "system" and not message["content"] and message.get("output_config") is not None


def _may_be_followed(message: Mapping[str, Any]) -> bool:
    content = message["content"]
    ends_in_result = isinstance(content, list) and bool(content) and content[-1]["type"].endswith("_tool_result")
    return message["role"] != "assistant" or ends_in_result


def _talk(*said: tuple[str, Any]) -> Example:
    return Example({"messages": [{"role": role, "content": content} for role, content in said]})


_USER: Final = ("user", "Hello")
_SYSTEM: Final = ("system", "Answer in Spanish.")
_GOOD: Final = _talk(_USER, _SYSTEM)
_SOURCE: Final = "live tests of others (August 2026)"

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        name="system_messages_supported",
        about="Models from Opus 4.8 on take messages of the role system within a conversation.",
        source="wire.md 6.3, 10; recorded on Opus 4.8 (2026)",
        passes=_GOOD,
        fails=Example({**_GOOD.changes, "model": "claude-haiku-4-5"}),
        says="role 'system' is not supported on this model",
        check=_supported,
    ),
    Rule(
        name="system_messages_have_content",
        about="A system message has content, and no blocks but text and changes of tools.",
        source=_SOURCE,
        passes=_GOOD,
        fails=_talk(_USER, ("system", [])),
        says="messages.1: system content must contain at least one block",
        check=_whole,
    ),
    Rule(
        name="system_messages_placed",
        about="A run of system messages comes after the user, or after a server tool's result, and not before the user.",
        source=f"{_SOURCE}; public reports, several",
        passes=_GOOD,
        fails=_talk(_USER, _SYSTEM, _USER),
        says=f"messages.1: {_PRECEDES}; {_ANYWHERE}",
        check=_placed,
    ),
    Rule(
        name="system_messages_say_something",
        about="No text of a system message is blank.",
        source=_SOURCE,
        passes=_GOOD,
        fails=_talk(_USER, ("system", "  ")),
        says="messages.1: system text blocks must contain non-whitespace text",
        check=_spoken,
    ),
)
