"""A conversation that takes care of itself: turns, tools, and a history that stays within the window."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from windtunnel.client.compaction import lower
from windtunnel.client.compactor import Compactor
from windtunnel.client.events import Answer, Compacted, Discarded, Event, ToolResult
from windtunnel.client.failures import ContextTooLong, RequestError, TooManySteps
from windtunnel.client.prompt import Prompt
from windtunnel.client.request import Message
from windtunnel.client.summariser import Asker, is_overflow
from windtunnel.client.toolbox import Calls, Tool, Toolbox, Tools
from windtunnel.client.transcript import Bookmark, Transcript


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
        """Whether the user's last turn still waits for its end: an error, Ctrl-C or the limit of steps came between."""
        return self._transcript.is_pending

    async def say(self, prompt: Prompt) -> AsyncGenerator[Event, None]:
        """Say something, and hear everything until the model is done: text, calls and their results, an Answer each.

        Close it (`contextlib.aclosing`) when leaving early. Raises ValueError for a prompt that cannot be sent, RequestError
        where a request failed for good, and TooManySteps; the turn stays as far as it came, and `go_on` takes it up. What
        the API will never take, as it is invalid or does not fit, is taken back, and the error holds it (`taken_back`): the
        results of tools, and then the turn is still pending; or else the turn. A turn that the model refuses is taken back
        too.
        """
        self._transcript.say(prompt)
        async with aclosing(self.go_on()) as events:
            async for event in events:
                yield event

    async def go_on(self) -> AsyncGenerator[Event, None]:
        """Take up a turn that was left pending. Nothing is pending: nothing happens.

        Tools that were not begun are run; those that were begun and have no result are told to the model as interrupted.
        """
        steps = 0
        while self._transcript.is_pending:
            if self._transcript.calls is None:
                self._check(steps)
                steps += 1
            async with aclosing(self._step()) as events:
                async for event in events:
                    yield event

    def take_back(self) -> tuple[Message, ...]:
        """Leave the user's last turn and all that followed it out of the history, and return it."""
        return self._transcript.take_back()

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
        made = None
        async with aclosing(self.summarise()) as events:
            async for event in events:
                made = event if isinstance(event, Compacted) else made
        return made

    def summarise(self) -> AsyncGenerator[Event, None]:
        """Summarise the older part now, and hear what comes of it: Compacting, waits, Compacted. Nothing to do: nothing."""
        return self._compactor.by_hand()

    # --- one request and what it leads to ------------------------------------------------------------------------

    def _check(self, steps: int) -> None:
        if steps >= self._client.options.max_steps:
            raise TooManySteps(
                f"the turn took {steps} requests, and the model wants more; go_on() allows as many again"
            )

    async def _step(self) -> AsyncGenerator[Event, None]:
        calls = self._transcript.calls
        if calls is not None:
            for result in await self._ran(calls):
                yield result
            return
        before = self._transcript.bookmark()
        async with aclosing(self._compactor.in_time()) as compaction:
            async for event in compaction:
                yield event
        async with aclosing(self._answered(before)) as events:
            async for event in events:
                if isinstance(event, Answer):
                    # Before it is handed on: who stops listening here has an answer in the history all the same.
                    self._transcript.hear(event)
                yield event

    async def _ran(self, calls: Calls) -> list[ToolResult]:
        ran = await calls.run(self._toolbox)
        self._transcript.take(ran)
        return [ToolResult(one.call.id, one.call.name, one.content, one.failed) for one in ran]

    async def _answered(self, before: Bookmark) -> AsyncGenerator[Event, None]:
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
                    if error.failure.kind == "invalid" and not error.failure.passing:
                        self._take_back(error)
                    raise
                refused = error
            if heard:
                yield Discarded(refused.failure)
            less = lower(refused.failure, request) if max_tokens is None else None
            if less is not None:
                max_tokens = less
                continue
            async with aclosing(self._compacted(refused, before)) as compaction:
                async for event in compaction:
                    yield event

    async def _compacted(self, refused: RequestError, before: Bookmark) -> AsyncGenerator[Event, None]:
        try:
            async with aclosing(self._compactor.after(refused, self._transcript.request())) as events:
                async for event in events:
                    yield event
        except ContextTooLong as error:
            # A summary that did not help is no reason to lose what it stands for.
            self._transcript.restore(before)
            self._take_back(error)
            raise

    def _take_back(self, error: RequestError) -> None:
        """Leave out what would be refused as often as it is sent."""
        error.taken_back = self._transcript.take_back_refused(error.failure.message)
