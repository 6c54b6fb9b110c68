"""A summary asked for at once, or in pieces: against a model that takes so much and no more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from windtunnel.client.compaction import INSTRUCTION
from windtunnel.client.events import Answer, Compacting, Event, Retrying, TextDelta
from windtunnel.client.exchanges import calls_of, is_summary, results_of
from windtunnel.client.failures import ContextTooLong, Failure
from windtunnel.client.gauge import Gauge
from windtunnel.client.options import Options
from windtunnel.client.request import Request
from windtunnel.client.summariser import MAX_PIECES, MAX_TRIES, Summariser, Summary
from windtunnel.client.transcript import Transcript

Message = dict[str, Any]

OVERLOADED = Failure(kind="overloaded", message="Overloaded", status=529)


class Model:
    """Takes so many characters of messages at most, and says so in the words of one cloud or another."""

    def __init__(self, room: int, *, words: str = "prompt is too long: {} tokens > {} maximum") -> None:
        self.room, self.words, self.options = room, words, Options(context_window=10_000_000)
        self.asked: list[tuple[Message, ...]] = []
        self.refused = 0

    async def count(self, request: Request) -> int | None:
        return None

    def stream(self, request: Request, *, purpose: str = "answer") -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        assert purpose == "compaction"
        return aclosing(self._events(request))

    async def _events(self, request: Request) -> AsyncGenerator[Event, None]:
        size = sum(len(str(message)) for message in request.messages[:-1])
        assert request.messages[-1]["content"][0]["text"] == INSTRUCTION
        if size > self.room:
            self.refused += 1
            words = self.words.format(size, self.room)
            raise ContextTooLong(words, (Failure(kind="too_long", message=words, status=400),))
        self.asked.append(request.messages[:-1])
        yield Retrying(OVERLOADED, 1, 1.0)
        yield TextDelta("<summ")
        text = f"<summary>No. {len(self.asked)}</summary>"
        yield Answer("msg_1", request.model, "end_turn", ({"type": "text", "text": text},), {})


def summarised(model: Model, old: Sequence[Message]) -> list[Event | Summary]:
    async def all_of_it() -> list[Event | Summary]:
        transcript = Transcript(model="claude-sonnet-4-6", max_tokens=100)
        return [event async for event in Summariser(model, transcript, Gauge()).of(old, None)]

    return asyncio.run(all_of_it())


def exchange(turn: int, *, words: int = 50, steps: int = 0) -> list[Message]:
    messages: list[Message] = [
        {"role": "user", "content": [{"type": "text", "text": f"Turn {turn} " + "gust " * words}]}
    ]
    for step in range(steps):
        use = {"type": "tool_use", "id": f"t{turn}_{step}", "name": "look", "input": {}}
        result = {"type": "tool_result", "tool_use_id": use["id"], "content": "West. " * words}
        messages += [{"role": "assistant", "content": [use]}, {"role": "user", "content": [result]}]
    return [*messages, {"role": "assistant", "content": [{"type": "text", "text": f"Answer {turn}"}]}]


def history(turns: int, **more: int) -> list[Message]:
    return [message for turn in range(turns) for message in exchange(turn, **more)]


def test_what_fits_is_summarised_at_once_and_only_what_holds_it_up_is_told():
    model = Model(100_000)

    assert summarised(model, history(4)) == [Compacting(8, 0), Retrying(OVERLOADED, 1, 1.0), Summary("No. 1")]


@pytest.mark.parametrize(
    "words", ["prompt is too long: {} tokens > {} maximum", "Input is too long for requested model."]
)
def test_what_does_not_fit_is_summarised_in_pieces_that_go_on_from_one_another(words: str):
    model = Model(2_000, words=words)

    events = summarised(model, history(12))

    assert events[-1] == Summary(f"No. {len(model.asked)}")
    assert len(model.asked) > 2
    assert [is_summary(asked[0]) for asked in model.asked] == [False] + [True] * (len(model.asked) - 1)
    assert "No. 1" in model.asked[1][0]["content"][0]["text"]
    assert [message for asked in model.asked for message in asked if not is_summary(message)] == history(12)


def test_one_exchange_that_does_not_fit_is_told_from_a_conversation_that_does_not():
    model = Model(500)

    with pytest.raises(ContextTooLong, match="even the request for a summary does not fit: prompt is too long"):
        summarised(model, exchange(1, words=500))

    assert (model.refused, model.asked) == (2, [])


def test_a_conversation_of_very_many_windows_is_given_up():
    model = Model(2_500, words="prompt is too long: {} tokens > {} maximum")

    with pytest.raises(ContextTooLong, match=f"{MAX_PIECES} summaries, one going on from the other"):
        summarised(model, [*history(6, words=40), *history(60, words=200)])

    assert len(model.asked) == MAX_PIECES


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 3)), min_size=1, max_size=8),
    st.integers(100, 4_000),
    st.sampled_from(["prompt is too long: {} tokens > {} maximum", "Input is too long for requested model."]),
)
def test_whatever_fits_it_comes_to_an_end_and_nothing_is_left_out(turns: list[tuple[int, int]], room: int, words: str):
    old = [message for turn, (size, steps) in enumerate(turns) for message in exchange(turn, words=size, steps=steps)]
    model = Model(room, words=words)

    try:
        events = summarised(model, old)
    except ContextTooLong:
        events = []

    asked = [message for asked in model.asked for message in asked if not is_summary(message)]
    assert asked == (old if events else old[: len(asked)])
    assert model.refused <= MAX_TRIES
    assert len(model.asked) <= MAX_PIECES
    for messages in model.asked:
        for place, message in enumerate(messages):
            answered = results_of(messages[place + 1]) if place + 1 < len(messages) else []
            assert [use["id"] for use in calls_of(message)] == answered
