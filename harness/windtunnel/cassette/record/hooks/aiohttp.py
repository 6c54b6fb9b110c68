"""aiohttp: tapped between its protocol and the transport below, where bytes are as they go over the wire.

Its own streams come too late: they hold what has been decoded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from windtunnel.cassette.interaction import Request, Response
from windtunnel.cassette.record.hooks.patching import Patches, installed
from windtunnel.cassette.record.hooks.port import Begin, IsThrough
from windtunnel.cassette.record.message import Message
from windtunnel.cassette.record.played import Answer, ends_connection, on_the_wire
from windtunnel.cassette.record.tap import Tap, absolute


def record(patches: Patches, begin: Begin) -> None:
    """Have everything taken down that goes over its connections."""
    if (library := installed("aiohttp")) is None:
        return
    from aiohttp.client_proto import ResponseHandler

    def connection_made(original: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(handler: Any, transport: Any) -> None:
            is_secret = transport.get_extra_info("sslcontext") is not None
            tap = Tap(begin, origin="https://" if is_secret else "http://")
            # Set before, for what comes in is given to the transport's protocol, which is asked for only once.
            transport.set_protocol(_Along(handler, tap))
            original(handler, _TappedTransport(transport, tap))

        return wrapped

    assert library is not None
    patches.wrap(ResponseHandler, "connection_made", connection_made)


class _Along(asyncio.Protocol):
    """Stands between a transport and the handler, and passes everything on."""

    def __init__(self, handler: Any, tap: Tap) -> None:
        self._handler, self._tap = handler, tap
        self._was_ended = False

    def data_received(self, data: bytes) -> None:
        self._tap.received(data)
        self._handler.data_received(data)

    def eof_received(self) -> bool | None:
        self._tap.over("cut")
        heard: bool | None = self._handler.eof_received()
        return heard

    def connection_lost(self, exc: Exception | None) -> None:
        self._tap.over("timeout" if exc is None else "reset")
        self._handler.connection_lost(exc)

    def pause_writing(self) -> None:
        self._handler.pause_writing()

    def resume_writing(self) -> None:
        self._handler.resume_writing()


class _TappedTransport:
    """A transport that tells a tap what is written."""

    def __init__(self, transport: Any, tap: Tap) -> None:
        self._transport, self._tap = transport, tap

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: Any) -> None:
        self._transport.write(data)
        self._tap.sent(bytes(data))

    def writelines(self, pieces: Iterable[Any]) -> None:
        self.write(b"".join(pieces))


# --- played ----------------------------------------------------------------------------------------------------------


def play(patches: Patches, answer: Answer, is_through: IsThrough) -> None:
    """Have every connector hand out connections to recordings."""
    if (library := installed("aiohttp")) is None:
        return
    from aiohttp.client_proto import ResponseHandler

    def create(original: Callable[..., Any]) -> Callable[..., Any]:
        async def wrapped(connector: Any, request: Any, *words: Any, **named: Any) -> Any:
            if is_through(str(request.url)):
                return await original(connector, request, *words, **named)
            loop = asyncio.get_running_loop()
            handler = ResponseHandler(loop=loop)
            handler.connection_made(_PlayedTransport(str(request.url.origin()), answer, handler, loop))
            return handler

        return wrapped

    for connector in _with_their_own(library.BaseConnector, "_create_connection"):
        patches.wrap(connector, "_create_connection", create)


def _with_their_own(kind: type, name: str) -> Iterator[type]:
    """Return the class and every one below it that does something in its own way."""
    if name in vars(kind) or kind.__name__ == "BaseConnector":
        yield kind
    belows: list[type] = kind.__subclasses__()
    for below in belows:
        yield from _with_their_own(below, name)


class _PlayedTransport(asyncio.Transport):
    """What is written to it is answered; nothing leaves."""

    def __init__(self, origin: str, answer: Answer, handler: Any, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__()
        self._origin, self._answer, self._handler, self._loop = origin, answer, handler, loop
        self._request, self._body = Message("request"), bytearray()
        self._pieces: Iterator[bytes] = iter(())
        self._response: Response | None = None
        self._is_paused = self._is_closing = False

    def write(self, data: Any) -> None:
        if self._request.done:
            self._request, self._body = Message("request"), bytearray()
        self._body += b"".join(self._request.feed(bytes(data)))
        if self._request.done:
            assert self._request.head is not None
            head = self._request.head
            uri = absolute(head, self._origin)
            asked = Request(method=head.words[0], uri=uri, headers=head.headers, body=bytes(self._body))
            self._response = self._answer(asked)
            self._pieces = on_the_wire(self._response, head.words[0])
            self._loop.call_soon(self._deliver)

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def _deliver(self) -> None:
        if self._is_paused or self._is_closing or self._response is None:
            return
        piece = next(self._pieces, None)
        if piece is None:
            self._end(self._response)
            return
        # The next one is due first, or a pause asked for by this one would be overtaken.
        self._loop.call_soon(self._deliver)
        self._handler.data_received(piece)

    def _end(self, response: Response) -> None:
        self._response = None
        if response.ended == "timeout":
            # What the handler's own timer does when nothing comes: at once, for nothing ever would.
            self._handler._on_read_timeout()
        elif response.ended in ("reset", "refused"):
            self._lose(ConnectionResetError(104, "Connection reset by peer"))
        elif ends_connection(response):
            self._handler.eof_received()
            self._lose(None)

    def _lose(self, error: Exception | None) -> None:
        if not self._is_closing:
            self._is_closing = True
            self._loop.call_soon(self._handler.connection_lost, error)

    def pause_reading(self) -> None:
        self._is_paused = True

    def resume_reading(self) -> None:
        self._is_paused = False
        self._loop.call_soon(self._deliver)

    def is_reading(self) -> bool:
        return not self._is_paused

    def is_closing(self) -> bool:
        return self._is_closing

    def close(self) -> None:
        self._lose(None)

    def abort(self) -> None:
        self._lose(None)

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass
