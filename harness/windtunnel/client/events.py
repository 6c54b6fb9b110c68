"""What a caller hears while an answer comes, in order: a closed set of small values, told apart by their class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from windtunnel.client.failures import Failure


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Text, as it came."""

    text: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """Thinking, as it came."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    """The model calls a tool; its input is still to come."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolInput:
    """The input of a call as far as it can be read: an incomplete string is as long as it has come."""

    id: str
    name: str
    partial: Any


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call, complete. `input` is None and `problem` says why where the input is no JSON object."""

    id: str
    name: str
    input: Mapping[str, Any] | None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class ToolResult:
    """A tool has run, or failed to; the model is told next. Only conversations run tools."""

    id: str
    name: str
    content: str | Sequence[Mapping[str, Any]]
    is_error: bool = False


@dataclass(frozen=True, slots=True)
class Retrying:
    """An attempt failed; the next follows in `delay_s` seconds."""

    failure: Failure
    #: Counted from 1: the first retry.
    retry: int
    delay_s: float


@dataclass(frozen=True, slots=True)
class Discarded:
    """What was heard of the answer so far does not count: it begins anew, without a stream or on another model."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Reauthenticated:
    """The credential was refused, and another has been obtained."""

    failure: Failure


@dataclass(frozen=True, slots=True)
class Compacted:
    """The older part of the conversation has been summarised. Tokens are those of the prompt, counted or estimated."""

    before_tokens: int
    after_tokens: int
    #: Messages that the summary stands for.
    replaced: int


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer, whole: the last event of every request that succeeded."""

    id: str
    model: str
    stop_reason: str
    #: As the API sent them, to be sent back unchanged.
    content: tuple[Mapping[str, Any], ...]
    usage: Mapping[str, Any]
    stop_sequence: str | None = None
    #: The complete message as JSON.
    message: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def text(self) -> str:
        return "".join(block.get("text", "") for block in self.content if block["type"] == "text")


Event: TypeAlias = (
    TextDelta
    | ThinkingDelta
    | ToolCallStarted
    | ToolInput
    | ToolCall
    | ToolResult
    | Retrying
    | Discarded
    | Reauthenticated
    | Compacted
    | Answer
)
