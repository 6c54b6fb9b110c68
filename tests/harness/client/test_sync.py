"""The client without await: the same answers, in virtual time, on the calling thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from windtunnel import Windtunnel, fail, reply
from windtunnel.client.budget import Budget
from windtunnel.client.core import AsyncClient
from windtunnel.client.events import Answer, Retrying, TextDelta
from windtunnel.client.failures import ClientError, ClientMisused
from windtunnel.client.options import Options
from windtunnel.client.request import Request
from windtunnel.client.sync import Client


def test_an_answer_is_waited_for_through_failures(to_fake: Callable[..., Any], asking: Callable[..., Request]) -> None:
    with Windtunnel(fail("rate_limited", retry_after=30), reply("Hello.")) as tunnel:
        with Client(AsyncClient(to_fake(tunnel))) as client:
            answer = client.send(asking())

        assert 30 <= tunnel.clock.now() <= 37.6
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


def test_what_the_asynchronous_client_has_can_be_reached(
    to_fake: Callable[..., Any], asking: Callable[..., Request]
) -> None:
    budget, options = Budget(1_000), Options(max_retries=1)

    with Windtunnel(reply("One.", times=2)) as tunnel:
        backend = to_fake(tunnel)
        with Client(AsyncClient(backend, budget=budget, options=options)) as client:
            client.send(asking(), purpose="title")
            with client.stream(asking(), purpose="summary") as events:
                list(events)

            assert (client.backend, client.budget, client.options) == (backend, budget, options)
            assert set(client.account.by_purpose) == {"title", "summary"}


def test_a_client_is_closed_once_and_then_says_so(to_fake: Callable[..., Any], asking: Callable[..., Request]) -> None:
    with Windtunnel() as tunnel:
        client = Client(AsyncClient(to_fake(tunnel)))
        client.send(asking())

        client.close()
        client.close()

        with pytest.raises(ClientMisused, match="closed; make another"):
            client.send(asking())


def test_a_second_thread_is_told_what_to_do(to_fake: Callable[..., Any], asking: Callable[..., Request]) -> None:
    told: list[BaseException] = []

    def from_elsewhere() -> None:
        try:
            client.send(asking())
        except ClientError as error:
            told.append(error)

    def hook(event: object) -> None:
        if isinstance(event, Answer):
            thread = threading.Thread(target=from_elsewhere)
            thread.start()
            thread.join()

    with Windtunnel() as tunnel, Client(AsyncClient(to_fake(tunnel), on_event=hook)) as client:
        answer = client.send(asking())

    assert answer.text
    assert [str(error)[:39] for error in told] == ["this client is answering another thread"]


def test_inside_a_running_loop_it_names_the_other_client(
    to_fake: Callable[..., Any], asking: Callable[..., Request]
) -> None:
    async def wrong(client: Client) -> None:
        with pytest.raises(RuntimeError, match="AsyncClient"):
            client.send(asking())

    with Windtunnel() as tunnel, Client(AsyncClient(to_fake(tunnel))) as client:
        asyncio.run(wrong(client))
