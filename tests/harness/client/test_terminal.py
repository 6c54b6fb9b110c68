"""What is to be seen of each event."""

from __future__ import annotations

import asyncio
import io
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from windtunnel import Stream, Windtunnel, fail, reply
from windtunnel.client.account import Account, Used
from windtunnel.client.budget import Budget
from windtunnel.client.conversation import AsyncConversation
from windtunnel.client.core import AsyncClient
from windtunnel.client.events import (
    Answer,
    Compacted,
    Compacting,
    Discarded,
    Event,
    NotCompacted,
    Reauthenticated,
    Retrying,
    TextDelta,
    ThinkingDelta,
    ToolCall,
    ToolCallStarted,
    ToolInput,
    ToolResult,
)
from windtunnel.client.failures import Failure
from windtunnel.client.options import Options
from windtunnel.client.streaming import readable
from windtunnel.client.terminal import INPUT_SHOWN, Terminal, bill

OVERLOADED = Failure(kind="overloaded", message="Overloaded", status=529)
REFUSED = Failure(kind="unauthorised", message="invalid x-api-key", status=401)


def console(out: io.StringIO, *, terminal: bool = False, colour: bool = False) -> Console:
    colours: Any = "standard" if colour else None
    return Console(
        file=out,
        width=80,
        force_terminal=terminal,
        color_system=colours,
        _environ={"TERM": "xterm"},
        legacy_windows=False,
    )


def shown(events: Iterable[Event], **where: bool) -> str:
    out = io.StringIO()
    terminal = Terminal(console(out, **where))
    for event in events:
        terminal.show(event)
    terminal.close()
    return out.getvalue()


def call_of(text: str, pieces: int = 1) -> list[Event]:
    """The events of a call whose input comes in so many pieces."""
    ends = [len(text) * (place + 1) // pieces for place in range(pieces)]
    partial = [readable(text[:end]) for end in ends]
    grown: list[Event] = [ToolInput("toolu_1", "look", value) for value in partial if value is not None]
    return [ToolCallStarted("toolu_1", "look"), *grown, ToolCall("toolu_1", "look", json.loads(text))]


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (Retrying(OVERLOADED, 2, 1.94), "-- Retry 2 in 1.9 s: 529 overloaded: Overloaded"),
        (
            Discarded(OVERLOADED),
            "-- What stands above of this answer does not count (529 overloaded: Overloaded). It begins anew.",
        ),
        (
            Reauthenticated(REFUSED),
            "-- The credential was refused (401 unauthorised: invalid x-api-key), and another obtained.",
        ),
        (Compacting(14), "-- Summarising 14 messages ..."),
        (Compacting(1, left=3), "-- Summarising 1 message; 3 messages more will follow ..."),
        (
            Compacted(160_000, 12_000, 14),
            "-- Compacted: a summary stands for 14 messages, 160,000 -> 12,000 tokens.",
        ),
        (
            NotCompacted("server after 4 attempts: 500 Internal server error."),
            "-- Not compacted: server after 4 attempts: 500 Internal server error. It is sent as it is.",
        ),
        (ToolResult("toolu_1", "look", "north\nby west\n"), "< look: north (and 1 more line)"),
        (ToolResult("toolu_1", "look", [{"type": "image"}], is_error=True), "< look: failed: [image]"),
        (ToolCall("toolu_1", "look", None, problem="no JSON object"), "> look  (no JSON object)"),
    ],
)
def test_each_event_has_a_line(event: Event, line: str):
    assert shown([TextDelta("Half a"), event]) == f"Half a\n{line}\n"


def test_a_summary_that_broke_off_is_told_from_an_answer_that_did():
    again = "does not count (529 overloaded: Overloaded). It begins anew.\n"

    text = shown([Compacting(3), Discarded(OVERLOADED), Compacted(9, 3, 3), TextDelta("Half"), Discarded(OVERLOADED)])

    assert f"-- The summary {again}" in text
    assert text.endswith(f"Half\n-- What stands above of this answer {again}")


def test_a_message_that_is_cut_says_so():
    assert shown([Retrying(replace(OVERLOADED, message="word " * 99), 1, 1.0)]).endswith("word wo...\n")


def test_text_appears_word_by_word_as_it_comes():
    out = io.StringIO()
    terminal = Terminal(console(out, terminal=True))

    terminal.show(TextDelta("The wind "))
    first = out.getvalue()
    terminal.show(TextDelta("blows."))
    terminal.close()

    assert (first, out.getvalue()) == ("The wind ", "The wind blows.\n")


def test_thinking_is_dimmed_and_apart_from_the_text():
    text = shown([ThinkingDelta("Hm"), ThinkingDelta("."), TextDelta("West.")], terminal=True, colour=True)

    assert text == "\x1b[2;3mHm.\x1b[0m\nWest.\n"


@given(
    st.dictionaries(st.text(max_size=8), st.text(max_size=20) | st.integers() | st.lists(st.booleans()), max_size=4),
    st.integers(1, 40),
)
def test_the_input_of_a_call_grows_to_the_whole_however_it_comes(value: dict[str, Any], pieces: int):
    text = json.dumps(value, ensure_ascii=False)
    at_once = shown(call_of(text))

    in_pieces = shown(call_of(text, pieces))

    assert in_pieces == at_once or in_pieces.endswith(at_once.removeprefix("> look"))


def test_the_input_is_to_be_seen_before_it_is_complete():
    started, *grown = call_of('{"path": "wind/vane.py"}', 4)[:-1]

    text = shown([started, *grown[:3]])

    assert text == '> look {"path": "wind/van\n'


def test_a_long_input_is_cut_and_its_length_told():
    text = shown(call_of(json.dumps({"content": "x" * 5_000}), 30))

    assert len(text) < INPUT_SHOWN + 60
    assert text.endswith("x... (5,015 characters)\n")


def test_an_answer_that_did_not_end_as_usual_says_so():
    usage = {"input_tokens": 10, "output_tokens": 3}

    text = shown([TextDelta("Half an"), Answer("msg_1", "m", "max_tokens", (), usage)])

    assert text == "Half an\n-- The answer ended with max_tokens.\n10 in, 3 out, 1 request\n"


def test_no_escape_code_goes_into_a_pipe_and_none_of_the_models_to_a_terminal():
    events: list[Event] = [
        TextDelta("\x1b[2Jgone"),
        ToolCall("toolu_1", "lo\x1bok", {"path": "\x1b]0;x\x07"}),
        ToolResult("toolu_1", "look", "\x1b[31mred"),
        Retrying(Failure(kind="server", message="\x1b[Hhome", status=500), 1, 1.0),
    ]

    assert "\x1b" not in shown(events)
    assert re.sub(r"\x1b\[[\d;]*m", "", shown(events, terminal=True, colour=True)).count("\x1b") == 0


def test_a_wait_is_counted_down_on_its_line_and_the_line_stays():
    out = io.StringIO()

    async def wait() -> None:
        terminal = Terminal(console(out, terminal=True))
        terminal.show(Retrying(OVERLOADED, 1, 2.5))
        await asyncio.sleep(2.5)
        terminal.show(TextDelta("Here."))
        terminal.close()

    with Windtunnel():
        asyncio.run(wait())

    lines = out.getvalue().split("\r\x1b[2K")
    assert [line.partition(":")[0] for line in lines if line][:4] == [
        *(f"-- Retry 1 in {left} s" for left in (3, 2, 1)),
        "-- Retry 1 now",
    ]
    assert lines[-1] == "-- Retry 1 after 2.5 s: 529 overloaded: Overloaded\nHere.\n"


def test_a_wait_that_was_called_off_is_counted_no_more():
    out = io.StringIO()

    async def wait() -> None:
        terminal = Terminal(console(out, terminal=True))
        terminal.show(Retrying(OVERLOADED, 1, 9.0))
        await asyncio.sleep(0.5)
        terminal.close()
        await asyncio.sleep(9.0)

    with Windtunnel():
        asyncio.run(wait())

    assert out.getvalue() == "\r\x1b[2K-- Retry 1 in 9 s: 529 overloaded: Overloaded\n"


def test_a_whole_turn_reads_like_a_page_and_is_paid_for_at_its_foot(to_fake: Callable[..., Any]):
    out = io.StringIO()
    call = reply("Let me look.", tool_use={"name": "look", "input": {"at": "vane"}}, stream=Stream(text_piece=3))
    with Windtunnel(fail("overloaded", retry_after=2), call, reply("Due west.")) as tunnel:

        async def say() -> None:
            account, budget = Account(), Budget(1_000)
            terminal = Terminal(console(out), account=account, budget=budget)
            options = Options(jitter=0)
            async with AsyncClient(to_fake(tunnel), options=options, account=account, budget=budget) as client:
                schema = {"name": "look", "description": "Look.", "input_schema": {"type": "object"}}
                conversation = AsyncConversation(
                    client, model="claude-sonnet-4-6", tools=[schema], toolbox={"look": lambda given: "west"}
                )
                async for event in conversation.say("Which way?"):
                    terminal.show(event)

        asyncio.run(say())
        prompt = tunnel.ledger.total.input_tokens

    *page, foot, gauge = out.getvalue().splitlines()
    assert page == [
        "-- Retry 1 in 2.0 s: 529 overloaded: Overloaded",
        "Let me look.",
        '> look {"at": "vane"}',
        "< look: west",
        "Due west.",
    ]
    assert re.fullmatch(r"[\d,]+ in, \d+ out, \$0\.00\d\d, 2 requests", foot)
    assert re.fullmatch(r"\[#+\.*\] [\d,]+ of 1,000( \w+)?", gauge)
    assert foot.startswith(f"{prompt:,} in, ")


def test_a_footer_counts_what_came_since_the_last_one():
    out = io.StringIO()
    account = Account()
    terminal = Terminal(console(out), account=account)

    for _ in range(2):
        account.book("claude-sonnet-4-6", {"input_tokens": 1_000, "output_tokens": 100})
        terminal.footer()
    terminal.footer()

    assert out.getvalue() == "1,000 in, 100 out, $0.0045, 1 request\n" * 2


@pytest.mark.parametrize(
    ("used", "said"),
    [
        (Used(requests=1, output_tokens=2, unpriced=1), "0 in, 2 out, 1 request"),
        (
            Used(requests=3, unpriced=1, aborted=1),
            "0 in, 0 out, $0.0000 and 1 request of unknown price, 3 requests, 1 cut off",
        ),
        (Used(requests=1, input_tokens=4, cache_read_tokens=96), "100 in (96 from cache), 0 out, $0.0000, 1 request"),
    ],
)
def test_a_bill_says_what_is_known(used: Used, said: str):
    assert bill(used) == said
