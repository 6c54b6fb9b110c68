"""The official Python SDK as a subject, sync and async, with a plain agent loop around it.

Nothing of it is set but the address: time-outs, retries and back-off are the SDK's own, and so is the way to its
credentials (`clouds.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, Final

import anthropic

from windtunnel.subjects.ask import Ask
from windtunnel.subjects.clouds import asked_at, check, providers
from windtunnel.subjects.clouds import client as client_for
from windtunnel.subjects.conversation import Conversation
from windtunnel.subjects.crowd import on_threads, summed
from windtunnel.subjects.hearing import Hearing
from windtunnel.subjects.prompts import turns
from windtunnel.subjects.subject import Place
from windtunnel.verdicts.claims import Claim, Claims

_ABILITIES: Final = frozenset({"retry", "stream", "tools", "thinking", "token_refresh", "resume", "claims"})
_CARE: Final = "takes a stream that ends without a stop reason for a failure, which the SDK alone would not"

Tell = Callable[[Claim], None]


class AnthropicSync:
    """`anthropic.Anthropic` and its like on the clouds, one client object and one thread for each client of the ask."""

    name = "anthropic"
    about = f"the official Python SDK, sync, in a plain agent loop; {_CARE}"
    abilities = _ABILITIES

    def __init__(self) -> None:
        self.policy = policy()
        self.providers = providers()

    def play(self, place: Place, ask: Ask) -> Claims:
        """Hold the conversations, each on a thread of its own where there are several."""
        check(place)
        return on_threads(ask, lambda number, tell: self._converse(place, ask, number, tell))

    def _converse(self, place: Place, ask: Ask, number: int, tell: Tell) -> None:
        with client_for(place, asynchronous=False) as client:
            conversation = Conversation(asked_at(place, ask))
            for turn, prompt in enumerate(turns(ask)):
                if turn:
                    time.sleep(ask.pause)
                conversation.say(prompt)
                while conversation.wants_answer:
                    heard = Hearing(number, place.now())
                    error = _ask(client, conversation.request(), heard, stream=ask.stream)
                    if _over(heard.claim(place.now(), error), tell):
                        return
                    conversation.hear(heard.stop_reason, heard.content)


class AnthropicAsync:
    """`anthropic.AsyncAnthropic` and its like, one client object and one task for each client of the ask, in one loop."""

    name = "anthropic-async"
    about = f"the official Python SDK, async, in a plain agent loop; {_CARE}"
    abilities = _ABILITIES

    def __init__(self) -> None:
        self.policy = policy()
        self.providers = providers()

    def play(self, place: Place, ask: Ask) -> Claims:
        """Hold the conversations in an event loop of their own; the calling thread may not be running one."""
        check(place)
        claims: list[Claim] = []

        async def all_of_them() -> None:
            await asyncio.gather(*(self._converse(place, ask, number, claims.append) for number in range(ask.clients)))

        asyncio.run(all_of_them())
        return summed(claims)

    async def _converse(self, place: Place, ask: Ask, number: int, tell: Tell) -> None:
        await asyncio.sleep(number * ask.every)
        async with client_for(place, asynchronous=True) as client:
            conversation = Conversation(asked_at(place, ask))
            for turn, prompt in enumerate(turns(ask)):
                if turn:
                    await asyncio.sleep(ask.pause)
                conversation.say(prompt)
                while conversation.wants_answer:
                    heard = Hearing(number, place.now())
                    error = await _ask_async(client, conversation.request(), heard, stream=ask.stream)
                    if _over(heard.claim(place.now(), error), tell):
                        return
                    conversation.hear(heard.stop_reason, heard.content)


def policy() -> str:
    """Name the back-off policy of the installed generation of the SDK."""
    return "anthropic_python_0" if version("anthropic").startswith("0.") else "anthropic_python"


def _over(claim: Claim, tell: Tell) -> bool:
    tell(claim)
    return claim.outcome == "error"


# Whatever the SDK raises is how the request ended: its own errors, and what it lets through of others (peers.md 0.7:
# the HTTP library's for a stream cut or stalled, json's for a broken one, an assertion for one without a start).


def _ask(client: anthropic.Anthropic, body: dict[str, Any], heard: Hearing, *, stream: bool) -> Exception | None:
    try:
        if not stream:
            heard.message(client.messages.create(**body))
            return None
        with client.messages.stream(**body) as events:
            try:
                for event in events:
                    heard.event(event)
            finally:
                heard.snapshot(_so_far(events))
    except Exception as error:
        return error
    return None


async def _ask_async(
    client: anthropic.AsyncAnthropic, body: dict[str, Any], heard: Hearing, *, stream: bool
) -> Exception | None:
    try:
        if not stream:
            heard.message(await client.messages.create(**body))
            return None
        async with client.messages.stream(**body) as events:
            try:
                async for event in events:
                    heard.event(event)
            finally:
                heard.snapshot(_so_far(events))
    except Exception as error:
        return error
    return None


def _so_far(events: Any) -> Any:
    try:
        return events.current_message_snapshot
    except AssertionError:  # no message has begun
        return None
