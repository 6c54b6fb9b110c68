"""When a conversation is compacted, and what is tried: in time, by a threshold; or after a refusal for its size."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from windtunnel.client.compaction import KEPT_SHARE, choose
from windtunnel.client.events import Answer, Compacted, Event, NotCompacted
from windtunnel.client.exchanges import Cut, cuts
from windtunnel.client.failures import ContextTooLong, RequestError
from windtunnel.client.gauge import Gauge
from windtunnel.client.request import Request
from windtunnel.client.summariser import Asker, Summariser, Summary, given_up
from windtunnel.client.transcript import Transcript

#: By how much of itself an estimate may be wrong: where that decides, the prompt is counted. And by how much of the
#: window a conversation has to grow before it is compacted once more. Our choice.
_DOUBT: Final = 0.5
_GROWTH: Final = 0.1


class Compactor:
    """Keeps one conversation within its window. What it does is told as events, the last of them Compacted."""

    def __init__(self, client: Asker, transcript: Transcript) -> None:
        self._client, self._transcript = client, transcript
        self._gauge = Gauge()
        self._summariser = Summariser(client, transcript, self._gauge)
        #: Tokens that the last compaction has left.
        self._left = 0
        #: Compactions after a refusal since a turn was last answered.
        self._mended = 0

    @property
    def window(self) -> int:
        """Tokens that fit, as far as is known."""
        return self._summariser.window

    @property
    def threshold(self) -> int:
        """Tokens of a prompt from which on it is compacted before it is sent."""
        return int(self.window * self._client.options.compact_at)

    def heard(self, request: Request, answer: Answer) -> None:
        """Learn from an answer to a turn."""
        self._gauge.read(request, answer.usage)
        self._summariser.answered()
        self._mended = 0
        if answer.stop_reason == "model_context_window_exceeded":
            self._summariser.learn_window(self._gauge.tokens_with_answer)

    async def in_time(self) -> AsyncGenerator[Event, None]:
        """Compact before a request that would pass the threshold. Where that fails, which is told, it is sent as it is."""
        tokens = await self._over_the_threshold()
        if tokens is None:
            return
        self._left = tokens  # whatever comes of it: the next time is when it has grown
        try:
            async with aclosing(self._shorten(tokens, self._client.options.keep_exchanges)) as events:
                async for event in events:
                    yield event
        except RequestError as error:
            yield NotCompacted(str(error))

    async def after(self, refused: RequestError, request: Request) -> AsyncGenerator[Event, None]:
        """Compact after a refusal for size; once more, keeping less, where that was not enough. Then ContextTooLong."""
        self._summariser.learn(refused.failure, request)
        again = self._mended > 0
        self._mended += 1
        keep = 0 if again else self._client.options.keep_exchanges
        made = None
        try:
            async with aclosing(self._shorten(self._gauge.tokens(request), keep, refused, least=again)) as events:
                async for event in events:
                    made = event
                    yield event
        except RequestError as error:
            if isinstance(error, ContextTooLong) or error.failure.kind != "invalid":
                raise
            raise given_up(refused, f"asking for a summary failed ({error})") from error
        if made is None:
            raise given_up(refused, "there is nothing to summarise, or what has to stay is too long by itself")

    async def by_hand(self) -> AsyncGenerator[Event, None]:
        """Compact now; nothing is told where there is nothing to summarise."""
        request = self._transcript.request()
        async with aclosing(self._shorten(self._gauge.tokens(request), self._client.options.keep_exchanges)) as events:
            async for event in events:
                yield event

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

    # --- the summary ---------------------------------------------------------------------------------------------

    async def _shorten(
        self, tokens: int, keep: int, refused: RequestError | None = None, *, least: bool = False
    ) -> AsyncGenerator[Event, None]:
        cut = self._cut(keep, least=least)
        if cut is None:
            return
        async with aclosing(self._summariser.of(cut.old, refused)) as events:
            async for event in events:
                yield self._shortened(cut, event.text, tokens) if isinstance(event, Summary) else event

    def _cut(self, keep: int, *, least: bool) -> Cut | None:
        aside = self._gauge.estimate(self._transcript.of(()))
        room = 0 if least else int(max(self.window - aside, 0) * KEPT_SHARE)
        cut = choose(self._transcript.messages, keep, room, self._gauge.of)
        # Where what has to stay is too long by itself, a summary of the rest would be paid for nothing.
        return None if cut is None or self._gauge.of(cut.kept) * (1 - _DOUBT) > self.window else cut

    def _shortened(self, cut: Cut, summary: str, tokens: int) -> Compacted:
        before = len(self._transcript.messages)
        self._transcript.shorten(cut, summary)
        self._left = self._gauge.estimate(self._transcript.request())
        replaced = before - (len(self._transcript.messages) - 1)
        return Compacted(before_tokens=tokens, after_tokens=self._left, replaced=replaced)
