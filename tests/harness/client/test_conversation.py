"""Conversations over a real socket in virtual time: turns, tools, and a window that fills."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest

from windtunnel import Windtunnel, fail, reply
from windtunnel.client.conversation import AsyncConversation
from windtunnel.client.core import AsyncClient
from windtunnel.client.demo import TOOLS, CannedToolbox, system
from windtunnel.client.events import Answer, Compacted, Discarded, Event, TextDelta, ToolCall, ToolResult
from windtunnel.client.exchanges import is_summary
from windtunnel.client.failures import ContextTooLong, RequestError, TooManySteps
from windtunnel.client.options import Options
from windtunnel_server.settings import Settings

LOOK = {"name": "look", "description": "Look.", "input_schema": {"type": "object", "properties": {}}}
CALL = {"name": "look", "input": {"at": "vane"}}
WORDS = "air wind gust calm storm vane kite sail wing drag lift flow fan duct smoke tuft".split()


def padded(turn: int, words: int) -> str:
    """A prompt of about so many tokens, another one each turn."""
    return f"Turn {turn}. " + " ".join(random.Random(turn).choices(WORDS, k=words))


@asynccontextmanager
async def talking(tunnel: Windtunnel, **given: Any) -> AsyncIterator[AsyncConversation]:
    names = Options.__dataclass_fields__
    options = {name: value for name, value in given.items() if name in names}
    plain: dict[str, Any] = {"model": "claude-sonnet-4-6", "max_tokens": 300}
    rest = plain | {name: value for name, value in given.items() if name not in names}
    async with AsyncClient.from_env(tunnel.env, options=Options(**options)) as client:
        yield AsyncConversation(client, **rest)


def play(tunnel: Windtunnel, *prompts: str, **given: Any) -> tuple[AsyncConversation, list[Event]]:
    """Say the prompts, one after the other, and hear everything."""

    async def all_of_it() -> tuple[AsyncConversation, list[Event]]:
        async with talking(tunnel, **given) as conversation:
            events = [event for prompt in prompts async for event in conversation.say(prompt)]
            return conversation, events

    return asyncio.run(all_of_it())


def of(events: list[Event], kind: type[Any]) -> list[Any]:
    return [event for event in events if isinstance(event, kind)]


def bodies(tunnel: Windtunnel) -> list[Any]:
    return [call.body for call in tunnel.journal.calls if call.path.endswith("/messages")]


# --- turns -------------------------------------------------------------------------------------------------------------


def test_each_turn_is_answered_and_stays_in_the_history() -> None:
    with Windtunnel(reply("West."), reply("North.")) as tunnel:
        conversation, events = play(tunnel, "Which way?", "And now?")

    assert [answer.text for answer in of(events, Answer)] == ["West.", "North."]
    assert [message["role"] for message in conversation.messages] == ["user", "assistant"] * 2
    assert not conversation.is_pending


def test_tools_are_run_side_by_side_and_their_results_answered() -> None:
    running: list[int] = []

    async def look(given: Mapping[str, Any]) -> str:
        running.append(1)
        await asyncio.sleep(2)
        return f"{given['at']} points west, {len(running)} looked"

    with Windtunnel(reply(tool_use=[CALL, CALL | {"input": {"at": "kite"}}]), reply("West.")) as tunnel:
        _, events = play(tunnel, "Look.", tools=[LOOK], toolbox={"look": look})
        took_s = tunnel.clock.now()

    assert [result.content for result in of(events, ToolResult)] == [
        "vane points west, 2 looked",
        "kite points west, 2 looked",
    ]
    assert took_s == pytest.approx(2, abs=0.5)
    assert of(events, Answer)[-1].text == "West."


def test_a_call_whose_input_is_no_json_is_an_error_for_the_model() -> None:
    with Windtunnel(fail("cut_tool_input", tool_use=CALL), reply("Sorry.")) as tunnel:
        _, events = play(tunnel, "Look.", tools=[LOOK], toolbox={"look": lambda given: "seen"})
        sent = bodies(tunnel)[-1]["messages"][-1]["content"]

    assert of(events, ToolCall)[0].problem
    assert [result.is_error for result in of(events, ToolResult)] == [True]
    assert sent[0]["is_error"] is True


def test_a_paused_turn_goes_on() -> None:
    with Windtunnel(reply(text="Let me look.", stop_reason="pause_turn"), reply("Found it.")) as tunnel:
        conversation, events = play(tunnel, "Search.", model="claude-haiku-4-5")
        history = bodies(tunnel)[-1]["messages"]

    assert [answer.stop_reason for answer in of(events, Answer)] == ["pause_turn", "end_turn"]
    assert history[-1]["role"] == "assistant"
    assert not conversation.is_pending


def test_a_refusal_is_told_and_leaves_no_trace() -> None:
    with Windtunnel(reply(text="I can't help with that.", stop_reason="refusal"), reply("West.")) as tunnel:
        conversation, events = play(tunnel, "Something bad.", "Which way?")

    assert [answer.stop_reason for answer in of(events, Answer)] == ["refusal", "end_turn"]
    assert len(conversation.messages) == 2


def test_a_turn_of_too_many_steps_stops_and_can_be_taken_up() -> None:
    heard: list[str] = []

    async def all_of_it(tunnel: Windtunnel) -> None:
        async with talking(tunnel, tools=[LOOK], toolbox={"look": lambda given: "on"}, max_steps=2) as conversation:
            with pytest.raises(TooManySteps, match="2 requests"):
                await conversation.ask("Look.")
            assert conversation.is_pending
            heard.extend([event.text async for event in conversation.go_on() if isinstance(event, Answer)])

    with Windtunnel(reply(tool_use=CALL), reply(tool_use=CALL), reply("West.")) as tunnel:
        asyncio.run(all_of_it(tunnel))

    assert heard == ["West."]


def test_a_turn_that_failed_can_be_taken_up() -> None:
    async def all_of_it(tunnel: Windtunnel) -> Answer:
        async with talking(tunnel, max_retries=0) as conversation:
            with pytest.raises(RequestError):
                await conversation.ask("Which way?")
            return [event async for event in conversation.go_on() if isinstance(event, Answer)][-1]

    with Windtunnel(fail("overloaded"), reply("West.")) as tunnel:
        assert asyncio.run(all_of_it(tunnel)).text == "West."


def test_an_answer_that_broke_is_discarded_and_heard_once() -> None:
    with Windtunnel(fail("close_mid_stream", after_events=5, text="From the west and"), reply("West.")) as tunnel:
        _, events = play(tunnel, "Which way?")

    last = max(place for place, event in enumerate(events) if isinstance(event, Discarded))
    assert "".join(event.text for event in of(events[last:], TextDelta)) == "West."


def test_the_prompt_cache_holds_over_the_turns() -> None:
    with Windtunnel() as tunnel:
        play(tunnel, *(padded(turn, 300) for turn in range(4)), system=system(), tools=TOOLS, toolbox=CannedToolbox())
        read = [line.account.cache_read_input_tokens for line in tunnel.ledger.calls]

    assert read[0] == 0
    assert read[1] > 15_000
    assert read == sorted(read) and len(set(read)) == 4


# --- a window that fills -----------------------------------------------------------------------------------------------


def test_past_the_threshold_the_conversation_is_compacted_in_time() -> None:
    with Windtunnel(settings=Settings(context_window=20_000)) as tunnel:
        conversation, events = play(tunnel, *(padded(turn, 2_500) for turn in range(12)), context_window=20_000)
        verdict = tunnel.verdict.compaction(expected=True)

    made = of(events, Compacted)
    assert len(made) >= 2
    assert all(one.after_tokens < one.before_tokens / 2 for one in made)
    assert {call.status for call in tunnel.journal.calls} == {200}
    assert is_summary(conversation.messages[0])
    assert verdict.value == "pass"


@pytest.mark.parametrize("provider", ["anthropic", "bedrock", "vertex", "foundry"])
def test_a_refusal_for_size_is_mended_whatever_cloud_it_comes_from(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Windtunnel(settings=Settings(context_window=20_000), provider=provider) as tunnel:
        for name, value in tunnel.env.items():  # the clouds' own libraries read the process's variables
            monkeypatch.setenv(name, value)
        _, events = play(tunnel, *(padded(turn, 3_000) for turn in range(9)), compact_at=1.0)
        verdict = tunnel.verdict.compaction(expected=True)

    assert of(events, Compacted)
    assert 400 in {call.status for call in tunnel.journal.calls}
    assert verdict.value == "pass"


def test_the_window_that_a_refusal_names_is_kept_in_mind() -> None:
    with Windtunnel(settings=Settings(context_window=20_000)) as tunnel:
        _, events = play(tunnel, *(padded(turn, 2_500) for turn in range(20)))

    assert len(of(events, Compacted)) >= 2
    assert [call.status for call in tunnel.journal.calls].count(400) == 1


def test_a_long_turn_is_compacted_between_its_steps() -> None:
    summary = reply("<summary>Looked at much.</summary>", when={"text": "outgrow the context window"}, times="forever")
    steps = [*[reply(tool_use=CALL, when={"call": {"at_most": 9}})] * 9, reply("Done.")]

    with Windtunnel(summary, *steps, settings=Settings(context_window=20_000)) as tunnel:
        conversation, events = play(
            tunnel,
            "Look everywhere.",
            tools=[LOOK],
            toolbox={"look": lambda given: padded(1, 3_000)},
            context_window=20_000,
        )

    assert of(events, Compacted)
    assert of(events, Answer)[-1].text == "Done."
    assert {call.status for call in tunnel.journal.calls} == {200}
    words = [block["text"] for message in conversation.messages for block in message["content"] if "text" in block]
    assert "Look everywhere." in words


def test_where_only_both_together_are_too_much_the_answer_is_made_shorter() -> None:
    with Windtunnel(settings=Settings(context_window=5_000)) as tunnel:
        _, events = play(tunnel, padded(1, 2_500), model="claude-opus-4-1", max_tokens=3_000)
        asked = [(call.status, call.body["max_tokens"]) for call in tunnel.journal.calls]

    assert [status for status, _ in asked] == [400, 200]
    assert asked[1][1] < 3_000
    assert not of(events, Compacted)


def test_what_does_not_fit_by_itself_is_given_up_and_taken_back() -> None:
    async def all_of_it(tunnel: Windtunnel) -> None:
        async with talking(tunnel) as conversation:
            with pytest.raises(ContextTooLong):
                await conversation.ask(padded(1, 8_000))
            assert conversation.messages == () and not conversation.is_pending

    with Windtunnel(settings=Settings(context_window=5_000)) as tunnel:
        asyncio.run(all_of_it(tunnel))

        assert len(tunnel.journal.calls) == 1


def test_where_nothing_helps_it_gives_up_after_a_few_requests() -> None:
    async def all_of_it(tunnel: Windtunnel) -> str:
        async with talking(tunnel) as conversation:
            for turn in range(20):
                await conversation.ask(f"Turn {turn}")
            with pytest.raises(ContextTooLong) as raised:
                await conversation.ask("One more.")
            return str(raised.value)

    calm = [reply("First.")] * 20
    with Windtunnel(*calm, fail("prompt_too_long", times=50)) as tunnel:
        words = asyncio.run(all_of_it(tunnel))
        refused = [call.status for call in tunnel.journal.calls].count(400)

    assert "does not fit" in words
    assert refused == 1 + 3


def test_a_summary_that_does_not_fit_is_made_of_the_newer_half() -> None:
    with Windtunnel(
        *[reply("First.")] * 6,
        fail("prompt_too_long", times=2),
        reply("<summary>It blew from the west.</summary>"),
        reply("West."),
    ) as tunnel:
        conversation, events = play(tunnel, *(f"Turn {turn}" for turn in range(7)))
        asked = [len(body["messages"]) for body in bodies(tunnel)[-4:]]

    assert asked[1] > asked[2]
    assert of(events, Answer)[-1].text == "West."
    assert "It blew from the west." in conversation.messages[0]["content"][0]["text"]


def test_a_call_in_the_place_of_a_summary_is_no_summary() -> None:
    async def all_of_it(tunnel: Windtunnel) -> str:
        async with talking(tunnel, tools=[LOOK]) as conversation:
            for turn in range(4):
                await conversation.ask(f"Turn {turn}")
            with pytest.raises(ContextTooLong) as raised:
                await conversation.ask("One more.")
            return str(raised.value)

    with Windtunnel(*[reply("First.")] * 4, fail("prompt_too_long"), reply(tool_use=CALL), reply("West.")) as tunnel:
        words = asyncio.run(all_of_it(tunnel))

    assert "gave no summary" in words


def test_it_can_be_compacted_by_hand() -> None:
    async def all_of_it(tunnel: Windtunnel) -> tuple[Compacted | None, Any]:
        async with talking(tunnel) as conversation:
            assert await conversation.compact() is None
            for turn in range(5):
                await conversation.ask(f"Turn {turn}")
            return await conversation.compact(), conversation.messages

    with Windtunnel(*[reply("First.")] * 5, reply("<summary>All calm.</summary>")) as tunnel:
        made, messages = asyncio.run(all_of_it(tunnel))

    assert made is not None and made.replaced == 4
    assert [message["role"] for message in messages] == ["user", *["user", "assistant"] * 3]


def test_a_summary_is_booked_as_what_it_is() -> None:
    async def all_of_it(tunnel: Windtunnel) -> Any:
        async with AsyncClient.from_env(tunnel.env, options=Options(context_window=20_000)) as client:
            conversation = AsyncConversation(client, model="claude-sonnet-4-6", max_tokens=300)
            for turn in range(10):
                await conversation.ask(padded(turn, 2_500))
            return client.account

    with Windtunnel(settings=Settings(context_window=20_000)) as tunnel:
        account = asyncio.run(all_of_it(tunnel))

    assert account.by_purpose["compaction"].requests >= 1
    assert account.by_purpose["answer"].requests == 10


# --- 300 turns ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_300_turns_stay_within_a_window_of_200_000_tokens_and_the_books_are_exact() -> None:
    made: list[Compacted] = []

    async def all_of_it(tunnel: Windtunnel) -> Any:
        async with AsyncClient.from_env(tunnel.env) as client:
            conversation = AsyncConversation(client, model="claude-haiku-4-5", max_tokens=400)
            for turn in range(300):
                made.extend(
                    [event async for event in conversation.say(padded(turn, 2_000)) if isinstance(event, Compacted)]
                )
            return client.account.total

    with Windtunnel() as tunnel:
        total, ledger = asyncio.run(all_of_it(tunnel)), tunnel.ledger.total

    assert {call.status for call in tunnel.journal.calls} == {200}
    assert len(made) >= 3
    assert max(one.before_tokens for one in made) < 200_000
    assert total.requests == ledger.calls == 300 + len(made)
    assert total.input_tokens == ledger.input_tokens
    assert total.output_tokens == ledger.output_tokens
    assert total.cache_read_tokens == ledger.cache_read_input_tokens
    assert total.cache_write_5m_tokens == ledger.cache_creation_5m_input_tokens
    assert total.cost_micro_usd == ledger.cost_micro_usd
