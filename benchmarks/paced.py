"""One run of paced streams: `python -m benchmarks.paced TIMERS LOOP STREAMS EVENTS` serves, and tells how late it was.

Timers: `wheel`, the server's own; `naive`, one timer of the loop an event.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

from benchmarks import loops
from benchmarks.bodies import request, small
from windtunnel.serving import build
from windtunnel_server.call import Call
from windtunnel_server.journal import Entry
from windtunnel_server.plan import End, Head, Plan, Send, Wait
from windtunnel_server.server import Server
from windtunnel_server.wheel import Timer, Wheel

ROOT = Path(__file__).parents[1]
TIMERS = ("wheel", "naive")
GAP_S = 0.1
_ASKED = request(small(stream=True)).replace(b"\r\n", b"\r\nconnection: close\r\n", 1)
_AT_ONCE = 5
_EVENT = Send(b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{}}\n\n', "delta")
_HEAD = Head(200, (("content-type", "text/event-stream"), ("transfer-encoding", "chunked")))


class Naive(Wheel):
    """What one would write first: every wait is a timer of the loop."""

    def at(self, instant: float, action: Callable[[], None]) -> Timer:
        timer = Timer(action)
        self._loop.call_later(max(instant - self._clock.now(), 0.0), self._ring, timer)
        return timer

    def _ring(self, timer: Timer) -> None:
        if timer.action is not None:
            timer.action()


def run(timers: str, loop: str, *, streams: int, events: int) -> dict[str, float]:
    """Serve in a child and read from it here; return lateness (ms) and CPU time (s)."""
    command = [sys.executable, "-m", "benchmarks.paced", timers, loop, str(streams), str(events)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        with asyncio.Runner(loop_factory=loops.FACTORIES[loop]) as runner:
            runner.run(_read_all(port, streams))
        found: dict[str, float] = json.loads(process.stdout.readline())
        return found


class _Reader(asyncio.Protocol):
    """Asks once and throws away what comes, until the server closes."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        cast(asyncio.Transport, transport).write(_ASKED)

    def connection_lost(self, exc: Exception | None) -> None:
        self.over.set()


async def _read_all(port: int, streams: int) -> None:
    readers = []
    for number in range(streams):
        readers.append((await asyncio.get_running_loop().create_connection(_Reader, "127.0.0.1", port))[1])
        # Spread over the gaps: streams that begin together would be due together.
        if number % _AT_ONCE == 0:
            await asyncio.sleep(0.001)
    for reader in readers:
        await reader.over.wait()


def _plan(server: Server, plan: Plan, entries: list[Entry]) -> None:
    def answer(call: Call) -> tuple[Plan, Entry]:
        entries.append(Entry(number=0, provider="", method=call.method, path=call.path))
        return plan, entries[-1]

    server.answer = answer  # type: ignore[method-assign]


def _off_ms(entry: Entry) -> list[float]:
    start = next(step.at for step in entry.steps if step.what == "head")
    sent = [step.at for step in entry.steps if step.event]
    return [abs(at - start - GAP_S * place) * 1000 for place, at in enumerate(sent, 1)]


async def _serve(timers: str, streams: int, events: int) -> dict[str, float]:
    server = build(host="127.0.0.1", port=0, provider="anthropic", seed=0, speed=1.0, script=None).server
    entries: list[Entry] = []
    _plan(server, Plan((_HEAD, *(Wait(GAP_S), _EVENT) * events, End())), entries)
    await server.start()
    if timers == "naive":
        server.wheel = Naive(server.clock, asyncio.get_running_loop())
    print(server.url.rpartition(":")[2], flush=True)
    while len(entries) < streams or any(entry.ended is None for entry in entries):
        await asyncio.sleep(0.1)
    late = sorted(ms for entry in entries for ms in _off_ms(entry))
    return {"p50_ms": late[len(late) // 2], "p99_ms": late[len(late) * 99 // 100], "cpu_s": time.process_time()}


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loops.FACTORIES[sys.argv[2]]) as runner:
        print(json.dumps(runner.run(_serve(sys.argv[1], int(sys.argv[3]), int(sys.argv[4])))), flush=True)
