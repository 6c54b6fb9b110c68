"""One conversation with its agent loop, without I/O: what to send next, and what an answer leads to.

for prompt in turns(ask):
    conversation.say(prompt)
    while conversation.wants_answer:
        conversation.hear(…send(conversation.request())…)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

from windtunnel.subjects import toolbox
from windtunnel.subjects.ask import Ask
from windtunnel_server.model.models import find

Block: TypeAlias = dict[str, Any]

#: Requests in one turn of the user, tool results and resumptions included; an agent that knows no end is a fault.
MAX_REQUESTS: Final = 12
_CACHED: Final = {"cache_control": {"type": "ephemeral"}}


class Conversation:
    """The history, and whether the model has the word."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._messages: list[dict[str, Any]] = []
        self._turn_began = 0
        self._requests = 0
        #: Whether a request is due.
        self.wants_answer = False

    def say(self, prompt: str) -> None:
        """Begin a turn of the user."""
        self._turn_began, self._requests = len(self._messages), 0
        self._messages.append(_user([{"type": "text", "text": prompt}]))
        self.wants_answer = True

    def request(self) -> dict[str, Any]:
        """Return the body of the next request, in the words of the Messages API; the caller adds `stream`."""
        self._requests += 1
        ask, body = self._ask, {"model": self._ask.model, "max_tokens": self._ask.max_tokens}
        if ask.system is not None:
            body["system"] = [{"type": "text", "text": ask.system, **_CACHED}] if ask.cache else ask.system
        body["messages"] = _marked(self._messages) if ask.cache else list(self._messages)
        if ask.tools:
            body["tools"] = list(toolbox.TOOLS)
        if ask.thinking is not None:
            body["thinking"] = thinking(ask.model, ask.thinking)
        return body

    def hear(self, stop_reason: str | None, content: Sequence[Block]) -> None:
        """Take an answer in. What it leads to depends on why it ended."""
        self.wants_answer = False
        if stop_reason == "refusal":
            # The documented way on: what was refused, answer and question, leaves the history.
            del self._messages[self._turn_began :]
        elif stop_reason == "pause_turn":
            self._answered(content)
            self.wants_answer = self._requests < MAX_REQUESTS
        elif stop_reason == "tool_use":
            self._answered(content)
            self._run_tools(content)
        else:
            self._answered([block for block in content if _whole(block)])

    def _answered(self, content: Sequence[Block]) -> None:
        if content:
            self._messages.append({"role": "assistant", "content": list(content)})
        else:  # the API takes no empty turn; without an answer the question goes too
            del self._messages[self._turn_began :]

    def _run_tools(self, content: Sequence[Block]) -> None:
        results = [_result(block) for block in content if block["type"] == "tool_use"]
        if results:
            self._messages.append(_user(results))
            self.wants_answer = self._requests < MAX_REQUESTS


def thinking(model: str, budget: int) -> dict[str, Any]:
    """Ask for thinking as the model takes it: with a budget, or adaptive where it takes no budget."""
    known = find(model)
    if known is not None and "enabled" not in known.era.thinking:
        return {"type": "adaptive"}
    return {"type": "enabled", "budget_tokens": budget}


def _user(content: list[Block]) -> dict[str, Any]:
    return {"role": "user", "content": content}


def _result(call: Mapping[str, Any]) -> Block:
    ran = toolbox.run(str(call.get("name")), call.get("input") or {})
    failed = {"is_error": True} if ran.failed else {}
    return {"type": "tool_result", "tool_use_id": call["id"], "content": ran.text, **failed}


def _whole(block: Block) -> bool:
    """Of an answer that was cut off, a call may lack its input and thinking its signature: neither can be sent back."""
    return block["type"] != "tool_use" and (block["type"] != "thinking" or bool(block.get("signature")))


def _marked(messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mark the end of the last turn for the cache; the history itself stays without marks."""
    *before, last = messages
    *blocks, end = last["content"]
    return [*before, {**last, "content": [*blocks, end | _CACHED]}] if end["type"] not in _UNMARKED else [*messages]


#: What takes no mark.
_UNMARKED: Final = frozenset({"thinking", "redacted_thinking"})
