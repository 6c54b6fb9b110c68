"""What the user asked last, read off a request."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

#: Clients put notes to the model into the user's turns; a name in them asks for nothing.
_NOTE: Final = re.compile(r"<system-reminder>.*?</system-reminder>", re.DOTALL)
_WORD: Final = re.compile(r"[^\W_]+")


def blocks_of(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give the content of a message as blocks, a string as one text."""
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content or () if isinstance(block, Mapping)]


def text_of(message: Mapping[str, Any]) -> str:
    """Give the texts of a message, a line each."""
    return "\n".join(str(block.get("text", "")) for block in blocks_of(message) if block.get("type") == "text")


def conversation(request: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Give the messages of user and assistant."""
    messages = [message for message in request.get("messages") or () if isinstance(message, Mapping)]
    return [message for message in messages if message.get("role") != "system"]


def prefill(request: Mapping[str, Any]) -> str | None:
    """Give the text that an answer has to go on with; None where the last turn is the user's."""
    messages = conversation(request)
    if not messages or messages[-1].get("role") != "assistant":
        return None
    return text_of(messages[-1])


def place(request: Mapping[str, Any]) -> int | None:
    """Find the message the user last asked something in: one that is not all results of tools."""
    messages = conversation(request)
    asking = [at for at, message in enumerate(messages) if message.get("role") == "user" and not _answers(message)]
    return asking[-1] if asking else None


def words(request: Mapping[str, Any]) -> str:
    """Give the text of the last question."""
    at = place(request)
    if at is None:
        return ""
    return _NOTE.sub("", text_of(conversation(request)[at]))


def since(request: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Give the messages after the last question."""
    at = place(request)
    return conversation(request)[at + 1 :] if at is not None else ()


def split(text: str) -> list[str]:
    """Split a text into words, in lower case and without a plural's s; `getCityWeather` and `city_weather` too."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", text)
    return [_singular(word) for word in _WORD.findall(apart.lower())]


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _answers(message: Mapping[str, Any]) -> bool:
    return any(block.get("type") == "tool_result" for block in blocks_of(message))
