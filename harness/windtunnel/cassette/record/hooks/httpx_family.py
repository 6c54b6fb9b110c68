"""httpx and httpx2, which share their interface: tapped where a request leaves a transport that has a network.

Whole below the client: redirects, retries and authentication are exchanges of their own, bodies are not decoded yet.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, Final

from windtunnel.cassette.interaction import Ended, Headers, Request, Response
from windtunnel.cassette.record.hooks.patching import Patches
from windtunnel.cassette.record.hooks.port import Begin, IsThrough
from windtunnel.cassette.record.played import Answer, lengths_right, pieces
from windtunnel.cassette.record.take import Take

#: How an exchange ended, by the library's exceptions; the first that fits counts. What fits none is the client's own.
_ENDED: Final[tuple[tuple[str, Ended], ...]] = (
    ("ConnectError", "refused"),
    ("ConnectTimeout", "timeout"),
    ("ReadTimeout", "timeout"),
    ("WriteTimeout", "timeout"),
    ("ReadError", "reset"),
    ("WriteError", "reset"),
    ("RemoteProtocolError", "cut"),
)
#: What the library raises, and says, for each.
_RAISED: Final[dict[Ended, tuple[str, str]]] = {
    "refused": ("ConnectError", "[Errno 111] Connection refused"),
    "timeout": ("ReadTimeout", "timed out"),
    "reset": ("ReadError", "[Errno 104] Connection reset by peer"),
    "cut": (
        "RemoteProtocolError",
        "peer closed connection without sending complete message body (incomplete chunked read)",
    ),
}


def record(library: Any, patches: Patches, begin: Begin) -> None:
    """Have everything taken down that goes over the library's own transports."""

    def sync(original: Callable[..., Any]) -> Callable[..., Any]:
        def handle_request(transport: Any, request: Any) -> Any:
            taking = _Taking(library, request, begin, is_async=False)
            if taking.take is None:
                return original(transport, request)
            with taking:
                response = original(transport, request)
                taking.answered(response)
            return response

        return handle_request

    def aio(original: Callable[..., Any]) -> Callable[..., Any]:
        async def handle_async_request(transport: Any, request: Any) -> Any:
            taking = _Taking(library, request, begin, is_async=True)
            if taking.take is None:
                return await original(transport, request)
            with taking:
                response = await original(transport, request)
                taking.answered(response)
            return response

        return handle_async_request

    patches.wrap(library.HTTPTransport, "handle_request", sync)
    patches.wrap(library.AsyncHTTPTransport, "handle_async_request", aio)


def play(library: Any, patches: Patches, answer: Answer, is_through: IsThrough) -> None:
    """Have everything answered that would go over the library's own transports."""

    def sync(original: Callable[..., Any]) -> Callable[..., Any]:
        def handle_request(transport: Any, request: Any) -> Any:
            if is_through(_uri(request)):
                return original(transport, request)
            return _played(library, request, answer(_asked(request, request.read())))

        return handle_request

    def aio(original: Callable[..., Any]) -> Callable[..., Any]:
        async def handle_async_request(transport: Any, request: Any) -> Any:
            if is_through(_uri(request)):
                return await original(transport, request)
            return _played(library, request, answer(_asked(request, await request.aread())))

        return handle_async_request

    patches.wrap(library.HTTPTransport, "handle_request", sync)
    patches.wrap(library.AsyncHTTPTransport, "handle_async_request", aio)


class _Taking:
    """A request on its way through a transport, as a context: an exception on the way is the end of its take."""

    def __init__(self, library: Any, request: Any, begin: Begin, *, is_async: bool) -> None:
        self._library, self._request, self._is_async = library, request, is_async
        self._body = bytearray()
        self.take = begin(_asked(request, b""))
        self._before = request.stream, request.extensions

    def __enter__(self) -> None:
        stream, extensions = self._before
        self._request.stream = _stream(self._library, stream, self._body.extend, lambda error: None, None)
        self._request.extensions = {**extensions, "trace": self._trace(extensions.get("trace"))}

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._request.stream, self._request.extensions = self._before
        if error is not None and self.take is not None:
            self.take.ask(_asked(self._request, bytes(self._body)))
            _end(self._library, self.take, error)

    def answered(self, response: Any) -> None:
        """The head has come; read along as the body does."""
        take = self.take
        assert take is not None
        take.ask(_asked(self._request, bytes(self._body)))
        reason = response.extensions.get("reason_phrase", b"").decode("latin-1")
        take.head(response.status_code, reason, _headers(response.headers))
        response.stream = _stream(
            self._library, response.stream, take.piece, lambda error: _end(self._library, take, error), take
        )

    def _trace(self, before: Callable[..., Any] | None) -> Callable[..., Any]:
        """The transport tells what it does; the instant that the request is whole is the one wanted."""

        def heed(name: str) -> None:
            if name.endswith("send_request_body.complete") and self.take is not None:
                self.take.sent()

        def told(name: str, details: Any) -> Any:
            heed(name)
            return before(name, details) if before is not None else None

        async def told_async(name: str, details: Any) -> None:
            heed(name)
            heard = before(name, details) if before is not None else None
            if isinstance(heard, Awaitable):
                await heard

        return told_async if self._is_async else told


def _asked(request: Any, body: bytes) -> Request:
    return Request(method=request.method, uri=_uri(request), headers=_headers(request.headers), body=body)


def _uri(request: Any) -> str:
    url = request.url
    return f"{url.scheme}://{url.netloc.decode('ascii')}{url.raw_path.decode('ascii')}"


def _headers(headers: Any) -> Headers:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers.raw)


def _end(library: Any, take: Take, error: BaseException | None) -> None:
    if error is None:
        take.end("complete")
        return
    ended = next((word for name, word in _ENDED if isinstance(error, getattr(library, name))), None)
    if ended is not None:
        take.end(ended)
    elif isinstance(error, Exception):
        take.drop()
    else:
        take.end("timeout")  # cancelled, interrupted: nobody waits any longer


def _stream(
    library: Any,
    stream: Any,
    piece: Callable[[bytes], object],
    end: Callable[[BaseException | None], None],
    take: Take | None,
) -> Any:
    """Return a stream, sync or async as it is read, that tells of every piece and of its end."""

    class Teed(library.SyncByteStream, library.AsyncByteStream):  # type: ignore[misc]
        def __iter__(self) -> Iterator[bytes]:
            try:
                for part in stream:
                    piece(part)
                    yield part
            except GeneratorExit:
                raise
            except BaseException as error:
                end(error)
                raise
            end(None)

        async def __aiter__(self) -> AsyncIterator[bytes]:
            try:
                async for part in stream:
                    piece(part)
                    yield part
            except GeneratorExit:
                raise
            except BaseException as error:
                end(error)
                raise
            end(None)

        def close(self) -> None:
            self._left()
            stream.close()

        async def aclose(self) -> None:
            self._left()
            await stream.aclose()

        def _left(self) -> None:
            if take is not None:
                take.end("timeout")

    return Teed()


# --- played ----------------------------------------------------------------------------------------------------------


def _played(library: Any, request: Any, response: Response) -> Any:
    if not response.status:
        raise _error(library, request, response.ended)

    class Recorded(library.SyncByteStream, library.AsyncByteStream):  # type: ignore[misc]
        def __iter__(self) -> Iterator[bytes]:
            yield from pieces(response)
            if response.ended != "complete":
                raise _error(library, request, response.ended)

        async def __aiter__(self) -> AsyncIterator[bytes]:
            for piece in self:
                yield piece

    headers = lengths_right(response, request.method)
    return library.Response(
        response.status,
        headers=[(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers],
        stream=Recorded(),
        extensions={"http_version": b"HTTP/1.1", "reason_phrase": response.reason.encode("latin-1")},
    )


def _error(library: Any, request: Any, ended: Ended) -> Exception:
    name, said = _RAISED[ended]
    made: Exception = getattr(library, name)(said, request=request)
    return made
