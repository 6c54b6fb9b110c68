"""A conversation without I/O: what to send next, and what an answer leads to.

transcript.say(prompt)
while transcript.wants_answer:
    calls = transcript.hear(…send(transcript.request())…)
    transcript.take(…results of the calls…)

What has been sent stays as it is, so that each request begins with the whole of the one before and the prompt cache
holds; only a compaction changes that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, TypeAlias

from windtunnel.client.events import Answer
from windtunnel.client.exchanges import Cut, calls_of
from windtunnel.client.request import Block, Message, Request
from windtunnel.client.toolbox import Call, Ran, interrupted

#: What a user says: text, or content blocks.
Prompt: TypeAlias = "str | Sequence[Block]"

#: Why an answer ends before its end: what it was about to call is not run (wire.md 9.1).
CUT_SHORT: Final = frozenset({"max_tokens", "model_context_window_exceeded"})


class Transcript:
    """The history, and whose turn it is."""

    def __init__(
        self,
        *,
        model: str,
        max_tokens: int,
        system: Sequence[str] = (),
        tools: Sequence[Mapping[str, Any]] = (),
        thinking: Mapping[str, Any] | None = None,
        stream: bool = True,
        cached: bool = True,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self._plain = Request(
            model=model,
            max_tokens=max_tokens,
            messages=(),
            system=tuple(system),
            tools=tuple(tools),
            thinking=thinking,
            stream=stream,
            cached=cached,
            extra=dict(extra or {}),
        )
        self._messages: list[Message] = []
        self._turn_began = 0
        #: Whether a request is due.
        self.wants_answer = False
        #: Requests in this turn of the user.
        self.steps = 0

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(self._messages)

    @property
    def model(self) -> str:
        return self._plain.model

    def say(self, prompt: Prompt) -> None:
        """Begin a turn of the user. Calls that were left without a result get one that says so."""
        blocks = [{"type": "text", "text": prompt}] if isinstance(prompt, str) else list(prompt)
        if not blocks or any(block.get("type") == "text" and not str(block["text"]).strip() for block in blocks):
            raise ValueError("the prompt is empty, or has an empty part; the API takes words")
        self._turn_began, self.steps = len(self._messages), 0
        self._messages.append({"role": "user", "content": [*interrupted(self._open_calls()), *blocks]})
        self.wants_answer = True

    def request(self, *, max_tokens: int | None = None) -> Request:
        """Return the next request. `max_tokens` makes the answer shorter than usual."""
        return self.of(self._messages, max_tokens=max_tokens)

    def of(self, messages: Sequence[Message], *, max_tokens: int | None = None) -> Request:
        """Return a request with the same system prompt and tools about other messages."""
        plain = self._plain
        return replace(plain, messages=tuple(messages), max_tokens=max_tokens or plain.max_tokens)

    def hear(self, answer: Answer, problems: Mapping[str, str] | None = None) -> list[Call]:
        """Take an answer in, and return the calls it wants run. `problems` are those of their inputs, by id.

        A refusal takes the question with it (wire.md 10). Of an answer that was cut short, calls are left out.
        """
        self.steps += 1
        self.wants_answer = False
        if answer.stop_reason == "refusal":
            self.take_back()
            return []
        short = answer.stop_reason in CUT_SHORT
        content = [block for block in answer.content if _can_be_sent(block, cut_short=short)]
        if content:
            self._messages.append({"role": "assistant", "content": content})
        if answer.stop_reason == "pause_turn":
            self.wants_answer = True
            return []
        calls = [] if short else [block for block in content if block["type"] == "tool_use"]
        return [Call(one["id"], one["name"], one["input"], (problems or {}).get(one["id"])) for one in calls]

    def take(self, results: Sequence[Ran]) -> None:
        """Take the results of the calls; the model has the word."""
        if results:
            self._messages.append({"role": "user", "content": [result.block() for result in results]})
            self.wants_answer = True

    def take_back(self) -> None:
        """Leave out the user's last turn, and what followed it."""
        del self._messages[self._turn_began :]
        self.wants_answer = False

    def shorten(self, cut: Cut, summary: str) -> None:
        """Let a summary stand for the older messages."""
        before = len(self._messages)
        self._messages = list(cut.closed_by(summary))
        # A cut inside the turn keeps its first message, right behind the summary.
        self._turn_began = max(self._turn_began - (before - len(self._messages)), 1)

    def _open_calls(self) -> list[Block]:
        last = self._messages[-1] if self._messages else None
        return calls_of(last) if last is not None and last["role"] == "assistant" else []


def _can_be_sent(block: Block, *, cut_short: bool) -> bool:
    """The API takes no text without words, and of what was cut off neither calls nor thinking without its signature."""
    if block["type"] == "text":
        return bool(str(block.get("text") or "").strip())
    if not cut_short:
        return True
    return block["type"] != "tool_use" and (block["type"] != "thinking" or bool(block.get("signature")))
