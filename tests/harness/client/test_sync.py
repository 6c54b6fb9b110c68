"""The client without await: the same answers, in virtual time, on the calling thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from windtunnel import Windtunnel, fail, reply
from windtunnel.client.core import AsyncClient
from windtunnel.client.events import Answer, Retrying, TextDelta
from windtunnel.client.request import Request
from windtunnel.client.sync import Client


def test_an_answer_is_waited_for_through_failures(to_fake: Callable[..., Any], asking: Callable[..., Request]) -> None:
    with Windtunnel(fail("rate_limited", retry_after=30), reply("Hello.")) as tunnel:
        with Client(AsyncClient(to_fake(tunnel))) as client:
            answer = client.send(asking())

        assert tunnel.clock.now() == pytest.approx(30, abs=0.01)
    assert answer.text == "Hello."


def test_events_are_handed_on_as_they_come(to_fake: Callable[..., Any], asking: Callable[..., Request]) -> None:
    seen: list[tuple[str, float]] = []
    with (
        Windtunnel(
            fail("overloaded"), reply("one two three", stream={"tokens_per_second": 1, "text_piece": 4})
        ) as tunnel,
        Client(AsyncClient(to_fake(tunnel))) as client,
        client.stream(asking()) as events,
    ):
        for event in events:
            seen.append((type(event).__name__, tunnel.clock.now()))

    names = [name for name, _ in seen]
    assert names[0] == Retrying.__name__ and names[-1] == Answer.__name__
    at = [when for name, when in seen if name == TextDelta.__name__]
    assert len(at) >= 3 and at == sorted(at) and at[-1] - at[0] >= 1


def test_leaving_early_ends_the_stream(to_fake: Callable[..., Any], asking: Callable[..., Request]) -> None:
    with Windtunnel(reply("one two three", stream={"tokens_per_second": 1})) as tunnel:
        with Client(AsyncClient(to_fake(tunnel))) as client, client.stream(asking()) as events:
            next(events)

        assert tunnel.journal.calls[0].ended == "hung up"


def test_tokens_are_counted(to_fake: Callable[..., Any], asking: Callable[..., Request]) -> None:
    with Windtunnel() as tunnel, Client(AsyncClient(to_fake(tunnel))) as client:
        counted = client.count(asking())

        assert counted == client.send(asking()).usage["input_tokens"]


def test_inside_a_running_loop_it_names_the_other_client(
    to_fake: Callable[..., Any], asking: Callable[..., Request]
) -> None:
    async def wrong(client: Client) -> None:
        with pytest.raises(RuntimeError, match="AsyncClient"):
            client.send(asking())

    with Windtunnel() as tunnel, Client(AsyncClient(to_fake(tunnel))) as client:
        asyncio.run(wrong(client))
