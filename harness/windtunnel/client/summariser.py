"""Asks for the summary of older messages: at once; in pieces, each with the summary of those before it, where that is
too long itself.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import dataclass
from typing import Final, Protocol

from windtunnel.client.compaction import (
    SUMMARY_TOKENS,
    asking,
    is_cut_off,
    lower,
    summary_in,
    summary_tokens,
    thinking_tokens,
    tokens_in,
    window_in,
)
from windtunnel.client.events import Answer, Compacting, Discarded, Event, Reauthenticated, Retrying
from windtunnel.client.exchanges import summary_message
from windtunnel.client.failures import ContextTooLong, Failure, RequestError
from windtunnel.client.gauge import Gauge
from windtunnel.client.options import Options
from windtunnel.client.pieces import piece
from windtunnel.client.request import Message, Request
from windtunnel.client.transcript import Transcript
from windtunnel.client.windows import window_of

#: Requests for a summary before a turn is answered, but for those that go on from another and are answered. Our choice.
MAX_TRIES: Final = 3
#: Summaries that may go on from one another: a conversation that is so many windows long is given up. Our choice.
MAX_PIECES: Final = 8
#: What the next piece may be of one that did not fit; and where the refusal gave numbers to measure by. Our choice.
_LESS: Final = 0.5
_LESS_WHERE_TOLD: Final = 0.9
#: Of a request for a summary, the caller hears what holds it up.
_TOLD: Final = (Retrying, Reauthenticated, Discarded)


class Asker(Protocol):
    """The part of `AsyncClient` that a conversation needs."""

    @property
    def options(self) -> Options: ...

    def stream(self, request: Request, *, purpose: str = ...) -> AbstractAsyncContextManager[AsyncIterator[Event]]: ...

    async def count(self, request: Request) -> int | None: ...


@dataclass(frozen=True, slots=True)
class Summary:
    """The end of the way."""

    text: str


class Summariser:
    """Makes the summaries of one conversation, and knows how large it may be."""

    def __init__(self, client: Asker, transcript: Transcript, gauge: Gauge) -> None:
        self._client, self._transcript, self._gauge = client, transcript, gauge
        #: As a refusal has told it.
        self._told_window: int | None = None
        #: Since a turn was last answered.
        self._tries = 0

    @property
    def window(self) -> int:
        """Tokens that fit, as far as is known."""
        window = self._client.options.context_window or window_of(self._transcript.model)
        return window if self._told_window is None else min(window, self._told_window)

    def learn_window(self, window: int | None) -> None:
        """Take a window that was told for true where it is smaller than the one that is known."""
        if window is not None:
            self._told_window = window if self._told_window is None else min(window, self._told_window)

    def learn(self, failure: Failure, request: Request) -> None:
        """Learn what a refusal says of the window, and of the prompt."""
        self.learn_window(window_in(failure))
        self._gauge.refused(request, tokens_in(failure))

    def answered(self) -> None:
        """A turn was answered: the next may be tried as often."""
        self._tries = 0

    async def of(self, old: Sequence[Message], refused: RequestError | None) -> AsyncGenerator[Event | Summary, None]:
        """Ask for the summary of `old`: the last thing given. Raises ContextTooLong where there is none to be had."""
        work = _Work(tuple(old), refused)
        for _ in range(MAX_PIECES):
            async with aclosing(self._piece(work)) as events:
                async for event in events:
                    yield event
            if not work.rest:
                yield Summary(work.summary)
                return
        raise given_up(work.refused, f"{MAX_PIECES} summaries, one going on from the other, do not reach its end")

    async def _piece(self, work: _Work) -> AsyncGenerator[Event, None]:
        """Ask about the longest piece that fits; where that was too long all the same, about a shorter one."""
        if not work.done:
            self._try(work)
        answer = None
        while answer is None:
            place = work.cut(self._gauge, self._room(work.done))
            yield Compacting(messages=place, left=len(work.rest) - place)
            try:
                async with aclosing(self._asked(asking((*work.done, *work.rest[:place]), work.cut_off_at))) as events:
                    async for event in events:
                        if isinstance(event, Answer):
                            answer = event
                        else:
                            yield event
            except RequestError as error:
                if not is_overflow(error):
                    raise
                work.refuse(place, error, self._gauge)
                self._try(work)
            if answer is not None and is_cut_off(answer):
                work.cut_off(answer)
                answer = None
                self._try(work)
        work.take(place, _summary_of(answer, work.refused))

    def _try(self, work: _Work) -> None:
        if self._tries >= MAX_TRIES:
            raise given_up(work.refused, f"{MAX_TRIES} requests for a summary did not help")
        self._tries += 1

    def _room(self, done: Sequence[Message]) -> float:
        """Return the tokens that may stand between `done` and the request for a summary; without end where not known."""
        if not self._gauge.is_calibrated:
            return math.inf
        request = self._transcript.of(asking(done))
        return self.window - self._gauge.estimate(request) - summary_tokens(self.window, thinking_tokens(request))

    async def _asked(self, messages: Sequence[Message]) -> AsyncGenerator[Event, None]:
        plain = self._transcript.of(messages)
        longest = summary_tokens(self.window, thinking_tokens(plain))
        request = self._transcript.of(plain.messages, max_tokens=longest)
        try:
            async with aclosing(self._told(request)) as events:
                async for event in events:
                    yield event
            return
        except RequestError as error:
            self.learn(error.failure, request)
            less = lower(error.failure, request)
            if less is None:
                raise
        async with aclosing(self._told(self._transcript.of(plain.messages, max_tokens=less))) as events:
            async for event in events:
                yield event

    async def _told(self, request: Request) -> AsyncGenerator[Event, None]:
        async with self._client.stream(request, purpose="compaction") as events:
            async for event in events:
                if isinstance(event, (Answer, *_TOLD)):
                    yield event


class _Work:
    """A summary in the making: what is done of it, and what is left."""

    def __init__(self, rest: tuple[Message, ...], refused: RequestError | None) -> None:
        self.rest = rest
        #: The message that stands for what was summarised so far.
        self.done: tuple[Message, ...] = ()
        self.summary = ""
        #: Why there is to be one, or why it does not come off.
        self.refused = refused
        #: Tokens of an answer that did not come to its end; None while there was none.
        self.cut_off_at: int | None = None
        #: Tokens of what may be asked about at most, as far as refusals have told; and messages of the next piece.
        self._most = math.inf
        self._shorter_than: int | None = None

    def cut(self, gauge: Gauge, room: float) -> int:
        """Return the length of the next piece."""
        room = min(room, self._most - gauge.of(self.done))
        place = piece(self.rest, gauge.of, room=room, shorter_than=self._shorter_than)
        if place is None:
            raise given_up(self.refused, "even the request for a summary does not fit")
        return place

    def take(self, place: int, summary: str) -> None:
        """Let a summary stand for all up to there."""
        self.rest, self.done, self.summary = self.rest[place:], (summary_message(summary),), summary
        self._shorter_than = None

    def cut_off(self, answer: Answer) -> None:
        """Have it made shorter: once."""
        if self.cut_off_at is not None:
            raise given_up(self.refused, "the summary was cut off, and so was a shorter one")
        self.cut_off_at = min(int(answer.usage.get("output_tokens") or SUMMARY_TOKENS), SUMMARY_TOKENS)

    def refuse(self, place: int, error: RequestError, gauge: Gauge) -> None:
        """Make the piece shorter."""
        less = _LESS if tokens_in(error.failure) is None else _LESS_WHERE_TOLD
        self.refused, self._shorter_than = self.refused or error, place
        self._most = less * gauge.of((*self.done, *self.rest[:place]))


def _summary_of(answer: Answer, refused: RequestError | None) -> str:
    summary = summary_in(answer)
    if summary is None:
        raise given_up(refused, f"the model gave no summary, and stopped with {answer.stop_reason}")
    return summary


def given_up(refused: RequestError | None, why: str) -> ContextTooLong:
    """Make the error that says why a conversation stays as long as it is."""
    if refused is None:
        return ContextTooLong(f"the conversation could not be made shorter; {why}", ())
    words = "the conversation does not fit, and could not be made to"
    return ContextTooLong(f"{words}; {why}: {refused.failure.message}", refused.attempts)


def is_overflow(error: RequestError) -> bool:
    """Whether a request was refused for its size: in tokens, or in bytes."""
    return error.failure.kind in ("too_long", "too_large")
