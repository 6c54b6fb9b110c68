"""One clock for everybody: the sleeps, the time-outs, the dates, and many clients at once."""

from __future__ import annotations

import asyncio
import datetime
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest

from windtunnel import Windtunnel, fail, reply
from windtunnel_server.clock import REAL

MILLISECOND = 0.001
DAY = 86_400.0


def test_sleeps_of_the_time_module_move_the_clock(windtunnel: Any) -> None:
    before = time.time(), time.monotonic(), datetime.datetime.now(datetime.UTC)
    started = REAL.monotonic()

    time.sleep(DAY)

    assert windtunnel.clock.now() == pytest.approx(DAY, abs=MILLISECOND)
    assert time.time() - before[0] == pytest.approx(DAY, abs=MILLISECOND)
    assert time.monotonic() - before[1] == pytest.approx(DAY, abs=MILLISECOND)
    after = datetime.datetime.now(datetime.UTC)
    assert (after - before[2]).total_seconds() == pytest.approx(DAY, abs=MILLISECOND)
    assert after.timestamp() == pytest.approx(windtunnel.clock.wall(), abs=MILLISECOND)
    assert REAL.monotonic() - started < 5


@pytest.mark.parametrize("sleep", [asyncio.sleep, anyio.sleep], ids=["asyncio", "anyio"])
def test_sleeps_of_a_loop_move_the_clock(windtunnel: Any, sleep: Any) -> None:
    async def main() -> float:
        loop = asyncio.get_running_loop()
        started = loop.time()
        await sleep(DAY)
        return loop.time() - started

    slept = asyncio.run(main())

    assert slept == pytest.approx(DAY, abs=MILLISECOND)
    assert windtunnel.clock.now() == pytest.approx(DAY, abs=MILLISECOND)


def test_timeouts_of_a_loop_keep_the_clock(windtunnel: Any) -> None:
    async def main() -> list[float]:
        at = []
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(100):
                await asyncio.Event().wait()
        at.append(windtunnel.clock.now())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.sleep(500), 200)
        at.append(windtunnel.clock.now())
        with anyio.move_on_after(300):
            await anyio.sleep_forever()
        at.append(windtunnel.clock.now())
        return at

    assert asyncio.run(main()) == pytest.approx([100, 300, 600], abs=MILLISECOND)


@pytest.mark.parametrize("medium", ["socket", "memory"])
def test_a_timeout_of_the_caller_ends_a_call(windtunnel: Any, connect: Any, settled: Any, medium: str) -> None:
    windtunnel.script(fail("stall_before_headers"))
    subject = connect(f"async-{medium}")

    with pytest.raises(TimeoutError):
        subject.run(lambda: asyncio.wait_for(_create(subject.client), 45))

    (call,) = settled()
    assert (call.ended, call.ended_at) == ("hung up", pytest.approx(45, abs=MILLISECOND))


def test_calls_sleeps_and_streams_interleave_as_they_would(windtunnel: Any, connect: Any, door: Any) -> None:
    windtunnel.script(reply("slow", stream={"first_byte": 10}), reply("quick", stream={"first_byte": 4}))
    said: list[tuple[float, str]] = []

    def note(text: str) -> None:
        said.append((round(windtunnel.clock.now(), 3), text))

    subject = connect(door)
    if door.way == "sync":
        with ThreadPoolExecutor(3) as pool:
            slow = pool.submit(lambda: note(subject.client.messages.create(**_ASKED).content[0].text))
            time.sleep(1)
            quick = pool.submit(lambda: note(subject.client.messages.create(**_ASKED).content[0].text))
            time.sleep(2)
            note("slept")
            slow.result(), quick.result()
    else:

        async def ask(after_s: float) -> None:
            await asyncio.sleep(after_s)
            note((await subject.client.messages.create(**_ASKED)).content[0].text)

        async def nap() -> None:
            await asyncio.sleep(3)
            note("slept")

        subject.run(lambda: _gather(ask(0), ask(1), nap()))

    assert said == [(3.0, "slept"), (5.0, "quick"), (10.0, "slow")]


@pytest.mark.slow
@pytest.mark.parametrize("medium", ["socket", "memory"])
@pytest.mark.parametrize("way", ["sync", "async"])
def test_twelve_calls_at_once_are_twelve_chains_whatever_the_seed(
    monkeypatch: Any, policy: Any, make: Any, way: str, medium: str
) -> None:
    for seed in range(20):
        with Windtunnel(seed=seed) as tunnel:
            for name, value in tunnel.env.items():
                monkeypatch.setenv(name, value)
            tunnel.script(fail("rate_limited", retry_after=30, times=2), fail("rate_limited"), reply("Hello", times=12))
            subject = make(tunnel, f"{way}-{medium}")

            answers = _twelve(subject)

            chains = tunnel.verdict.chains()
            assert [answer.content[0].text for answer in answers] == ["Hello"] * 12, f"seed {seed}"
            assert Counter(len(chain.attempts) for chain in chains) == {1: 9, 2: 3}, f"seed {seed}"
            assert {len({call.sender for call in chain.attempts}) for chain in chains} == {1}, f"seed {seed}"
            tunnel.verdict.backoff(policy).check()
            assert tunnel.clock.now() == pytest.approx(30, abs=MILLISECOND), f"seed {seed}"
            subject.close()


_ASKED: dict[str, Any] = {
    "model": "claude-sonnet-4-6",
    "max_tokens": 100,
    "messages": [{"role": "user", "content": "Hello"}],
}


def _twelve(subject: Any) -> list[Any]:
    if subject.door.way == "async":
        return list(subject.run(lambda: _gather(*(_create(subject.client) for _ in range(12)))))
    with ThreadPoolExecutor(12) as pool:
        return [call.result() for call in [pool.submit(subject.client.messages.create, **_ASKED) for _ in range(12)]]


async def _create(client: Any) -> Any:
    return await client.messages.create(**_ASKED)


async def _gather(*work: Any) -> Any:
    return await asyncio.gather(*work)
