"""A conversation that takes care of itself: turns, tools, and a history that stays within the window."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from windtunnel.client.compactor import Asker, Compactor, is_overflow
from windtunnel.client.events import Answer, Compacted, Discarded, Event, ToolCall, ToolResult
from windtunnel.client.failures import ContextTooLong, RequestError, TooManySteps
from windtunnel.client.request import Message
from windtunnel.client.toolbox import Call, Tool, Toolbox, Tools, run_all
from windtunnel.client.transcript import Prompt, Transcript


class AsyncConversation:
    """One conversation over a client. For one task at a time.

    >>> conversation = AsyncConversation(client, model="claude-sonnet-4-6", system=["You are terse."])
    >>> async for event in conversation.say("Which way does the wind blow?"): ...
    """

    def __init__(
        self,
        client: Asker,
        *,
        model: str,
        max_tokens: int = 8_192,
        system: Sequence[str] = (),
        tools: Sequence[Mapping[str, Any]] = (),
        toolbox: Toolbox | Mapping[str, Tool] | None = None,
        thinking: Mapping[str, Any] | None = None,
        stream: bool = True,
        cached: bool = True,
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        """Begin with an empty history. `tools` are schemas as the API takes them, `toolbox` is what runs them."""
        self._client = client
        self._toolbox: Toolbox | None = Tools(toolbox) if isinstance(toolbox, Mapping) else toolbox
        self._transcript = Transcript(
            model=model,
            max_tokens=max_tokens,
            system=system,
            tools=tools,
            thinking=thinking,
            stream=stream,
            cached=cached,
            extra=extra,
        )
        self._compactor = Compactor(client, self._transcript)

    @property
    def messages(self) -> tuple[Message, ...]:
        """The history as it will be sent."""
        return self._transcript.messages

    @property
    def is_pending(self) -> bool:
        """Whether the user's last turn still waits for its end: an error, or the limit of steps, came between."""
        return self._transcript.wants_answer

    async def say(self, prompt: Prompt) -> AsyncGenerator[Event, None]:
        """Say something, and hear everything until the model is done: text, calls and their results, an Answer each.

        Close it (`contextlib.aclosing`) when leaving early. Raises RequestError where a request failed for good, and
        TooManySteps; both leave the turn as far as it came, and `go_on` takes it up. A turn that does not fit, whatever
        is summarised, is taken back, and so is one that the model refuses.
        """
        self._transcript.say(prompt)
        async with aclosing(self.go_on()) as events:
            async for event in events:
                yield event

    async def go_on(self) -> AsyncGenerator[Event, None]:
        """Take up a turn that was left pending. Nothing is pending: nothing happens."""
        steps = 0
        while self._transcript.wants_answer:
            if steps >= self._client.options.max_steps:
                raise TooManySteps(
                    f"the turn took {steps} requests, and the model wants more; go_on() allows as many again"
                )
            steps += 1
            async with aclosing(self._step()) as events:
                async for event in events:
                    yield event

    async def ask(self, prompt: Prompt) -> Answer:
        """Say something, and return the last answer of the turn."""
        answer = None
        async with aclosing(self.say(prompt)) as events:
            async for event in events:
                answer = event if isinstance(event, Answer) else answer
        assert answer is not None, "a turn ends with an answer, or raises"
        return answer

    async def compact(self) -> Compacted | None:
        """Summarise the older part now; None where there is nothing to summarise."""
        return await self._compactor.by_hand()

    # --- one request and what it leads to ------------------------------------------------------------------------

    async def _step(self) -> AsyncGenerator[Event, None]:
        compacted = await self._compactor.in_time()
        if compacted is not None:
            yield compacted
        problems: dict[str, str] = {}
        calls: list[Call] = []
        async with aclosing(self._answered()) as events:
            async for event in events:
                if isinstance(event, Discarded):
                    problems.clear()
                elif isinstance(event, ToolCall) and event.problem is not None:
                    problems[event.id] = event.problem
                elif isinstance(event, Answer):
                    # Before it is handed on: who stops listening here has an answer in the history all the same.
                    calls = self._transcript.hear(event, problems)
                yield event
        for result in await self._ran(calls):
            yield result

    async def _ran(self, calls: Sequence[Call]) -> list[ToolResult]:
        ran = await run_all(self._toolbox, calls)
        self._transcript.take(ran)
        return [ToolResult(one.call.id, one.call.name, one.content, one.failed) for one in ran]

    async def _answered(self) -> AsyncGenerator[Event, None]:
        """Ask, and where it does not fit, for less or after a compaction."""
        max_tokens: int | None = None
        while True:
            request = self._transcript.request(max_tokens=max_tokens)
            heard = False
            try:
                async with self._client.stream(request) as events:
                    async for event in events:
                        heard = True
                        if isinstance(event, Answer):
                            self._compactor.heard(request, event)
                        yield event
                return
            except RequestError as error:
                if not is_overflow(error):
                    raise
                refused = error
            if heard:
                yield Discarded(refused.failure)
            less = self._compactor.lower(refused, request) if max_tokens is None else None
            if less is not None:
                max_tokens = less
                continue
            yield await self._compacted(refused)

    async def _compacted(self, refused: RequestError) -> Compacted:
        try:
            return await self._compactor.after(refused, self._transcript.request())
        except ContextTooLong:
            self._transcript.take_back()
            raise
