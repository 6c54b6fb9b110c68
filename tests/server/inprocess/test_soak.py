"""Virtual time with every core busy: nothing may slip, however the scheduler deals with the threads."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from windtunnel import Windtunnel, fail, reply

pytestmark = pytest.mark.slow


@pytest.fixture
def busy_machine() -> Iterator[None]:
    """Keep every core busy from outside, for a minute at most."""
    program = "import time; end = time.monotonic() + 60\nwhile time.monotonic() < end: pass"
    hogs = [subprocess.Popen([sys.executable, "-c", program]) for _ in range((os.cpu_count() or 2) + 1)]
    yield
    for hog in hogs:
        hog.kill()
        hog.wait()


@pytest.mark.usefixtures("busy_machine")
@pytest.mark.parametrize("seed", range(6))
def test_no_answer_is_mistaken_for_silence(seed: int, call: Callable[..., int], acall: Callable[..., Any]) -> None:
    async def patient(url: str, after_s: float) -> int:
        await asyncio.sleep(after_s)
        async with asyncio.timeout(20.5):
            return int(await acall(url))

    async def crowd(url: str) -> list[int]:
        return list(await asyncio.gather(*(patient(url, number) for number in range(10))))

    with Windtunnel(reply("word " * 40, times=30, stream={"first_byte": 20.0}), seed=seed) as tunnel:
        assert asyncio.run(crowd(tunnel.url)) == [200] * 10
        assert tunnel.clock.now() == pytest.approx(29.0, abs=1e-4)

        with ThreadPoolExecutor(8) as pool:
            assert list(pool.map(lambda _: call(tunnel.url, 20.5), range(8))) == [200] * 8
        assert tunnel.clock.now() == pytest.approx(49.0, abs=1e-4)

        tunnel.script(fail("stall_before_headers", for_s=1.0, times=30))
        assert [call(tunnel.url, 60.0) for _ in range(5)] == [200] * 5
