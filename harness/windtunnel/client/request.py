"""One request, as a value: what is asked of which model, and where the prompt is to be cached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

Block = Mapping[str, Any]
Message = Mapping[str, Any]

_MARK: Final = {"cache_control": {"type": "ephemeral"}}
#: What takes no mark.
_UNMARKED: Final = frozenset({"thinking", "redacted_thinking"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request in the words of the Messages API. Messages are the whole history."""

    model: str
    max_tokens: int
    messages: tuple[Message, ...]
    #: Parts of the system prompt; those that never change come first.
    system: tuple[str, ...] = ()
    tools: tuple[Mapping[str, Any], ...] = ()
    stream: bool = True
    thinking: Mapping[str, Any] | None = None
    #: Mark tools, system prompt and history for the prompt cache: three of the four marks there are.
    cached: bool = True
    #: Further keys of the body.
    extra: Mapping[str, Any] = field(default_factory=dict)

    def body(self) -> dict[str, Any]:
        """Return the arguments of the SDK's `messages.create`, without `stream`."""
        out: dict[str, Any] = {"model": self.model, "max_tokens": self.max_tokens}
        if self.system:
            out["system"] = _last_marked([{"type": "text", "text": part} for part in self.system], self.cached)
        out["messages"] = _history(self.messages, self.cached)
        if self.tools:
            out["tools"] = _last_marked(list(self.tools), self.cached)
        if self.thinking is not None:
            out["thinking"] = dict(self.thinking)
        return out | dict(self.extra)

    def to_count(self) -> dict[str, Any]:
        """Return the arguments of `messages.count_tokens`."""
        body = replace(self, cached=False, extra={}).body()
        del body["max_tokens"]
        return body


def _last_marked(blocks: Sequence[Block], cached: bool) -> list[Block]:
    if not cached or not blocks:
        return list(blocks)
    return [*blocks[:-1], {**blocks[-1], **_MARK}]


def _history(messages: Sequence[Message], cached: bool) -> list[Message]:
    """Mark the last block of the last message; the history itself stays as it is, so that its prefix does too."""
    if not cached or not messages:
        return list(messages)
    last = messages[-1]
    content = last["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
    if not blocks or blocks[-1].get("type") in _UNMARKED or blocks[-1].get("text") == "":
        return list(messages)
    return [*messages[:-1], {**last, "content": _last_marked(blocks, True)}]
