"""What blocks is waited for aside, and left behind; what must not be broken off is not."""

from __future__ import annotations

import asyncio
import threading

import pytest

from windtunnel.client.aside import aside, to_the_end


def test_the_loop_goes_on_while_something_blocks() -> None:
    async def play() -> tuple[bool, str]:
        opened = threading.Event()
        blocked = asyncio.create_task(aside(lambda: f"{opened.wait(30)}"))
        await asyncio.sleep(0)
        still = not blocked.done()
        opened.set()
        return still, await blocked

    assert asyncio.run(play()) == (True, "True")


@pytest.mark.parametrize(("raised", "seen"), [(ValueError("no"), ValueError), (StopIteration(), RuntimeError)])
def test_what_it_raises_is_raised_here(raised: Exception, seen: type[Exception]) -> None:
    def fail() -> None:
        raise raised

    async def play() -> None:
        await aside(fail)

    with pytest.raises(seen):
        asyncio.run(play())


def test_nobody_waits_at_the_end_for_what_hangs() -> None:
    hanging = threading.Event()

    async def play() -> None:
        async with asyncio.timeout(0.01):
            await aside(hanging.wait)

    with pytest.raises(TimeoutError):
        asyncio.run(play())  # which would wait for an executor's thread

    hanging.set()


def test_the_process_does_not_wait_for_its_thread() -> None:
    assert asyncio.run(aside(lambda: threading.current_thread().daemon))


def test_what_comes_after_the_loop_was_closed_is_nobodys() -> None:
    hanging, done = threading.Event(), threading.Event()

    def block() -> None:
        hanging.wait(30)
        done.set()

    async def play() -> None:
        async with asyncio.timeout(0.01):
            await aside(block)

    with pytest.raises(TimeoutError):
        asyncio.run(play())
    hanging.set()

    assert done.wait(30)


def test_a_cancellation_waits_for_what_must_not_be_broken_off() -> None:
    async def play() -> list[str]:
        said: list[str] = []
        gate = asyncio.Event()

        async def long() -> str:
            await gate.wait()
            said.append("done")
            return "value"

        waiting = asyncio.create_task(to_the_end(long()))
        await asyncio.sleep(0)
        for _ in range(2):
            waiting.cancel()
            await asyncio.sleep(0)
        said.append("cancelled twice")
        gate.set()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        return said

    assert asyncio.run(play()) == ["cancelled twice", "done"]


def test_it_returns_what_it_is_and_raises_what_it_raises() -> None:
    async def play() -> str:
        return await to_the_end(asyncio.sleep(0, "value"))

    async def broken() -> None:
        raise ValueError("no")

    assert asyncio.run(play()) == "value"
    with pytest.raises(ValueError, match="no"):
        asyncio.run(to_the_end(broken()))
