"""A conversation without I/O: what to send next, and what an answer leads to.

transcript.say(prompt)
while transcript.is_pending:
    if transcript.calls is None:
        transcript.hear(…send(transcript.request())…)
    else:
        transcript.take(…results of the calls…)

What has been sent stays as it is, so that each request begins with the whole of the one before and the prompt cache
holds; only a compaction changes that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from windtunnel.client.events import Answer
from windtunnel.client.exchanges import Cut, calls_of, results_of
from windtunnel.client.prompt import Prompt, blocks_of_prompt
from windtunnel.client.request import Block, Message, Request
from windtunnel.client.results import copied
from windtunnel.client.streaming import CUT_SHORT
from windtunnel.client.toolbox import Call, Calls, Ran, interrupted

#: What the model is told in the place of results that could not be sent.
_REFUSED: Final = "The API refused the result, and it is left out"


@dataclass(frozen=True, slots=True)
class Bookmark:
    """The history as it once was."""

    messages: tuple[Message, ...]
    turn_began: int


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
        #: The calls of the last answer, until the model has their results.
        self.calls: Calls | None = None

    @property
    def is_pending(self) -> bool:
        """Whether the turn waits for its end: a request is due, or calls are to be run."""
        return self.wants_answer or self.calls is not None

    @property
    def messages(self) -> tuple[Message, ...]:
        return tuple(self._messages)

    @property
    def model(self) -> str:
        return self._plain.model

    def say(self, prompt: Prompt) -> None:
        """Begin a turn of the user. Calls of the turn before have their results first: what has come of them, if anything.

        They are a message of their own, so that the user's words can be told from them. The API reads both as one turn.
        """
        blocks = blocks_of_prompt(prompt)
        results = self._late_results()
        if results:
            self._messages.append({"role": "user", "content": results})
        self._turn_began, self.calls = len(self._messages), None
        self._messages.append({"role": "user", "content": blocks})
        self.wants_answer = True

    def request(self, *, max_tokens: int | None = None) -> Request:
        """Return the next request. `max_tokens` makes the answer shorter than usual."""
        return self.of(self._messages, max_tokens=max_tokens)

    def of(self, messages: Sequence[Message], *, max_tokens: int | None = None) -> Request:
        """Return a request with the same system prompt and tools about other messages."""
        plain = self._plain
        return replace(plain, messages=tuple(messages), max_tokens=max_tokens or plain.max_tokens)

    def hear(self, answer: Answer) -> list[Call]:
        """Take an answer in, and return the calls it wants run.

        A refusal takes the question with it (wire.md 10). Of an answer that was cut short, calls are left out. Half
        characters, which JSON can name and no request can hold, are replaced.
        """
        self.wants_answer, self.calls = False, None
        if answer.stop_reason == "refusal":
            self.take_back()
            return []
        short = answer.stop_reason in CUT_SHORT
        content = [copied(block) for block in answer.content if _can_be_sent(block, cut_short=short)]
        if content:
            self._messages.append({"role": "assistant", "content": content})
        if answer.stop_reason == "pause_turn":
            self.wants_answer = True
            return []
        uses = [] if short else [block for block in content if block["type"] == "tool_use"]
        calls = [Call(one["id"], one["name"], one["input"], answer.problems.get(one["id"])) for one in uses]
        self.calls = Calls(calls) if calls else None
        return calls

    def take(self, results: Sequence[Ran]) -> None:
        """Take the results of the calls; the model has the word."""
        self.calls = None
        if results:
            self._messages.append({"role": "user", "content": [result.block() for result in results]})
            self.wants_answer = True

    def take_back(self) -> tuple[Message, ...]:
        """Leave out the user's last turn, and what followed it; return that."""
        taken = tuple(self._messages[self._turn_began :])
        del self._messages[self._turn_began :]
        self.wants_answer, self.calls = False, None
        return taken

    def take_back_refused(self, why: str) -> tuple[Message, ...]:
        """Leave out what the API does not take, and return it: results of tools, or else the turn.

        In the place of results the model is told why they are not there, and the turn stays pending.
        """
        last = self._messages[-1]
        told = _left_out(last, why)
        if told is not None:
            self._messages[-1] = told
            return (last,)
        taken = self.take_back()
        # Results that came too late for the turn before may be what is refused.
        self._messages[-1:] = [_left_out(one, why) or one for one in self._messages[-1:]]
        return taken

    # --- compaction -----------------------------------------------------------------------------------------------

    def bookmark(self) -> Bookmark:
        """Return what `restore` takes."""
        return Bookmark(self.messages, self._turn_began)

    def restore(self, bookmark: Bookmark) -> None:
        """Let the history be as it was: without what was said, and with what was replaced since."""
        self._messages, self._turn_began = list(bookmark.messages), bookmark.turn_began

    def shorten(self, cut: Cut, summary: str) -> None:
        """Let a summary stand for the older messages."""
        before = len(self._messages)
        self._messages = list(cut.closed_by(summary))
        # A cut inside the turn keeps its first message, right behind the summary.
        self._turn_began = max(self._turn_began - (before - len(self._messages)), 1)

    def _late_results(self) -> list[Block]:
        if self.calls is not None:
            return [result.block() for result in self.calls.results()]
        last = self._messages[-1] if self._messages else None
        return interrupted(calls_of(last)) if last is not None and last["role"] == "assistant" else []


def _left_out(message: Message, why: str) -> Message | None:
    """Return a message of results that says why they are not there; None where it has none, or says so already."""
    if not results_of(message) or all(str(block["content"]).startswith(_REFUSED) for block in message["content"]):
        return None
    told = [{**block, "content": f"{_REFUSED}: {why}", "is_error": True} for block in message["content"]]
    return {"role": "user", "content": told}


def _can_be_sent(block: Block, *, cut_short: bool) -> bool:
    """The API takes no text without words, and of what was cut off neither calls nor thinking without its signature."""
    if block["type"] == "text":
        return bool(str(block.get("text") or "").strip())
    if not cut_short:
        return True
    return block["type"] != "tool_use" and (block["type"] != "thinking" or bool(block.get("signature")))
