"""Conversations over a real socket in virtual time: turns, tools, and a window that fills."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest

from windtunnel import Windtunnel, fail, reply
from windtunnel.client.conversation import AsyncConversation
from windtunnel.client.core import AsyncClient
from windtunnel.client.demo import TOOLS, CannedToolbox, system
from windtunnel.client.events import (
    Answer,
    Compacted,
    Compacting,
    Discarded,
    Event,
    NotCompacted,
    Retrying,
    TextDelta,
    ToolCall,
    ToolResult,
)
from windtunnel.client.exchanges import is_summary
from windtunnel.client.failures import ContextTooLong, RequestError, TooManySteps
from windtunnel.client.options import Options
from windtunnel.client.toolbox import INTERRUPTED
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


def test_a_turn_that_the_api_refuses_is_taken_back_and_the_next_is_answered() -> None:
    async def all_of_it(tunnel: Windtunnel) -> Answer:
        async with talking(tunnel) as conversation:
            await conversation.ask("Which way?")
            with pytest.raises(RequestError, match="taken back") as raised:
                await conversation.ask([{"type": "image", "source": {"type": "base64"}}])
            assert [message["content"][0]["type"] for message in raised.value.taken_back] == ["image"]
            assert not conversation.is_pending
            return await conversation.ask("And now?")

    with Windtunnel(reply("West."), reply("North.")) as tunnel:
        assert asyncio.run(all_of_it(tunnel)).text == "North."


def test_results_that_the_api_refuses_are_left_out_and_the_turn_goes_on() -> None:
    def look(given: Mapping[str, Any]) -> Any:
        return [{"type": "image", "source": {"type": "base64"}}]

    async def all_of_it(tunnel: Windtunnel) -> str:
        async with talking(tunnel, tools=[LOOK], toolbox={"look": look}) as conversation:
            with pytest.raises(RequestError) as raised:
                await conversation.ask("Look.")
            assert conversation.is_pending
            assert raised.value.taken_back[0]["content"][0]["type"] == "tool_result"
            return [event.text async for event in conversation.go_on() if isinstance(event, Answer)][-1]

    with Windtunnel(reply(tool_use=CALL), reply("I see nothing.")) as tunnel:
        assert asyncio.run(all_of_it(tunnel)) == "I see nothing."


@pytest.mark.parametrize("fault", ["credit_balance_too_low", "permission_denied"])
def test_a_turn_that_may_be_answered_later_is_not_taken_back(fault: str) -> None:
    async def all_of_it(tunnel: Windtunnel) -> None:
        async with talking(tunnel) as conversation:
            with pytest.raises(RequestError) as raised:
                await conversation.ask("Which way?")
            assert raised.value.taken_back == () and conversation.is_pending
            assert len(conversation.take_back()) == 1 and not conversation.is_pending

    with Windtunnel(fail(fault)) as tunnel:
        asyncio.run(all_of_it(tunnel))


def test_a_prompt_that_cannot_be_sent_leaves_no_trace() -> None:
    async def all_of_it(tunnel: Windtunnel) -> Answer:
        async with talking(tunnel) as conversation:
            with pytest.raises(ValueError, match="cannot be sent"):
                await conversation.ask("half \ud83d")
            return await conversation.ask("Which way?")

    with Windtunnel(reply("West.")) as tunnel:
        assert asyncio.run(all_of_it(tunnel)).text == "West."


def test_a_turn_that_was_interrupted_in_a_tool_can_be_taken_up() -> None:
    async def slow(given: Mapping[str, Any]) -> str:
        await asyncio.sleep(3600)
        return "late"

    async def all_of_it(tunnel: Windtunnel) -> list[Event]:
        async with talking(tunnel, tools=[LOOK], toolbox={"look": slow}) as conversation:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(5):
                    await conversation.ask("Look.")
            assert conversation.is_pending
            return [event async for event in conversation.go_on()]

    with Windtunnel(reply(tool_use=CALL), reply("Never mind.")) as tunnel:
        events = asyncio.run(all_of_it(tunnel))

    assert [(event.content, event.is_error) for event in of(events, ToolResult)] == [(INTERRUPTED, True)]
    assert of(events, Answer)[-1].text == "Never mind."


def test_who_leaves_at_the_answer_can_have_its_tools_run_later() -> None:
    async def all_of_it(tunnel: Windtunnel) -> list[Event]:
        async with talking(tunnel, tools=[LOOK], toolbox={"look": lambda given: "seen"}) as conversation:
            async with aclosing(conversation.say("Look.")) as events:
                async for event in events:
                    if isinstance(event, Answer):
                        break
            assert conversation.is_pending
            return [event async for event in conversation.go_on()]

    with Windtunnel(reply(tool_use=CALL), reply("West.")) as tunnel:
        events = asyncio.run(all_of_it(tunnel))

    assert [result.content for result in of(events, ToolResult)] == ["seen"]
    assert of(events, Answer)[-1].text == "West."


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


def test_the_users_latest_words_stay_though_they_came_after_an_interruption() -> None:
    summary = reply("<summary>Looked at much.</summary>", when={"text": "outgrow the context window"}, times="forever")
    steps = [*[reply(tool_use=CALL)] * 9, reply("Done.")]
    looked: list[int] = []

    async def look(given: Mapping[str, Any]) -> str:
        looked.append(1)
        if len(looked) == 1:
            await asyncio.sleep(3600)
        return padded(1, 3_000)

    async def all_of_it(tunnel: Windtunnel) -> tuple[Any, ...]:
        async with talking(tunnel, tools=[LOOK], toolbox={"look": look}, context_window=20_000) as conversation:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(5):
                    await conversation.ask("Look everywhere.")
            await conversation.ask("No, look at the vane.")
            return conversation.messages

    with Windtunnel(summary, *steps, settings=Settings(context_window=20_000)) as tunnel:
        messages = asyncio.run(all_of_it(tunnel))

    assert is_summary(messages[0])
    assert messages[1]["content"] == [{"type": "text", "text": "No, look at the vane."}]


@pytest.mark.parametrize("summary", [fail("internal_error", times=4), fail("invalid_request"), reply(tool_use=CALL)])
def test_a_turn_that_fits_needs_no_summary(summary: Any) -> None:
    with Windtunnel(*[reply("Calm.")] * 4, summary, reply("West.")) as tunnel:
        _, events = play(tunnel, *(padded(turn, 2_500) for turn in range(5)), context_window=20_000)

    (told,) = of(events, NotCompacted)
    assert told.why
    assert of(events, Answer)[-1].text == "West."


def test_a_summary_that_is_cut_off_is_asked_for_once_more_and_shorter() -> None:
    with Windtunnel(
        *[reply("Calm.")] * 5,
        reply("<summary>It blew from the", stop_reason="max_tokens"),
        reply("<summary>It blew.</summary>"),
    ) as tunnel:
        conversation, made = compacted(tunnel)
        asked = [body["messages"][-1]["content"][0]["text"] for body in bodies(tunnel)[-2:]]

    assert made is not None
    assert "It blew." in conversation.messages[0]["content"][0]["text"]
    assert "cut off" not in asked[0] and "cut off at" in asked[1]


def test_a_summary_that_is_cut_off_twice_is_none() -> None:
    cut_off = reply("<summary>It blew from the", stop_reason="max_tokens")
    with Windtunnel(*[reply("Calm.")] * 5, cut_off, cut_off, cut_off) as tunnel:
        with pytest.raises(ContextTooLong, match="the summary was cut off, and so was a shorter one"):
            compacted(tunnel)

        assert len(tunnel.journal.calls) == 5 + 2


def compacted(tunnel: Windtunnel) -> tuple[AsyncConversation, Compacted | None]:
    """Have five calm turns, and compact them."""

    async def all_of_it() -> tuple[AsyncConversation, Compacted | None]:
        async with talking(tunnel) as conversation:
            for turn in range(5):
                await conversation.ask(f"Turn {turn}")
            return conversation, await conversation.compact()

    return asyncio.run(all_of_it())


def test_what_is_too_long_by_itself_leaves_the_history_as_it_was_and_costs_no_summary() -> None:
    async def all_of_it(tunnel: Windtunnel) -> None:
        async with talking(tunnel, context_window=8_000) as conversation:
            for turn in range(3):
                await conversation.ask(padded(turn, 1_500))
            before = conversation.messages
            with pytest.raises(ContextTooLong, match="taken back"):
                await conversation.ask(padded(9, 30_000))
            assert conversation.messages == before

    with Windtunnel(settings=Settings(context_window=8_000)) as tunnel:
        asyncio.run(all_of_it(tunnel))

        assert len(bodies(tunnel)) == 3 + 1


def test_a_summary_that_did_not_help_is_undone() -> None:
    async def all_of_it(tunnel: Windtunnel) -> None:
        async with talking(tunnel) as conversation:
            for turn in range(4):
                await conversation.ask(f"Turn {turn}")
            before = conversation.messages
            with pytest.raises(ContextTooLong) as raised:
                await conversation.ask("One more.")
            assert conversation.messages == before
            assert raised.value.taken_back[0]["content"] == [{"type": "text", "text": "One more."}]

    refused = fail("prompt_too_long", when={"text": "One more."}, times=50)
    summary = reply("<summary>All calm.</summary>", when={"text": "outgrow the context window"}, times="forever")
    with Windtunnel(summary, refused, *[reply("Calm.")] * 4) as tunnel:
        asyncio.run(all_of_it(tunnel))


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


def test_a_summary_that_does_not_fit_is_made_in_pieces() -> None:
    with Windtunnel(
        *[reply("First.")] * 6,
        fail("prompt_too_long", times=2),
        reply("<summary>It blew from the west.</summary>"),
        reply("<summary>It blew from the west, and then from the north.</summary>"),
        reply("North."),
    ) as tunnel:
        conversation, events = play(tunnel, *(f"Turn {turn}" for turn in range(7)))
        asked = [len(body["messages"]) for body in bodies(tunnel)[-4:-1]]
        second = bodies(tunnel)[-2]["messages"][0]["content"][0]["text"]

    assert asked[0] > asked[1]
    assert "It blew from the west." in second
    assert of(events, Answer)[-1].text == "North."
    assert "and then from the north" in conversation.messages[0]["content"][0]["text"]


class Elsewhere:
    """A client whose place another can take: the next model has a smaller window."""

    def __init__(self) -> None:
        self.client: Any = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)


async def turns(elsewhere: Elsewhere, tunnel: Windtunnel, conversation: AsyncConversation, *said: str) -> list[Event]:
    async with AsyncClient.from_env(tunnel.env, options=Options(compact_at=1.0)) as client:
        elsewhere.client = client
        return [event for prompt in said async for event in conversation.say(prompt)]


@pytest.mark.parametrize("provider", ["anthropic", "bedrock", "vertex", "foundry"])
def test_what_has_to_be_summarised_may_be_longer_than_the_window(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Elsewhere()
    conversation = AsyncConversation(elsewhere, model="claude-sonnet-4-6", max_tokens=300)
    with Windtunnel(provider=provider) as tunnel, monkeypatch.context() as patch:
        for name, value in tunnel.env.items():
            patch.setenv(name, value)
        asyncio.run(turns(elsewhere, tunnel, conversation, *(padded(turn, 2_000) for turn in range(9))))

    with Windtunnel(provider=provider, settings=Settings(context_window=8_000)) as tunnel:
        for name, value in tunnel.env.items():
            monkeypatch.setenv(name, value)
        events = asyncio.run(turns(elsewhere, tunnel, conversation, "Where were we?", "And then?"))
        account, ledger = elsewhere.client.account, tunnel.ledger.total
        verdict = tunnel.verdict.compaction(expected=True)

    assert len(of(events, Compacting)) >= 3
    assert len(of(events, Compacted)) == 1
    assert verdict.value == "pass", verdict.render()
    assert account.by_purpose["compaction"].requests >= 3
    assert account.total.input_tokens == ledger.input_tokens
    assert account.total.output_tokens == ledger.output_tokens
    assert account.total.cost_micro_usd == ledger.cost_micro_usd


@pytest.mark.parametrize("provider", ["anthropic", "bedrock", "vertex", "foundry"])
def test_what_is_too_long_in_one_piece_is_given_up_after_a_few_requests(
    provider: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = Elsewhere()
    conversation = AsyncConversation(elsewhere, model="claude-sonnet-4-6", max_tokens=300)
    with Windtunnel(provider=provider) as tunnel, monkeypatch.context() as patch:
        for name, value in tunnel.env.items():
            patch.setenv(name, value)
        asyncio.run(turns(elsewhere, tunnel, conversation, padded(1, 12_000)))

    with Windtunnel(provider=provider, settings=Settings(context_window=8_000)) as tunnel:
        for name, value in tunnel.env.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(ContextTooLong, match="even the request for a summary does not fit: .* too long"):
            asyncio.run(turns(elsewhere, tunnel, conversation, "Where were we?"))
        refused = [call.status for call in tunnel.journal.calls].count(400)

    assert refused <= 4
    assert len(conversation.messages) == 2 and not conversation.is_pending


def test_what_holds_a_summary_up_is_told() -> None:
    summary = {"text": "between <summary> and </summary>"}
    with Windtunnel(
        fail("overloaded", when=summary, times=2),
        reply("<summary>All calm.</summary>", when=summary),
        *[reply("First.")] * 5,
        fail("prompt_too_long"),
        reply("Calm."),
    ) as tunnel:
        _, events = play(tunnel, *(f"Turn {turn}" for turn in range(6)))

    told = [type(event) for event in events if isinstance(event, (Compacting, Retrying, Compacted))]
    assert told == [Compacting, Retrying, Retrying, Compacted]


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
