"""The public API as its users write it. Checked by mypy and pyright in strict mode, never run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, assert_type

import pytest

import windtunnel as package
from windtunnel import (
    ClockStuckError,
    ScriptError,
    Step,
    Stream,
    VirtualTimeError,
    Windtunnel,
    fail,
    fault,
    policies,
    reply,
)
from windtunnel.tunnel import Door
from windtunnel.verdicts import Verdict, Verdicts
from windtunnel_server.clock import Clock, RealClock
from windtunnel_server.journal import Entry, Journal
from windtunnel_server.ledger import Ledger


def steps() -> list[Step]:
    return [
        reply("Hello"),
        reply(text="Hello", tool_use={"name": "look", "input": {"at": "it"}}, stop_reason="tool_use", times=2),
        reply(content=[{"type": "text", "text": "Hello"}], usage={"output_tokens": 7}, on="any"),
        reply("slow", stream=Stream(first_byte=0.3, tokens_per_second=80)),
        reply("slow", stream={"first_byte": 0.3}),
        fail("rate_limited", retry_after=2, times=2),
        fail(529, message="Busy", headers={"x-note": "1"}),
        fail("stall", after_events=2, for_s=600),
        reply("zipped", faults=[fault("gzip")]),
        reply("It is done.", when={"tool_result": True, "tokens": {"at_least": 1000}}, times="forever"),
        fail("overloaded", during=(0, 30), chance=0.5),
        fail("connection_refused", during={"from": 10, "until": 30}),
        reply("You said {{ text }}", template=True),
    ]


def test_a_fixture(windtunnel: Windtunnel) -> None:
    windtunnel.script(reply("Hello"), *steps())
    assert_type(windtunnel.url, str)
    assert_type(windtunnel.api_key, str)
    assert_type(windtunnel.env, dict[str, str])
    assert_type(windtunnel.clock, Clock)
    assert_type(windtunnel.clock.now(), float)
    assert_type(windtunnel.ledger, Ledger)
    assert_type(windtunnel.provider("anthropic"), Door)
    assert_type(windtunnel.provider("anthropic").env, Mapping[str, str])
    windtunnel.reset()


def test_a_journal(windtunnel: Windtunnel) -> None:
    assert_type(windtunnel.journal, Journal)
    assert_type(len(windtunnel.journal), int)
    call = windtunnel.journal.calls[0]
    assert_type(call, Entry)
    assert_type(call.arrived_at, float)
    assert_type(call.status, int | None)
    assert_type(call.ended, str | None)
    assert_type(call.header("x-api-key"), str | None)
    assert_type([entry.provider for entry in windtunnel.journal], list[str])


def test_a_verdict(windtunnel: Windtunnel) -> None:
    assert_type(windtunnel.verdict, Verdicts)
    verdict = windtunnel.verdict.backoff("anthropic_python", max_retries=4)
    assert_type(verdict, Verdict)
    assert_type(verdict.passed, bool)
    assert_type(verdict.summary, str)
    verdict.check()


@pytest.mark.windtunnel(clock="real", seed=3)
def test_a_marker(windtunnel: Windtunnel) -> None: ...


def with_a_tunnel() -> None:
    with Windtunnel(reply("Hello"), clock="real", seed=3, keys=frozenset({"sk"}), dates=False) as tunnel:
        assert_type(tunnel, Windtunnel)
    with Windtunnel(*steps(), clock=RealClock()) as tunnel, Windtunnel(clock=tunnel.clock) as other:
        assert_type(other, Windtunnel)
    opened = Windtunnel().start()
    assert_type(opened, Windtunnel)
    opened.stop()


async def with_an_async_tunnel() -> None:
    async with Windtunnel(reply("Hello")) as tunnel:
        assert_type(tunnel, Windtunnel)


def errors() -> None:
    try:
        fail("rate_limitd")
    except ScriptError as error:
        assert_type(error.args, tuple[Any, ...])
    assert issubclass(ScriptError, ValueError) and issubclass(ClockStuckError, VirtualTimeError)
    assert policies.__name__
    assert_type(package.__version__, str)


def mistakes_that_a_checker_finds() -> None:
    Windtunnel(clock="reel")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    Windtunnel("Hello")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    reply("Hello", times="2")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    fail("overloaded", during=30)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    fail("overloaded", when="tool_result")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
