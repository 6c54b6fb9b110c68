"""The same conversation without `await`."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from windtunnel.client.conversation import AsyncConversation
from windtunnel.client.events import Answer, Compacted, Event
from windtunnel.client.prompt import Prompt
from windtunnel.client.request import Message
from windtunnel.client.sync import Client
from windtunnel.client.toolbox import Tool, Toolbox


class Conversation:
    """`AsyncConversation` for code that waits. For one thread at a time."""

    def __init__(
        self,
        client: Client,
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
        self._loop = client.loop
        self.asynchronous = AsyncConversation(
            client.asynchronous,
            model=model,
            max_tokens=max_tokens,
            system=system,
            tools=tools,
            toolbox=toolbox,
            thinking=thinking,
            stream=stream,
            cached=cached,
            extra=extra,
        )

    @property
    def messages(self) -> tuple[Message, ...]:
        """The history as it will be sent."""
        return self.asynchronous.messages

    @property
    def is_pending(self) -> bool:
        """Whether the user's last turn still waits for its end."""
        return self.asynchronous.is_pending

    @contextmanager
    def say(self, prompt: Prompt) -> Iterator[Iterator[Event]]:
        """Say something, and hear what comes as it comes: `with conversation.say(prompt) as events`."""
        with self._listened(self.asynchronous.say(prompt)) as events:
            yield events

    @contextmanager
    def go_on(self) -> Iterator[Iterator[Event]]:
        """Take up a turn that was left pending."""
        with self._listened(self.asynchronous.go_on()) as events:
            yield events

    def take_back(self) -> tuple[Message, ...]:
        """Leave the user's last turn and all that followed it out of the history, and return it."""
        return self.asynchronous.take_back()

    def ask(self, prompt: Prompt) -> Answer:
        """Say something, and return the last answer of the turn."""
        return self._loop.run(self.asynchronous.ask(prompt))

    def compact(self) -> Compacted | None:
        """Summarise the older part now; None where there is nothing to summarise."""
        return self._loop.run(self.asynchronous.compact())

    @contextmanager
    def summarise(self) -> Iterator[Iterator[Event]]:
        """Summarise the older part now, and hear what comes of it."""
        with self._listened(self.asynchronous.summarise()) as events:
            yield events

    @contextmanager
    def _listened(self, events: AsyncGenerator[Event, None]) -> Iterator[Iterator[Event]]:
        try:
            yield self._each(events)
        finally:
            self._loop.run(_closed(events))

    def _each(self, events: AsyncGenerator[Event, None]) -> Iterator[Event]:
        while True:
            event = self._loop.run(_next(events))
            if event is None:
                return
            yield event


async def _next(events: AsyncGenerator[Event, None]) -> Event | None:
    return await anext(events, None)


async def _closed(events: AsyncGenerator[Event, None]) -> None:
    await events.aclose()
