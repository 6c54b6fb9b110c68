"""The events of the API as events for the caller, and the answer put together from them.

The SDK hands on raw events and leaves pings out. What it does not notice is noticed here: a stream that ends without
its end, a tool input that is no strict JSON or was cut short, a block that was never closed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from windtunnel.client.events import (
    UNREADABLE,
    Answer,
    Event,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    ToolCallStarted,
    ToolInput,
)
from windtunnel.client.failures import Failure

#: Blocks whose input comes in pieces.
_CALLS: Final = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})
#: Stop reasons of an answer whose last block may not be all of it (wire.md 9.1).
CUT_SHORT: Final = frozenset({"max_tokens", "model_context_window_exceeded"})
_CUT_OFF: Final = "the answer was cut short ({reason}) before the call was complete"


class StreamProblem(Exception):
    """A stream went wrong after its head."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class Accumulator:
    """An answer as it grows. Feed it the events of one stream as JSON objects."""

    def __init__(self) -> None:
        self._message: dict[str, Any] = {}
        self._blocks: dict[int, dict[str, Any]] = {}
        self._inputs: dict[int, str] = {}
        self._open: set[int] = set()
        self._ended = False
        #: What is wrong with calls, by id.
        self._problems: dict[str, str] = {}
        #: A call without any input: only what follows tells whether it was cut off before its input came.
        self._bare: int | None = None

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(block.get("text", "") for block in self._blocks.values() if block.get("type") == "text")

    @property
    def usage(self) -> Mapping[str, Any] | None:
        """The usage as last reported; None before there was any."""
        return self._message.get("usage")

    def feed(self, event: Mapping[str, Any]) -> Iterator[Event]:
        """Take one event in, and give what the caller should hear of it."""
        kind = event.get("type")
        if kind == "message_start":
            self._message = dict(event["message"])
            self._message["usage"] = dict(self._message.get("usage") or {})
        elif kind == "content_block_start":
            yield from self._started(event["index"], dict(event["content_block"]))
        elif kind == "content_block_delta":
            yield from self._delta(event["index"], event["delta"])
        elif kind == "content_block_stop":
            yield from self._stopped(event["index"])
        elif kind == "message_delta":
            self._told(event)
            yield from self._settled()
        elif kind == "message_stop":
            self._ended = True

    def _started(self, index: int, block: dict[str, Any]) -> Iterator[Event]:
        yield from self._settled()
        self._blocks[index] = block
        self._open.add(index)
        if block["type"] in _CALLS:
            self._inputs[index] = ""
        if block["type"] == "tool_use":
            yield ToolCallStarted(block["id"], block["name"])
        elif block["type"] == "text" and block.get("text"):
            yield TextDelta(block["text"])

    def _delta(self, index: int, delta: Mapping[str, Any]) -> Iterator[Event]:
        block, kind = self._blocks[index], delta["type"]
        if kind == "text_delta":
            block["text"] = block.get("text", "") + delta["text"]
            yield TextDelta(delta["text"])
        elif kind == "thinking_delta":
            block["thinking"] = block.get("thinking", "") + delta["thinking"]
            if delta["thinking"]:
                yield ThinkingDelta(delta["thinking"])
        elif kind == "signature_delta":
            block["signature"] = delta["signature"]
        elif kind == "citations_delta":
            block["citations"] = [*(block.get("citations") or []), delta["citation"]]
        elif kind == "compaction_delta":
            block["content"] = (block.get("content") or "") + (delta.get("content") or "")
        elif kind == "input_json_delta":
            yield from self._more_input(index, delta["partial_json"])

    def _more_input(self, index: int, piece: str) -> Iterator[Event]:
        self._inputs[index] = self._inputs.get(index, "") + piece
        block = self._blocks[index]
        if piece and block["type"] == "tool_use":
            partial = readable(self._inputs[index])
            if partial is not None:
                yield ToolInput(block["id"], block["name"], partial)

    def _stopped(self, index: int) -> Iterator[Event]:
        self._open.discard(index)
        block = self._blocks[index]
        if index not in self._inputs:
            return
        if not self._inputs[index]:
            self._bare = index
            return
        yield from self._called(block, *parsed(self._inputs[index]), self._inputs[index])

    def _settled(self) -> Iterator[Event]:
        """Tell of a call without input."""
        if self._bare is None:
            return
        block, self._bare = self._blocks[self._bare], None
        yield from self._called(block, *called_with(block.get("input"), self._message.get("stop_reason")), "")

    def _called(
        self, block: dict[str, Any], value: Mapping[str, Any] | None, problem: str | None, said: str
    ) -> Iterator[Event]:
        if problem is not None:
            self._problems[block["id"]] = problem
        block["input"] = {UNREADABLE: said} if value is None else value
        if block["type"] == "tool_use":
            yield ToolCall(block["id"], block["name"], value, problem)

    def _told(self, event: Mapping[str, Any]) -> None:
        """Take the end of the message; counts in it are the final ones, those it leaves out stay."""
        self._message |= event["delta"]
        for name, value in (event.get("usage") or {}).items():
            if value is not None:
                self._message["usage"][name] = value
        if event.get("context_management") is not None:
            self._message["context_management"] = event["context_management"]

    def answer(self) -> Answer:
        """Return the whole answer; StreamProblem where it is not whole."""
        if not self._message or self._open or not self._ended or not self._message.get("stop_reason"):
            what = "before it began" if not self._message else "before its end"
            raise StreamProblem(_broken(f"the stream ended {what}", begun=bool(self._message)))
        content = [self._blocks[index] for index in sorted(self._blocks)]
        try:
            return answer_of({**self._message, "content": content}, self._problems)
        except KeyError as error:
            raise StreamProblem(_broken(f"the stream left out {error} of its message", begun=True)) from error


def _broken(message: str, *, begun: bool) -> Failure:
    return Failure(kind="stream_broken", message=message, status=200, begun=begun)


def answer_of(message: Mapping[str, Any], problems: Mapping[str, str]) -> Answer:
    """Return a complete message, as JSON, as an answer. `problems` are those of its calls."""
    return Answer(
        id=message["id"],
        model=message["model"],
        stop_reason=message["stop_reason"],
        content=tuple(message["content"]),
        usage=message["usage"],
        stop_sequence=message.get("stop_sequence"),
        message=message,
        problems=dict(problems),
    )


def whole_events(message: Mapping[str, Any]) -> Iterator[Event]:
    """Give what a caller should hear of an answer that came in one piece."""
    content: list[Mapping[str, Any]] = []
    problems: dict[str, str] = {}
    for place, block in enumerate(message["content"], start=1):
        content.append(block)
        if block["type"] == "thinking" and block.get("thinking"):
            yield ThinkingDelta(block["thinking"])
        elif block["type"] == "text" and block["text"]:
            yield TextDelta(block["text"])
        elif block["type"] == "tool_use":
            # Only the last block can be one that was cut off; how much of it there is does not show.
            is_last = place == len(message["content"])
            value, problem = called_with(block["input"], message["stop_reason"] if is_last else None)
            if problem is not None:
                problems[block["id"]] = problem
                content[-1] = {**block, "input": {UNREADABLE: _written(block["input"])}}
            yield ToolCallStarted(block["id"], block["name"])
            yield ToolCall(block["id"], block["name"], value, problem)
    yield answer_of({**message, "content": content}, problems)


def _written(value: object) -> str:
    import json

    return json.dumps(value, ensure_ascii=False) if value else ""


def called_with(value: object, stop_reason: str | None) -> tuple[Mapping[str, Any] | None, str | None]:
    """Look at an input that came as a value: the object, or what is wrong with it."""
    if stop_reason in CUT_SHORT:
        return None, _CUT_OFF.format(reason=stop_reason)
    if not isinstance(value, Mapping):
        return None, "the input is no JSON object"
    return (value, None) if _is_finite(value) else (None, _NO_NUMBER)


_NO_NUMBER: Final = "the input is not valid JSON: it has a number that is none, or too large for one"


def readable(text: str) -> Any:
    """Read incomplete JSON as far as it goes; None where it cannot be read.

    An incomplete string is as long as it has come. A number at the very end is left out: more digits may follow.
    """
    import jiter

    try:
        return jiter.from_json(_settled(text).encode(), partial_mode="trailing-strings", allow_inf_nan=False)
    except ValueError:
        return None


_STRINGS: Final = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)


def _settled(text: str) -> str:
    head = text.rstrip("0123456789+-.eE")
    is_number = any(character.isdigit() for character in text[len(head) :])
    # With whole strings left out, one quotation mark is left where the end is inside a string.
    return head if is_number and '"' not in _STRINGS.sub("", text) else text


def parsed(text: str) -> tuple[Mapping[str, Any] | None, str | None]:
    """Read complete tool input strictly: the object, or what is wrong with it.

    No JSON, and refused: NaN and infinities, also as numbers that are too large, and a key twice in one object, which
    does not say what is meant.
    """
    import jiter

    try:
        value = jiter.from_json(text.encode(), allow_inf_nan=False, catch_duplicate_keys=True)
    except ValueError as error:
        return None, f"the input is not valid JSON: {error}"
    if not isinstance(value, dict):
        return None, "the input is no JSON object"
    return (value, None) if _is_finite(value) else (None, _NO_NUMBER)


def _is_finite(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_finite, value.values()))
    if isinstance(value, list):
        return all(map(_is_finite, value))
    return not isinstance(value, float) or math.isfinite(value)
