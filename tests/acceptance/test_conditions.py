"""Steps that apply to some calls, at some times, or by chance, as the official SDK meets them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import anthropic
import pytest

from windtunnel import Windtunnel, fail, reply

MILLISECOND = 0.001
TOOL = {"name": "look", "description": "Look at it.", "input_schema": {"type": "object", "properties": {}}}
DOOR_FAULTS = ("connection_refused", "connection_dropped")


def said(message: Any) -> str:
    return str(message.content[0].text)


def turns(question: str, *results: str) -> list[dict[str, Any]]:
    """A conversation: the question, then for each result the call of the tool and what it said."""
    messages: list[dict[str, Any]] = [{"role": "user", "content": question}]
    for number, result in enumerate(results):
        called = {"type": "tool_use", "id": f"toolu_{number}", "name": "look", "input": {}}
        messages.append({"role": "assistant", "content": [called]})
        came = {"type": "tool_result", "tool_use_id": f"toolu_{number}", "content": result}
        messages.append({"role": "user", "content": [came]})
    return messages


# --- when --------------------------------------------------------------------------------------------------------


def test_a_tool_loop_is_scripted_by_what_the_tool_says(windtunnel: Any, subject: Any) -> None:
    windtunnel.script(
        reply("Once more.", when={"tool_result": "not found"}, tool_use={"name": "look"}),
        reply("It is done.", when={"tool_result": True}),
        reply(tool_use={"name": "look"}),
    )

    first = subject.create(tools=[TOOL], messages=turns("Look!"))
    second = subject.create(tools=[TOOL], messages=turns("Look!", "File not found"))
    third = subject.create(tools=[TOOL], messages=turns("Look!", "File not found", "42"))

    assert [message.stop_reason for message in (first, second, third)] == ["tool_use", "tool_use", "end_turn"]
    assert said(third) == "It is done."


def test_streams_fail_and_plain_calls_do_not(windtunnel: Any, once: Any) -> None:
    windtunnel.script(fail("overloaded", when={"stream": True}, times="forever"), reply("Hello", times="forever"))

    plain, read, again = once.create(), once.raw(), once.create()

    assert isinstance(read.error, anthropic.APIStatusError) and read.error.status_code == 529
    assert (said(plain), said(again)) == ("Hello", "Hello")


def test_one_model_is_overloaded_and_its_neighbour_is_not(windtunnel: Any, once: Any) -> None:
    windtunnel.script(fail("overloaded", when={"model": "claude-sonnet-*"}, times="forever"))

    with pytest.raises(anthropic.APIStatusError):
        once.create(model="claude-sonnet-4-6")
    once.create(model="claude-haiku-4-5")

    assert [call.status for call in windtunnel.journal] == [529, 200]


def test_a_header_of_the_client_picks_its_retries(windtunnel: Any, subject: Any, settled: Any) -> None:
    windtunnel.script(fail("overloaded", when={"header": {"X-Stainless-Retry-Count": "0"}}, times="forever"))

    subject.create()
    subject.create()

    assert [call.status for call in settled()] == [529, 200] * 2


# --- during ------------------------------------------------------------------------------------------------------


def test_an_outage_of_thirty_seconds_is_waited_out(windtunnel: Any, connect: Any, door: Any, settled: Any) -> None:
    windtunnel.script(fail("overloaded", during=(0, 30)), reply("Hello", times="forever"))

    message = connect(door, max_retries=9).create()

    calls = settled()
    assert said(message) == "Hello"
    assert all(call.status == (529 if call.arrived_at < 30 else 200) for call in calls)
    assert calls[-2].arrived_at < 30 <= calls[-1].arrived_at < 39


@pytest.mark.parametrize("name", DOOR_FAULTS)
def test_the_door_is_shut_for_a_while_and_opens_again(
    windtunnel: Any, connect: Any, door: Any, settled: Any, policy: Any, name: str
) -> None:
    windtunnel.script(fail(name, during={"from": 10, "until": 30}), reply("Hello", times="forever"))
    subject = connect(door, max_retries=9)

    assert said(subject.create()) == "Hello"
    subject.run(wait, door, 15)
    assert said(subject.create()) == "Hello"
    assert said(subject.create()) == "Hello"

    turned_away = [call for call in settled() if call.status is None]
    kept = [call for call in settled() if call.status == 200]
    ended = "refused" if name == "connection_refused" else "closed"
    assert turned_away[0].arrived_at == pytest.approx(15, abs=MILLISECOND)
    assert all(10 <= call.arrived_at < 30 and call.ended == ended for call in turned_away)
    assert len(turned_away) >= 5
    assert [call.arrived_at < 10 for call in kept] == [True, False, False]
    assert 30 <= kept[1].arrived_at < 39
    windtunnel.verdict.backoff(policy, max_retries=9).check()


@pytest.mark.parametrize("name", DOOR_FAULTS)
def test_a_client_that_keeps_its_connection_busy_meets_the_door_too(
    windtunnel: Any, once: Any, settled: Any, name: str
) -> None:
    windtunnel.script(fail(name, during=(10, 20)), reply("Hello", times="forever"))

    for _ in range(30):
        try:
            once.create()
        except anthropic.APIConnectionError:
            pass
        once.run(wait, once.door, 1)

    calls = settled()
    assert [call.status for call in calls] == [200] * 10 + [None] * 10 + [200] * 10
    assert [call.path for call in calls[10:20]] == [""] * 10  # not one got as far as its request
    assert [call.arrived_at for call in calls] == pytest.approx(range(30), abs=MILLISECOND)


@pytest.mark.parametrize("name", DOOR_FAULTS)
def test_a_reply_under_way_is_not_cut_by_a_door_that_shuts(windtunnel: Any, once: Any, name: str) -> None:
    windtunnel.script(reply("Hello", stream={"first_byte": 15}), fail(name, during=(10, 30)))

    read = once.raw()

    assert (read.error, read.text) == (None, "Hello")
    with pytest.raises(anthropic.APIConnectionError):
        once.create()


@pytest.mark.parametrize("name", DOOR_FAULTS)
def test_a_door_may_stay_shut(windtunnel: Any, subject: Any, settled: Any, name: str) -> None:
    windtunnel.script(fail(name, times="forever"))

    for _ in range(2):
        with pytest.raises(anthropic.APIConnectionError):
            subject.create()

    assert [call.status for call in settled()] == [None] * 6
    windtunnel.reset()
    subject.create()


def wait(door: Any, for_s: float) -> Any:
    return time.sleep(for_s) if door.way == "sync" else asyncio.sleep(for_s)


# --- chance ------------------------------------------------------------------------------------------------------


def weather(monkeypatch: pytest.MonkeyPatch, make: Any, seed: int) -> list[int | None]:
    with Windtunnel(fail("overloaded", chance=0.3), seed=seed) as tunnel:
        for name, value in tunnel.env.items():
            monkeypatch.setenv(name, value)
        subject = make(tunnel, "sync-socket", max_retries=0)
        for _ in range(30):
            try:
                subject.create()
            except anthropic.APIStatusError:
                pass
        subject.close()
        return [call.status for call in tunnel.journal]


def test_a_seed_brings_the_same_weather_again(monkeypatch: pytest.MonkeyPatch, make: Any) -> None:
    first, again, other = (weather(monkeypatch, make, seed) for seed in (7, 7, 8))

    assert first == again != other
    assert 3 <= first.count(529) <= 18


# --- templates ---------------------------------------------------------------------------------------------------


def test_a_reply_is_made_of_the_request(windtunnel: Any, subject: Any) -> None:
    windtunnel.script(
        reply("{{ number }}. You said {{ text|upper }} to {{ request.model }}.", template=True, times="forever")
    )

    plain, read = subject.create(), subject.helped(messages=turns("Hi"))

    assert said(plain) == "1. You said HELLO, TUNNEL. to claude-sonnet-4-6."
    assert said(read.message) == read.text == "2. You said HI to claude-sonnet-4-6."


def test_a_template_writes_the_input_of_a_tool(windtunnel: Any, subject: Any) -> None:
    windtunnel.script(reply(tool_use={"name": "look", "input": {"at": "{{ tool_results[0] }}"}}, template=True))

    message = subject.create(tools=[TOOL], messages=turns("Look!", "the moon"))

    assert message.content[0].input == {"at": "the moon"}


def test_a_template_that_does_not_fit_is_told_to_the_client(windtunnel: Any, subject: Any) -> None:
    windtunnel.script(reply("{{ request.nothing }}", template=True))

    with pytest.raises(anthropic.BadRequestError, match="has no attribute 'nothing'"):
        subject.create()

    assert len(windtunnel.journal) == 1


# --- what follows ------------------------------------------------------------------------------------------------


def test_what_follows_the_last_step_is_obeyed(windtunnel: Any, connect: Any, settled: Any) -> None:
    windtunnel.core.extend_script([reply("Hello")], then=fail("overloaded", retry_after=3))

    assert said(connect("sync-socket").create()) == "Hello"
    with pytest.raises(anthropic.APIStatusError):
        connect("async-socket").create()

    assert [call.status for call in settled()] == [200, 529, 529, 529]
    assert waits(settled()[1:]) == pytest.approx([3, 3], abs=MILLISECOND)


def waits(calls: Iterable[Any]) -> list[float]:
    return [after.arrived_at - before.ended_at for before, after in pairwise(calls)]
