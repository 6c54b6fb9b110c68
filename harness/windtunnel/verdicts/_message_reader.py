"""Puts a message together from its events as they come, or from its JSON, and says what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from windtunnel_server.wire.grammar import EVENT_GRAMMAR

#: The state of the grammar behind each event, for those that come where they may not.
_LEADS: Final = {name: state for moves in EVENT_GRAMMAR.values() for name, state in moves.items() if name != "ping"}
#: Block types whose `input` the client's own tools are called with; those the service runs itself are not handed on.
_TOOL: Final = "tool_use"
#: A doubt about a message that is whole.
NO_STOP: Final = "no message_stop came"
#: Stop reasons that leave a block open: eager tool input breaks off (one recording, see the grammar).
_BREAKS_OFF: Final = ("max_tokens", "model_context_window_exceeded")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """A tool the client is asked to call. `input` is None while, or where, its JSON cannot be read."""

    id: str | None = None
    name: str | None = None
    input: Any = None
    #: The JSON of the input as far as it came.
    partial_json: str = ""
    #: The block was closed.
    whole: bool = False


@dataclass(slots=True)
class _Block:
    type: str
    said: Mapping[str, Any]
    text: str = ""
    json: str = ""
    closed: bool = False


@dataclass(slots=True)
class MessageReader:
    """Takes events in order; what they say so far can be read at any time."""

    blocks: dict[int, _Block] = field(default_factory=dict)
    open: int | None = None
    state: str = "before"
    events: int = 0
    stopped: bool = False
    stop_reason: str | None = None
    message_id: str | None = None
    model: str | None = None
    usage: dict[str, Any] | None = None
    usages: list[Mapping[str, Any]] = field(default_factory=list)
    error: tuple[str | None, str | None] | None = None
    last_event: str | None = None
    text_stops: list[int] = field(default_factory=list)
    thinking_stops: list[int] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)
    #: A part of the message came and could not be read.
    lost: bool = False
    #: So many reports of usage came before anything was doubtful; None: nothing was.
    sure_usages: int | None = None
    _length: dict[str, int] = field(default_factory=lambda: {"text": 0, "thinking": 0})

    # --- what was said -------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        return "".join(block.text for block in self.blocks.values() if block.type == "text")

    @property
    def thinking(self) -> str:
        return "".join(block.text for block in self.blocks.values() if block.type == "thinking")

    @property
    def tool_uses(self) -> tuple[ToolUse, ...]:
        return tuple(_tool_use(block) for block in self.blocks.values() if block.type == _TOOL)

    @property
    def whole(self) -> bool:
        """The stop reason is told in message_delta, behind all content, so message_stop adds nothing to a message."""
        return self.error is None and not self.lost and (self.stopped or self.stop_reason is not None)

    # --- a message in one piece ----------------------------------------------------------------------------------

    def whole_message(self, message: Mapping[str, Any]) -> None:
        """Read the value of a JSON answer."""
        self._message_start({"message": message})
        for index, block in enumerate(message["content"]):
            if isinstance(block, Mapping):
                self._block_start({"index": index, "content_block": block})
                self.blocks[index].closed = True
        self.state, self.stopped = "over", True
        if self.stop_reason is None:
            self._doubt("the message has no stop_reason")

    # --- events --------------------------------------------------------------------------------------------------

    def event(self, name: str, data: str) -> None:
        """Take the next event. An event of an unknown type is passed over, as the API asks of its clients."""
        self.events += 1
        if name == "ping" or (name not in _EVENTS and name != "message"):
            return
        payload = _object(data)
        if payload is not None and name == "message":
            # Nameless events: official clients drop them, some others go by the type in the data (wire.md 4.5).
            name = str(payload.get("type"))
            self._doubt("events have no names, and official clients drop those")
            if name not in _EVENTS:
                return
        if payload is None:
            self.lost = True
            self._doubt(f"event {self.events} ({name}) is not JSON")
            return
        self._move(name)
        self.last_event = name
        try:
            _EVENTS[name](self, payload)
        except (KeyError, TypeError):
            self.lost = True
            self._doubt(f"event {self.events} ({name}) lacks a part")

    def finish(self) -> None:
        """Say what is doubtful about the end of a stream."""
        if self.stopped and self.stop_reason is None and self.error is None:
            self.doubts.append("no message_delta told the stop reason")
        if not self.stopped and self.stop_reason is not None and self.error is None:
            self.doubts.append(NO_STOP)

    def _doubt(self, why: str) -> None:
        self.doubts.append(why)
        if self.sure_usages is None:
            self.sure_usages = len(self.usages)

    def _move(self, name: str) -> None:
        moves = EVENT_GRAMMAR[self.state]
        if name not in moves:
            self._doubt(f"event {self.events} ({name}) is out of place")
        self.state = moves.get(name, _LEADS[name])

    def _message_start(self, payload: Mapping[str, Any]) -> None:
        message = payload["message"]
        self.message_id = self.message_id or message.get("id")
        self.model = self.model or message.get("model")
        self.stop_reason = self.stop_reason or message.get("stop_reason")
        self._use(message.get("usage"))

    def _block_start(self, payload: Mapping[str, Any]) -> None:
        index, said = payload["index"], payload["content_block"]
        self.open = index
        if index in self.blocks:
            self._doubt(f"block {index} was begun twice")
            return
        if index != len(self.blocks):
            self._doubt(f"block {index} came as number {len(self.blocks)}")
        self.blocks[index] = _Block(str(said["type"]), said)
        for kind in ("text", "thinking"):
            if said["type"] == kind and said.get(kind):
                self._more(self.blocks[index], str(said[kind]))

    def _block_delta(self, payload: Mapping[str, Any]) -> None:
        index, delta = payload["index"], payload["delta"]
        add = _DELTAS.get(delta["type"])
        if index != self.open:
            self._doubt(f"event {self.events} belongs to block {index}, which is not open")
        if add is None:
            return
        kind, key = add
        block = self.blocks.setdefault(index, _Block(kind, {}))
        if key == "partial_json":
            block.json += _text(delta[key])
        else:
            self._more(block, _text(delta[key]))

    def _more(self, block: _Block, piece: str) -> None:
        block.text += piece
        if block.type in self._length:
            self._length[block.type] += len(piece)
            (self.text_stops if block.type == "text" else self.thinking_stops).append(self._length[block.type])

    def _block_stop(self, payload: Mapping[str, Any]) -> None:
        block = self.blocks.get(payload["index"])
        if block is None or payload["index"] != self.open:
            self._doubt(f"event {self.events} closes block {payload['index']}, which is not open")
        if block is not None:
            block.closed = True
        self.open = None

    def _message_delta(self, payload: Mapping[str, Any]) -> None:
        self._use(payload.get("usage"))
        self.stop_reason = payload["delta"].get("stop_reason") or self.stop_reason
        if self.open is not None and self.stop_reason not in _BREAKS_OFF:
            self._doubt(f"block {self.open} was never closed")
        self.open = None

    def _message_stop(self, payload: Mapping[str, Any]) -> None:
        self.stopped = True

    def _error(self, payload: Mapping[str, Any]) -> None:
        error = payload["error"]
        self.error = (error.get("type"), error.get("message"))

    def _use(self, usage: Any) -> None:
        """Take a report of usage; it is cumulative, and what it leaves out keeps its value (wire.md 4.3)."""
        if isinstance(usage, Mapping):
            self.usages.append(usage)
            told = {key: value for key, value in usage.items() if value is not None}
            self.usage = {**(self.usage or {}), **told}


#: Delta type → the type of block it belongs to, and where its text is. The others bring nothing that is handed on.
_DELTAS: Final[Mapping[str, tuple[str, str]]] = {
    "text_delta": ("text", "text"),
    "thinking_delta": ("thinking", "thinking"),
    "input_json_delta": (_TOOL, "partial_json"),
}

_EVENTS: Final[Mapping[str, Callable[[MessageReader, Mapping[str, Any]], None]]] = {
    "message_start": MessageReader._message_start,
    "content_block_start": MessageReader._block_start,
    "content_block_delta": MessageReader._block_delta,
    "content_block_stop": MessageReader._block_stop,
    "message_delta": MessageReader._message_delta,
    "message_stop": MessageReader._message_stop,
    "error": MessageReader._error,
}


def _object(data: str) -> Mapping[str, Any] | None:
    try:
        value = json.loads(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _tool_use(block: _Block) -> ToolUse:
    name, id_ = block.said.get("name"), block.said.get("id")
    if not block.json:
        given = block.said.get("input", {})
        # Streamed, an input without any piece is `{}`; a whole block has its input in it.
        return ToolUse(id=id_, name=name, input=given if block.closed else None, whole=block.closed)
    return ToolUse(id=id_, name=name, input=_object(block.json), partial_json=block.json, whole=block.closed)
