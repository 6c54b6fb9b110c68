"""The same core behind an in-memory transport for httpx2 and httpx, sync and async.

No socket: the transport knows exactly who waits for what, so virtual time is exact even with many threads and tasks.
Streams are true ones: an event is seen when it is due. The client's own time-outs hold.
"""

from __future__ import annotations

import asyncio
import functools
import importlib
import math
from collections.abc import AsyncIterator, Iterator, Mapping
from types import ModuleType
from typing import Any, Final

from windtunnel_server.call import Call
from windtunnel_server.clock import Clock, VirtualClock, VirtualTimeError
from windtunnel_server.core import Core
from windtunnel_server.inprocess.senders import current_sender
from windtunnel_server.plan import Head, Send
from windtunnel_server.playback import Breakage, Broken, Done, Silence, playback

LIBRARIES = ("httpx2", "httpx")
#: What a client's library calls the ways in which a connection breaks.
_ERRORS: Final[Mapping[Breakage, str]] = {
    "protocol": "RemoteProtocolError",
    "reset": "ReadError",
    "refused": "ConnectError",
}


def transport(core: Core, *, library: str = "httpx2") -> Any:
    """A transport for `httpx2.Client(transport=…)`, or `httpx.Client` with `library="httpx"`."""
    return _classes(library)[0](core)


def async_transport(core: Core, *, library: str = "httpx2") -> Any:
    """A transport for `httpx2.AsyncClient(transport=…)`, or `httpx.AsyncClient` with `library="httpx"`."""
    return _classes(library)[1](core)


class _Exchange:
    """One request and its playback; maps what is met to the library's own exceptions."""

    def __init__(self, lib: ModuleType, core: Core, request: Any, body: bytes) -> None:
        self._lib, self._core, self._request = lib, core, request
        timeouts: Mapping[str, float | None] = request.extensions.get("timeout", {})
        self.read_timeout_s = _limit(timeouts.get("read"))
        sender = current_sender()
        if not core.script.is_blank:
            self._at_the_door(sender)
        plan, entry = _ask(core, request, body, sender)
        self.playback = playback(plan, entry, core.clock, bodiless=request.method == "HEAD")

    def _at_the_door(self, sender: str | None) -> None:
        if self._core.take_door_fault("connection_refused", connection=0, sender=sender, ended="refused"):
            raise self._lib.ConnectError("[Errno 111] Connection refused", request=self._request)
        if self._core.take_door_fault("connection_dropped", connection=0, sender=sender, ended="closed"):
            why = "Server disconnected without sending a response."
            raise self._lib.RemoteProtocolError(why, request=self._request)

    def nap_s(self, silence: Silence) -> float:
        """How long to wait now: to the next byte, or to the client's read time-out if that comes first."""
        return min(max(silence.until - self._core.clock.now(), 0.0), self.read_timeout_s)

    def check_timeout(self, silence: Silence, waited_s: float) -> None:
        if waited_s >= self.read_timeout_s and self._core.clock.now() < silence.until:
            self.playback.hang_up()
            raise self._lib.ReadTimeout("timed out", request=self._request)

    def broken(self, broken: Broken) -> Exception:
        error: Exception = getattr(self._lib, _ERRORS[broken.how])(broken.why, request=self._request)
        return error

    def response(self, head: Head, stream: Any) -> Any:
        extensions = {"http_version": b"HTTP/1.1"}
        return self._lib.Response(
            head.status, headers=list(head.headers), stream=stream, request=self._request, extensions=extensions
        )


def _limit(timeout_s: float | None) -> float:
    return math.inf if timeout_s is None else float(timeout_s)


def _ask(core: Core, request: Any, body: bytes, sender: str | None) -> Any:
    now = core.clock.now()
    call = Call(
        request.method,
        request.url.raw_path.decode("ascii").partition("?")[0],
        request.url.query.decode("ascii"),
        tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in request.headers.raw]),
        body,
        arrived_at=now,
        head_at=now,
        body_at=now,
        sender=sender,
        in_process=True,
    )
    if len(body) > core.max_body_bytes(call.path):
        return core.answer_too_large(call)
    return core.answer(call)


async def _sleep(clock: Clock, for_s: float) -> None:
    if asyncio._get_running_loop() is None:
        if isinstance(clock, VirtualClock):
            raise VirtualTimeError('virtual time knows asyncio only; run trio clients with clock="real"')
        import anyio

        await anyio.sleep(math.inf if for_s == math.inf else clock.loop_delay(for_s))
    elif for_s == math.inf:
        await asyncio.Event().wait()
    else:
        await asyncio.sleep(clock.loop_delay(for_s))


@functools.cache
def _classes(library: str) -> tuple[Any, Any]:
    if library not in LIBRARIES:
        raise ValueError(f"library: {library!r} is none of {', '.join(LIBRARIES)}")
    lib = importlib.import_module(library)

    class Stream(lib.SyncByteStream):  # type: ignore[name-defined, misc]
        def __init__(self, exchange: _Exchange, clock: Clock) -> None:
            self._exchange, self._clock = exchange, clock

        def met(self) -> Head | Send | Done:
            """What comes next, waited for."""
            exchange = self._exchange
            while True:
                met = exchange.playback.next()
                if isinstance(met, Silence):
                    nap = exchange.nap_s(met)
                    self._clock.sleep(nap)
                    exchange.check_timeout(met, nap)
                elif isinstance(met, Broken):
                    raise exchange.broken(met)
                else:
                    return met

        def __iter__(self) -> Iterator[bytes]:
            while isinstance(met := self.met(), Send):
                yield met.data

        def close(self) -> None:
            self._exchange.playback.hang_up()

    class Transport(lib.BaseTransport):  # type: ignore[name-defined, misc]
        def __init__(self, core: Core) -> None:
            self._core = core

        def handle_request(self, request: Any) -> Any:
            exchange = _Exchange(lib, self._core, request, request.read())
            stream = Stream(exchange, self._core.clock)
            try:
                head = stream.met()
            except BaseException:
                stream.close()
                raise
            assert isinstance(head, Head)
            return exchange.response(head, stream)

    class AsyncStream(lib.AsyncByteStream):  # type: ignore[name-defined, misc]
        def __init__(self, exchange: _Exchange, clock: Clock) -> None:
            self._exchange, self._clock = exchange, clock

        async def met(self) -> Head | Send | Done:
            """What comes next, waited for."""
            exchange = self._exchange
            while True:
                met = exchange.playback.next()
                if isinstance(met, Silence):
                    nap = exchange.nap_s(met)
                    await _sleep(self._clock, nap)
                    exchange.check_timeout(met, nap)
                elif isinstance(met, Broken):
                    raise exchange.broken(met)
                else:
                    return met

        async def __aiter__(self) -> AsyncIterator[bytes]:
            while isinstance(met := await self.met(), Send):
                yield met.data

        async def aclose(self) -> None:
            self._exchange.playback.hang_up()

    class AsyncTransport(lib.AsyncBaseTransport):  # type: ignore[name-defined, misc]
        def __init__(self, core: Core) -> None:
            self._core = core

        async def handle_async_request(self, request: Any) -> Any:
            exchange = _Exchange(lib, self._core, request, await request.aread())
            stream = AsyncStream(exchange, self._core.clock)
            try:
                head = await stream.met()
            except BaseException:
                await stream.aclose()
                raise
            assert isinstance(head, Head)
            return exchange.response(head, stream)

    return Transport, AsyncTransport
