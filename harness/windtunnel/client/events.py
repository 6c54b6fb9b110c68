"""What a caller hears while an answer comes, in order: a closed set of small values, told apart by their class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from windtunnel.client.failures import Failure

#: The key under which an input that cannot be read is kept, as text: the API takes no input that is not an object. The
#: word is that of the API's documentation on fine-grained tool streaming, read in 2026 (unverified).
UNREADABLE: Final = "INVALID_JSON"


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
    """The input of a call as far as it can be read: an incomplete string is as long as it has come, a number is whole."""

    id: str
    name: str
    partial: Any


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A call, complete. `input` is None and `problem` says why where it is no strict JSON object, or was cut short."""

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
class Compacting:
    """A summary of the oldest messages is asked for; what holds that up is told behind it, and its end by Compacted."""

    messages: int
    #: Those that do not fit into the same request, and follow in another.
    left: int = 0


@dataclass(frozen=True, slots=True)
class Compacted:
    """The older part of the conversation has been summarised. Tokens are those of the prompt, counted or estimated."""

    before_tokens: int
    after_tokens: int
    #: Messages that the summary stands for.
    replaced: int


@dataclass(frozen=True, slots=True)
class NotCompacted:
    """The conversation was to be summarised in time, and could not be: the request is sent as it is."""

    why: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer, whole: the last event of every request that succeeded."""

    id: str
    model: str
    stop_reason: str
    #: As the API sent them, to be sent back unchanged; but see `problems`.
    content: tuple[Mapping[str, Any], ...]
    usage: Mapping[str, Any]
    stop_sequence: str | None = None
    #: The complete message as JSON.
    message: Mapping[str, Any] = field(default_factory=dict, repr=False)
    #: What is wrong with the input of a call, by its id. In `content`, `UNREADABLE` is all the input that it has.
    problems: Mapping[str, str] = field(default_factory=dict)

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """The calls of your tools. One with a `problem` is not to be run: it has no input."""
        found = [block for block in self.content if block["type"] == "tool_use"]
        return tuple(
            ToolCall(one["id"], one["name"], None if problem else one["input"], problem)
            for one in found
            for problem in (self.problems.get(one["id"]),)
        )

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
    | Compacting
    | Compacted
    | NotCompacted
    | Answer
)
