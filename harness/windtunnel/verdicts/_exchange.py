"""One request for a message and what came of it, as the verdict on compaction sees it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Literal, TypeAlias

from windtunnel.verdicts.failures import failed
from windtunnel.verdicts.sent import Sent, read
from windtunnel_server.journal import Entry
from windtunnel_server.model.tokens import count_input

#: input: the prompt alone is over the window. output: prompt and `max_tokens` together. bytes: a body over the limit.
Over: TypeAlias = Literal["input", "output", "bytes"]

# The words of the surfaces (wire.md 6.7). Clients know an overflow by them, and by nothing else.
_TOO_LONG: Final = re.compile(r"prompt is too long(?:: (\d+) tokens > (\d+) maximum)?", re.IGNORECASE)
_BEDROCK: Final = re.compile(r"input is too long for requested model", re.IGNORECASE)
_WITH_OUTPUT: Final = re.compile(r"exceed context limit(?:: (\d+) \+ \d+ > (\d+))?", re.IGNORECASE)
_COMPACTION_BLOCK: Final = re.compile(rb'"type":\s*"compaction"')
#: Texts that a client adds or changes by itself, and nobody misses (claude-code.md 1).
_CLIENTS_OWN: Final = ("x-anthropic-billing-header", "<system-reminder>")


@dataclass(frozen=True, slots=True)
class Overflow:
    """A refusal for size. Tokens are the service's own count, None where it did not say."""

    kind: Over
    tokens: int | None = None
    limit: int | None = None


@dataclass(frozen=True, eq=False)
class Exchange:
    """A request, with its repetitions by the letter, and its last answer."""

    attempts: tuple[Entry, ...]

    @property
    def entry(self) -> Entry:
        return self.attempts[-1]

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(attempt.number for attempt in self.attempts)

    @property
    def body(self) -> Mapping[str, Any]:
        body: Mapping[str, Any] = self.entry.body
        return body

    @property
    def max_tokens(self) -> int:
        asked = self.body.get("max_tokens")
        return asked if isinstance(asked, int) else 0

    @property
    def answered(self) -> bool:
        return self.entry.ended is not None and not failed(self.entry)

    @cached_property
    def reading(self) -> Sent:
        return read(self.entry)

    @cached_property
    def overflow(self) -> Overflow | None:
        """The refusal for size that the last attempt met."""
        return _overflow(self.entry)

    @cached_property
    def refusals(self) -> tuple[int, ...]:
        """The numbers of the attempts that were refused for their size."""
        return tuple(one.number for one in self.attempts if _overflow(one) is not None)

    @cached_property
    def messages(self) -> list[Mapping[str, Any]]:
        """The messages that the service reads: all from the last compaction block on, where there is one."""
        messages = [message for message in self.body["messages"] if isinstance(message, Mapping)]
        for place in range(len(messages) - 1, -1, -1):
            blocks = blocks_of(messages[place])
            cut = [at for at, block in enumerate(blocks) if block.get("type") == "compaction"]
            if cut:
                return [{**messages[place], "content": blocks[cut[-1] :]}, *messages[place + 1 :]]
        return messages

    @cached_property
    def size(self) -> int | None:
        """Input tokens as the fake counts them; None for a body that cannot be counted."""
        return self.size_with()

    def size_with(self, *further: Mapping[str, Any]) -> int | None:
        """Count the request with further messages behind it."""
        try:
            return count_input({**self.body, "messages": [*self.messages, *further]})
        except (AttributeError, TypeError, ValueError, KeyError):
            return None

    @property
    def used(self) -> int | None:
        """Tokens of the window behind the answer: input, cached or not, and output, as reported."""
        usage = self.entry.usage
        if not usage:
            return None
        parts = ("input_tokens", "cache_read_input_tokens", "cache_creation_input_tokens", "output_tokens")
        return sum(int(usage.get(part) or 0) for part in parts)

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Every message as one text, without cache marks, so that histories can be compared."""
        return tuple(canonical({**message, "content": blocks_of(message)}) for message in self.body["messages"])

    def extends(self, earlier: Exchange) -> bool:
        """Say whether the history begins with the whole of an earlier one."""
        return self.keys[: len(earlier.keys)] == earlier.keys

    @cached_property
    def system(self) -> tuple[str, ...]:
        """The texts of the system prompt."""
        return tuple(texts(self.body.get("system")))

    @cached_property
    def tools(self) -> dict[str, str]:
        """Every tool by its name, without cache marks."""
        tools = [tool for tool in self.body.get("tools") or () if isinstance(tool, Mapping)]
        return {str(tool.get("name")): canonical(tool) for tool in tools}

    @property
    def spoken(self) -> list[Mapping[str, Any]]:
        """The messages of user and model; a system message may stand between them (claude-code.md 1)."""
        return [message for message in self.messages if message.get("role") != "system"]

    @property
    def last(self) -> Mapping[str, Any]:
        return self.spoken[-1] if self.spoken else {}

    @cached_property
    def words(self) -> list[str]:
        """What the user says in the last message."""
        return list(texts(self.last.get("content"))) if self.last.get("role") == "user" else []

    @cached_property
    def heard(self) -> str:
        """All that stands in the place of the user and in the system prompt, as one text."""
        told = [texts(message.get("content")) for message in self.messages if message.get("role") != "assistant"]
        return "\n".join([*self.system, *(text for each in told for text in each)])

    @cached_property
    def compacts_itself(self) -> bool:
        """The service compacted on the way: the answer has a compaction block."""
        return _COMPACTION_BLOCK.search(b"".join(self.entry.sent)) is not None


def exchanges(entries: Iterable[Entry]) -> list[Exchange]:
    """Make exchanges of calls in order; a body repeated by the letter right after a failure is a repetition."""
    out: list[Exchange] = []
    for entry in entries:
        if out and out[-1].entry.body_digest == entry.body_digest and not out[-1].answered:
            out[-1] = Exchange((*out[-1].attempts, entry))
        else:
            out.append(Exchange((entry,)))
    return out


def is_exchange(entry: Entry) -> bool:
    """Say whether a call has a conversation in it."""
    messages = entry.body.get("messages") if isinstance(entry.body, Mapping) else None
    return isinstance(messages, list) and bool(messages) and all(isinstance(one, Mapping) for one in messages)


def blocks_of(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the content of a message as blocks."""
    content = message.get("content")
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content or () if isinstance(block, Mapping)]


def texts(content: Any) -> Iterable[str]:
    """Give the texts of a content, but for those a client writes for itself. Tool results are none."""
    for block in blocks_of({"content": content}):
        text = block.get("text") if block.get("type") == "text" else None
        if isinstance(text, str) and text.strip() and not text.startswith(_CLIENTS_OWN):
            yield text


def canonical(value: Any) -> str:
    """Write a value as one text, keys in order, without cache marks."""
    return json.dumps(_unmarked(value), sort_keys=True, ensure_ascii=False)


def _unmarked(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _unmarked(inner) for key, inner in value.items() if key != "cache_control"}
    return [_unmarked(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def _overflow(entry: Entry) -> Overflow | None:
    if entry.status == 413:
        return Overflow("bytes")
    if not failed(entry):
        return None
    error = read(entry).error
    said = error.message if error else None
    if said is None and (entry.status or 0) >= 400:
        said = b"".join(entry.sent).decode("utf-8", "replace")
    if said is None:
        return None
    if found := _WITH_OUTPUT.search(said):
        return Overflow("output", _number(found[1]), _number(found[2]))
    if found := _TOO_LONG.search(said):
        return Overflow("input", _number(found[1]), _number(found[2]))
    return Overflow("input") if _BEDROCK.search(said) else None


def _number(digits: str | None) -> int | None:
    return int(digits) if digits else None
