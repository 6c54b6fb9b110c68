"""When a step of a script applies: to which calls, and at what times."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any, TypeAlias

from windtunnel_server.call import Call

#: How many, with both ends included; None for no limit.
Range: TypeAlias = tuple[float | None, float | None]


class Numbers(frozenset[int]):
    """Single numbers, where a range could stand too; no tuple, which would be equal to one."""

    __slots__ = ()


@dataclass
class Facts:
    """A call as conditions see it: a request of the Messages API, whatever the provider's dialect."""

    call: Call
    #: As a step's `on` names it.
    endpoint: str
    #: Its place among the calls of its endpoint that were let in since the start or the last reset, counted from 1.
    number: int
    #: Counts the input tokens of a request; asked only where a condition wants to know.
    count: Callable[[Any], int]

    @cached_property
    def request(self) -> Mapping[str, Any]:
        return self.call.json if isinstance(self.call.json, Mapping) else {}

    @cached_property
    def tokens(self) -> int:
        return self.count(self.request)

    @cached_property
    def _last_turn(self) -> list[Any]:
        """The blocks of the last user message."""
        messages = self.request.get("messages")
        turns = [turn for turn in messages if isinstance(turn, Mapping)] if isinstance(messages, list) else []
        return next((_blocks(turn.get("content")) for turn in reversed(turns) if turn.get("role") == "user"), [])

    @cached_property
    def text(self) -> str:
        """The text of the last user message; empty where that only brings the results of tools."""
        return _text(self._last_turn)

    @cached_property
    def system(self) -> str:
        return _text(_blocks(self.request.get("system")))

    @cached_property
    def tool_results(self) -> list[str]:
        """What the tools said, in the last user message."""
        found = (block for block in self._last_turn if block.get("type") == "tool_result")
        return [_text(_blocks(block.get("content"))) for block in found]


def _blocks(content: Any) -> list[Any]:
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [block for block in content if isinstance(block, Mapping)] if isinstance(content, list) else []


def _text(blocks: list[Any]) -> str:
    return "\n".join(str(block["text"]) for block in blocks if block.get("type") == "text" and "text" in block)


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Which calls a step is for; everything that is said must hold, None says nothing.

    Names and header values are patterns with `*` and `?` for the whole; texts are regular expressions that are searched
    for, in any case of letters.
    """

    #: The model that was asked for, as the request names it.
    model: str | None = None
    #: The text of the last user message.
    text: str | None = None
    #: The system prompt.
    system: str | None = None
    #: Whether the last user message brings the result of a tool, or what that result says.
    tool_result: bool | str | None = None
    #: Input tokens, as the fake counts them.
    tokens: Range | None = None
    #: Request headers, in any case of letters: a pattern for the value, or whether it is there.
    header: Mapping[str, str | bool] = field(default_factory=dict)
    #: Numbers of calls: each endpoint counts those it lets in, from 1, since the start or the last reset.
    call: Numbers | Range | None = None
    provider: str | None = None
    #: Whether the request asks for a stream.
    stream: bool | None = None

    def matches(self, facts: Facts) -> bool:
        """Say whether the call is one that the step is for."""
        return all(
            rule(getattr(self, name), facts) for name, rule in _RULES.items() if getattr(self, name) not in (None, {})
        )


def _named(pattern: str, value: object) -> bool:
    # Brackets stand for themselves: what is in them would be easily written by mistake, and never asked for.
    return isinstance(value, str) and fnmatchcase(value, pattern.replace("[", "[[]"))


def _says(pattern: str, text: str) -> bool:
    return re.search(pattern, text, re.IGNORECASE) is not None


def _tool_result(wanted: bool | str, facts: Facts) -> bool:
    if isinstance(wanted, bool):
        return bool(facts.tool_results) is wanted
    return any(_says(wanted, result) for result in facts.tool_results)


def _headers(wanted: Mapping[str, str | bool], facts: Facts) -> bool:
    return all(_header(facts.call.header(name), pattern) for name, pattern in wanted.items())


def _header(value: str | None, wanted: str | bool) -> bool:
    if isinstance(wanted, bool):
        return (value is not None) is wanted
    return _named(wanted, value)


def within(number: float, limits: Range) -> bool:
    """Say whether a number lies between two others, both included."""
    low, high = limits
    return (low is None or number >= low) and (high is None or number <= high)


def _call(wanted: Numbers | Range, facts: Facts) -> bool:
    return facts.number in wanted if isinstance(wanted, Numbers) else within(facts.number, wanted)


_RULES: Mapping[str, Callable[[Any, Facts], bool]] = {
    "provider": lambda wanted, facts: _named(wanted, facts.call.provider),
    "model": lambda wanted, facts: _named(wanted, facts.request.get("model")),
    "stream": lambda wanted, facts: bool(facts.request.get("stream")) is wanted,
    "call": _call,
    "header": _headers,
    "tool_result": _tool_result,
    "text": lambda wanted, facts: _says(wanted, facts.text),
    "system": lambda wanted, facts: _says(wanted, facts.system),
    "tokens": lambda wanted, facts: within(facts.tokens, wanted),
}


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time, in seconds on the clock: from its beginning up to, and without, its end."""

    from_s: float = 0.0
    until_s: float = math.inf

    def __contains__(self, at_s: object) -> bool:
        return isinstance(at_s, (int, float)) and self.from_s <= at_s < self.until_s
