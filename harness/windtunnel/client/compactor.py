"""When a conversation is compacted, and what is tried: in time, by a threshold; or after a refusal for its size."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final, Protocol

from windtunnel.client.compaction import (
    KEPT_SHARE,
    asking,
    choose,
    room_for_answer,
    summary_in,
    summary_tokens,
    window_in,
)
from windtunnel.client.events import Answer, Compacted, Event
from windtunnel.client.exchanges import cuts, newer_half
from windtunnel.client.failures import ContextTooLong, RequestError
from windtunnel.client.gauge import Gauge
from windtunnel.client.options import Options
from windtunnel.client.request import Message, Request
from windtunnel.client.transcript import Transcript
from windtunnel.client.windows import window_of

#: Requests for a summary before a turn is answered: all of it, half, a quarter. Our choice.
MAX_SUMMARIES: Final = 3
#: An answer is not made shorter than this, nor than a quarter of what was asked for. Our choice.
_LEAST_ANSWER: Final = 1_024
#: By how much of itself an estimate may be wrong: where that decides, the prompt is counted. And by how much of the
#: window a conversation has to grow before it is compacted once more. Our choice.
_DOUBT: Final = 0.5
_GROWTH: Final = 0.1


class Asker(Protocol):
    """The part of `AsyncClient` that a conversation needs."""

    @property
    def options(self) -> Options: ...

    def stream(self, request: Request, *, purpose: str = ...) -> AbstractAsyncContextManager[AsyncIterator[Event]]: ...

    async def send(self, request: Request, *, purpose: str = ...) -> Answer: ...

    async def count(self, request: Request) -> int | None: ...


class Compactor:
    """Keeps one conversation within its window."""

    def __init__(self, client: Asker, transcript: Transcript) -> None:
        self._client, self._transcript = client, transcript
        self._gauge = Gauge()
        #: As a refusal has told it.
        self._told_window: int | None = None
        #: Tokens that the last compaction has left.
        self._left = 0
        #: Since a turn was last answered: requests for a summary, and compactions after a refusal.
        self._summaries = self._mended = 0

    @property
    def window(self) -> int:
        """Tokens that fit, as far as is known."""
        window = self._client.options.context_window or window_of(self._transcript.model)
        return window if self._told_window is None else min(window, self._told_window)

    @property
    def threshold(self) -> int:
        """Tokens of a prompt from which on it is compacted before it is sent."""
        return int(self.window * self._client.options.compact_at)

    def heard(self, request: Request, answer: Answer) -> None:
        """Learn from an answer to a turn."""
        self._gauge.read(request, answer.usage)
        self._summaries = self._mended = 0
        if answer.stop_reason == "model_context_window_exceeded":
            self._learn(self._gauge.tokens_with_answer)

    async def in_time(self) -> Compacted | None:
        """Compact before a request that would pass the threshold. Where that fails, the request is sent as it is."""
        tokens = await self._over_the_threshold()
        if tokens is None:
            return None
        self._left = tokens  # whatever comes of it: the next time is when it has grown
        try:
            return await self._shorten(tokens, self._client.options.keep_exchanges)
        except ContextTooLong:
            return None

    async def after(self, refused: RequestError, request: Request) -> Compacted:
        """Compact after a refusal for size; once more, keeping less, where that was not enough. Then ContextTooLong."""
        self._learn(window_in(refused.failure))
        again = self._mended > 0
        self._mended += 1
        keep = 0 if again else self._client.options.keep_exchanges
        compacted = await self._shorten(self._gauge.tokens(request), keep, refused, least=again)
        if compacted is None:
            raise self._given_up(refused, "there is nothing left to summarise")
        return compacted

    async def by_hand(self) -> Compacted | None:
        """Compact now; None where there is nothing to summarise."""
        request = self._transcript.request()
        return await self._shorten(self._gauge.tokens(request), self._client.options.keep_exchanges)

    def lower(self, refused: RequestError, request: Request) -> int | None:
        """Return the `max_tokens` that fits where prompt and answer together are too much; None where none is worth it."""
        room = room_for_answer(refused.failure)
        asked = request.max_tokens
        if room is None or not min(_LEAST_ANSWER, asked // 4) <= room < asked or room <= _thinking_tokens(request):
            return None
        return room

    # --- how large it is -----------------------------------------------------------------------------------------

    async def _over_the_threshold(self) -> int | None:
        """Return the tokens of the next prompt where they are too many."""
        options, transcript = self._client.options, self._transcript
        if options.compact_at >= 1 or next(cuts(transcript.messages, options.keep_exchanges), None) is None:
            return None
        request = transcript.request()
        known, estimated = self._gauge.parts(request)
        tokens = known + estimated
        if abs(tokens - self.threshold) <= estimated * _DOUBT:
            tokens = await self._counted(request, tokens)
        over = tokens > self.threshold and tokens - self._left >= self.window * _GROWTH
        return tokens if over else None

    async def _counted(self, request: Request, estimate: int) -> int:
        counted = await self._client.count(request)
        if counted is None:
            return estimate
        self._gauge.counted(request, counted)
        return counted

    def _learn(self, window: int | None) -> None:
        if window is not None:
            self._told_window = window if self._told_window is None else min(window, self._told_window)

    # --- the summary ---------------------------------------------------------------------------------------------

    async def _shorten(
        self, tokens: int, keep: int, refused: RequestError | None = None, *, least: bool = False
    ) -> Compacted | None:
        transcript, before = self._transcript, len(self._transcript.messages)
        aside = self._gauge.estimate(transcript.of(()))
        room = 0 if least else int(max(self.window - aside, 0) * KEPT_SHARE)
        cut = choose(transcript.messages, keep, room, self._gauge.of)
        if cut is None:
            return None
        summary = await self._summary(cut.old, refused)
        transcript.shorten(cut, summary)
        self._left = self._gauge.estimate(transcript.request())
        replaced = before - (len(transcript.messages) - 1)
        return Compacted(before_tokens=tokens, after_tokens=self._left, replaced=replaced)

    async def _summary(self, old: Sequence[Message], refused: RequestError | None) -> str:
        """Ask for a summary; where that does not fit either, for one of the newer half."""
        while True:
            if self._summaries >= MAX_SUMMARIES:
                raise self._given_up(refused, f"{MAX_SUMMARIES} requests for a summary did not help")
            self._summaries += 1
            try:
                answer = await self._asked(old)
            except RequestError as error:
                if not is_overflow(error):
                    raise
                refused, half = refused or error, newer_half(old)
                if half is None:
                    raise self._given_up(error, "even the request for a summary does not fit") from error
                old = half
                continue
            summary = summary_in(answer)
            if summary is None:
                raise self._given_up(refused, f"the model gave no summary, and stopped with {answer.stop_reason}")
            return summary

    async def _asked(self, old: Sequence[Message]) -> Answer:
        request = self._transcript.of(asking(old))
        request = self._transcript.of(
            request.messages, max_tokens=summary_tokens(self.window, _thinking_tokens(request))
        )
        try:
            return await self._client.send(request, purpose="compaction")
        except ContextTooLong as error:
            less = self.lower(error, request)
            if less is None:
                raise
        return await self._client.send(self._transcript.of(request.messages, max_tokens=less), purpose="compaction")

    def _given_up(self, refused: RequestError | None, why: str) -> ContextTooLong:
        words = "the conversation does not fit, and could not be made to"
        attempts = () if refused is None else refused.attempts
        said = f": {refused.failure.message}" if refused is not None else ""
        return ContextTooLong(f"{words}; {why}{said}", attempts)


def is_overflow(error: RequestError) -> bool:
    """Whether a request was refused for its size: in tokens, or in bytes."""
    return error.failure.kind in ("too_long", "too_large")


def _thinking_tokens(request: Request) -> int:
    budget = (request.thinking or {}).get("budget_tokens")
    return budget if isinstance(budget, int) else 0
