"""The unified client as a subject: selected by the environment, in conversations of its own, all on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from dataclasses import replace
from typing import Any, Final

from windtunnel.client.account import Account, Line, Used
from windtunnel.client.conversation import AsyncConversation
from windtunnel.client.core import AsyncClient
from windtunnel.client.events import Answer, Discarded, Event, TextDelta, ThinkingDelta, ToolCall
from windtunnel.client.failures import ClientError, RequestError
from windtunnel.client.options import Options
from windtunnel.client.request import Request
from windtunnel.client.toolbox import Result
from windtunnel.subjects import toolbox
from windtunnel.subjects.ask import Ask
from windtunnel.subjects.clouds import check
from windtunnel.subjects.conversation import thinking
from windtunnel.subjects.crowd import plus, summed
from windtunnel.subjects.hearing import UNREADABLE
from windtunnel.subjects.prompts import turns
from windtunnel.subjects.subject import ABILITIES, Place
from windtunnel.verdicts.claims import Claim, Claims

Tell = Callable[[Claim], None]

#: Asked when the model stays overloaded. Cheaper than any that a scenario names, and there on all clouds.
FALLBACK_MODEL: Final = "claude-haiku-4-5"


class Unified:
    """`windtunnel.client`, one client object and one task for each client of the ask, in one loop."""

    name = "unified"
    about = "windtunnel.client, the reference: it waits, logs in again, compacts, falls back, and counts"
    abilities = frozenset(ABILITIES)
    policy = "unified_client"
    providers: tuple[str, ...] = ("anthropic", "bedrock", "vertex", "foundry")

    def play(self, place: Place, ask: Ask) -> Claims:
        """Hold the conversations in an event loop of their own; the calling thread may not be running one."""
        check(place)
        claims: list[Claim] = []
        failed: list[bool] = []

        async def all_of_them() -> None:
            going = (_converse(place, ask, number, claims.append) for number in range(ask.clients))
            failed.extend(await asyncio.gather(*going))

        asyncio.run(all_of_them())
        # A request that was refused for its size, and mended by a compaction, is no failure of the run.
        return replace(summed(claims), outcome="error" if any(failed) else "success")


async def _converse(place: Place, ask: Ask, number: int, tell: Tell) -> bool:
    """Hold one conversation. True: it came to a bad end."""
    await asyncio.sleep(number * ask.every)
    client = Claiming(_backend(place, number), place, number, tell)
    async with client:
        conversation = AsyncConversation(
            client,
            model=ask.model,
            max_tokens=ask.max_tokens,
            system=() if ask.system is None else (ask.system,),
            tools=toolbox.TOOLS if ask.tools else (),
            toolbox=_Toolbox(),
            thinking=None if ask.thinking is None else thinking(ask.model, ask.thinking),
            stream=ask.stream,
            cached=ask.cache,
        )
        for turn, prompt in enumerate(turns(ask)):
            if turn:
                await asyncio.sleep(ask.pause)
            try:
                await conversation.ask(prompt)
            except ClientError:
                return True
    return client.flawed


def _backend(place: Place, number: int) -> Any:
    from windtunnel.client import backends
    from windtunnel.client.selection import choose
    from windtunnel.environments.anthropic import API_KEY

    def ask_key(why: str) -> str:
        """Play the user, who has another key."""
        return f"{API_KEY[:-4]}{number % 10_000:04d}"

    choice = choose(place.env, can_ask=True)
    has_a_key = choice.kind != "profile"  # who has logged in has no key besides
    return backends.make(choice, place.env, options=OPTIONS, ask_key=ask_key if has_a_key else None)


OPTIONS: Final = Options(fallback_model=FALLBACK_MODEL)


class _Toolbox:
    """The tools of the other subjects."""

    def names(self) -> list[str]:
        return [tool["name"] for tool in toolbox.TOOLS]

    async def run(self, name: str, given: Mapping[str, Any]) -> Result:
        ran = toolbox.run(name, given)
        if ran.failed:
            raise ValueError(ran.text)
        return ran.text


class Claiming(AsyncClient):
    """The client, which says of each request how it ended: also of one for a summary."""

    def __init__(self, backend: Any, place: Place, number: int, tell: Tell) -> None:
        super().__init__(backend, options=OPTIONS, account=Account(keep_lines=None), seed=number)
        self._place, self._number, self._tell = place, number, tell
        self._booked = 0
        #: An answer was whole, and not good all the same.
        self.flawed = False

    def stream(self, request: Request, *, purpose: str = "answer") -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        return aclosing(self._claimed(super().stream(request, purpose=purpose)))

    async def _claimed(self, entered: AbstractAsyncContextManager[AsyncIterator[Event]]) -> AsyncGenerator[Event, None]:
        asked_at, heard = self._place.now(), list[Event]()
        self._booked = len(self.account.lines)
        try:
            async with entered as events:
                async for event in events:
                    # What was discarded was taken back.
                    heard = [] if isinstance(event, Discarded) else [*heard, event]
                    if isinstance(event, Answer):  # who asked may stop listening at it
                        self._say(heard, asked_at, None)
                    yield event
        except RequestError as error:
            self._say(heard, asked_at, error)
            raise

    def _say(self, heard: Iterable[Event], asked_at: float, error: RequestError | None) -> None:
        heard, lines = list(heard), self.account.lines[self._booked :]
        answer = next((event for event in heard if isinstance(event, Answer)), None)
        calls = [event for event in heard if isinstance(event, ToolCall)]
        unreadable = any(call.problem is not None for call in calls)
        failure = type(error).__name__ if error is not None else UNREADABLE if unreadable else None
        self.flawed = self.flawed or unreadable
        uses = tuple({"id": call.id, "name": call.name, "input": call.input} for call in calls)
        self._tell(
            Claim(
                outcome="error" if failure else "success",
                text="".join(event.text for event in heard if isinstance(event, TextDelta)),
                thinking="".join(event.text for event in heard if isinstance(event, ThinkingDelta)),
                tool_uses=None if failure else uses,
                stop_reason=None if answer is None else answer.stop_reason,
                message_id=None if answer is None else answer.id,
                model=None if answer is None else answer.model,
                usage=_usage(lines),
                cost_usd=_cost(lines),
                error=failure,
                status=None if error is None else error.status_code,
                client=self._number,
                asked_at=asked_at,
                ended_at=self._place.now(),
            )
        )


def _usage(lines: Iterable[Line]) -> Mapping[str, Any] | None:
    total: Mapping[str, Any] = {}
    for line in lines:
        total = plus(total, line.usage)
    return total or None


def _cost(lines: Iterable[Line]) -> str | None:
    """Say what it cost, in US dollars; nothing where a price is not known."""
    used = sum((line.used for line in lines), Used())
    return None if used.unpriced or not used.requests else f"{used.cost_usd:f}"
