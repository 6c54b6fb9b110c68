"""Virtual time: what ten minutes of a client's waiting cost on the machine's clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import anthropic
import httpx2

from benchmarks.bodies import MODEL
from benchmarks.rounds import Range, Row, Table, by_turns
from windtunnel import Windtunnel, fail, reply

_HINT_S = 300
_NOTE = (
    "The client retries through two answers 429 with `retry-after: 300`; the other is the same call answered at once.\n"
    "  ms: wall time of the call. Simulated s: how far the clock moved, next to the seconds of wall time it took."
)
_ASKED = {"model": MODEL, "max_tokens": 64, "messages": [{"role": "user", "content": "Hello"}]}


def measure(*, quick: bool) -> list[Table]:
    """Retry over a socket and in memory, with the sync and the async client."""
    rows: list[Row] = []
    for way, call in _WAYS.items():
        simulated: list[float] = []

        def rough(call: Callable[[Windtunnel], None] = call, simulated: list[float] = simulated) -> float:
            return _timed(call, simulated, failures=2)

        def calm(call: Callable[[Windtunnel], None] = call) -> float:
            return _timed(call, [], failures=0)

        calm(), rough()
        simulated.clear()
        found = by_turns({"rough": rough, "calm": calm}, 1 if quick else 9)
        rows.append(Row(f"{way}: ms", found["rough"], found["calm"], "no failure", "asyncio"))
        wall = Range(tuple(value / 1000 for value in found["rough"].values))
        rows.append(Row(f"{way}: simulated s", Range(tuple(simulated)), wall, "wall time, s", "asyncio"))
    return [Table("virtual time", rows, _NOTE)]


def _timed(call: Callable[[Windtunnel], None], simulated: list[float], *, failures: int) -> float:
    steps = [fail("rate_limited", retry_after=_HINT_S, times=failures)] if failures else []
    with Windtunnel(*steps, reply("Hello"), dates=False) as tunnel:
        began = time.perf_counter()
        call(tunnel)
        took_s = time.perf_counter() - began
        simulated.append(tunnel.clock.now())
        assert len(tunnel.journal) == failures + 1, tunnel.journal.calls
    return took_s * 1000


def _sync_socket(tunnel: Windtunnel) -> None:
    with anthropic.Anthropic(base_url=tunnel.url, api_key=tunnel.api_key) as client:
        client.messages.create(**_ASKED)  # type: ignore[call-overload]


def _sync_memory(tunnel: Windtunnel) -> None:
    inner = httpx2.Client(transport=tunnel.transport())
    with anthropic.Anthropic(base_url=tunnel.url, api_key=tunnel.api_key, http_client=inner) as client:
        client.messages.create(**_ASKED)  # type: ignore[call-overload]


def _async_socket(tunnel: Windtunnel) -> None:
    async def ask() -> None:
        async with anthropic.AsyncAnthropic(base_url=tunnel.url, api_key=tunnel.api_key) as client:
            await client.messages.create(**_ASKED)  # type: ignore[call-overload]

    asyncio.run(ask())


def _async_memory(tunnel: Windtunnel) -> None:
    async def ask() -> None:
        inner = httpx2.AsyncClient(transport=tunnel.async_transport())
        async with anthropic.AsyncAnthropic(base_url=tunnel.url, api_key=tunnel.api_key, http_client=inner) as client:
            await client.messages.create(**_ASKED)  # type: ignore[call-overload]

    asyncio.run(ask())


_WAYS: dict[str, Callable[[Windtunnel], None]] = {
    "sync, socket": _sync_socket,
    "sync, in memory": _sync_memory,
    "async, socket": _async_socket,
    "async, in memory": _async_memory,
}
