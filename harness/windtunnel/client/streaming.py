"""The events of the API as events for the caller, and the answer put together from them.

The SDK hands on raw events and leaves pings out. What it does not notice is noticed here: a stream that ends without
its end, a tool input that is no JSON, a block that was never closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from windtunnel.client.events import Answer, Event, TextDelta, ThinkingDelta, ToolCall, ToolCallStarted, ToolInput
from windtunnel.client.failures import Failure

#: Blocks whose input comes in pieces.
_CALLS: Final = frozenset({"tool_use", "server_tool_use", "mcp_tool_use"})


class StreamProblem(Exception):
    """A stream went wrong after its head; `text` and `usage` are what had come."""

    def __init__(self, failure: Failure, text: str = "", usage: Mapping[str, Any] | None = None) -> None:
        super().__init__(failure.message)
        self.failure, self.text, self.usage = failure, text, usage


class Accumulator:
    """An answer as it grows. Feed it the events of one stream as JSON objects."""

    def __init__(self) -> None:
        self._message: dict[str, Any] = {}
        self._blocks: dict[int, dict[str, Any]] = {}
        self._inputs: dict[int, str] = {}
        self._open: set[int] = set()
        self._ended = False

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
        elif kind == "message_stop":
            self._ended = True

    def _started(self, index: int, block: dict[str, Any]) -> Iterator[Event]:
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
        value, problem = parsed(self._inputs[index], block.get("input"))
        block["input"] = {} if value is None else value
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
            failure = Failure(
                kind="stream_broken", message=f"the stream ended {what}", status=200, begun=bool(self._message)
            )
            raise StreamProblem(failure, self.text, self.usage)
        content = [self._blocks[index] for index in sorted(self._blocks)]
        return answer_of({**self._message, "content": content})


def answer_of(message: Mapping[str, Any]) -> Answer:
    """Return a complete message, as JSON, as an answer."""
    return Answer(
        id=message["id"],
        model=message["model"],
        stop_reason=message["stop_reason"],
        content=tuple(message["content"]),
        usage=message["usage"],
        stop_sequence=message.get("stop_sequence"),
        message=message,
    )


def whole_events(message: Mapping[str, Any]) -> Iterator[Event]:
    """Give what a caller should hear of an answer that came in one piece."""
    for block in message["content"]:
        if block["type"] == "thinking" and block.get("thinking"):
            yield ThinkingDelta(block["thinking"])
        elif block["type"] == "text" and block["text"]:
            yield TextDelta(block["text"])
        elif block["type"] == "tool_use":
            yield ToolCallStarted(block["id"], block["name"])
            yield ToolCall(block["id"], block["name"], block["input"])
    yield answer_of(message)


def readable(text: str) -> Any:
    """Read incomplete JSON as far as it goes, an incomplete string as long as it has come; None where it cannot be."""
    import jiter

    try:
        return jiter.from_json(text.encode(), partial_mode="trailing-strings")
    except ValueError:
        return None


def parsed(text: str, started_with: Any) -> tuple[Mapping[str, Any] | None, str | None]:
    """Read complete tool input strictly: the object, or what is wrong with it. Nothing at all stands for no input."""
    import jiter

    if not text:
        return (dict(started_with) if isinstance(started_with, Mapping) else {}), None
    try:
        value = jiter.from_json(text.encode())
    except ValueError as error:
        return None, f"the input is not valid JSON: {error}"
    return (value, None) if isinstance(value, dict) else (None, "the input is no JSON object")
