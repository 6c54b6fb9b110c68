"""`http.client`, and with it requests, urllib3, botocore and urllib: tapped where bytes go to and come from the socket.

urllib3 reads chunked answers past the response object, from the file below it; so does this.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
from collections.abc import Callable, Iterator
from typing import Any, Final
from weakref import WeakKeyDictionary

from windtunnel.cassette.interaction import Ended, Request, Response
from windtunnel.cassette.record.hooks.patching import HookError, Patches, installed
from windtunnel.cassette.record.hooks.port import Begin, IsThrough
from windtunnel.cassette.record.message import Message
from windtunnel.cassette.record.played import Answer, ends_connection, on_the_wire
from windtunnel.cassette.record.tap import Tap, absolute

_Any = Callable[..., Any]
_READABLE: Final = 1 << 16


def record(patches: Patches, begin: Begin) -> None:
    """Have everything taken down that goes over a connection of `http.client`."""
    taps: WeakKeyDictionary[http.client.HTTPConnection, Tap] = WeakKeyDictionary()

    def putrequest(original: _Any) -> _Any:
        def wrapped(connection: http.client.HTTPConnection, *words: Any, **named: Any) -> Any:
            if connection not in taps:
                taps[connection] = Tap(begin, origin=_origin(connection))
            taps[connection].restart()
            return original(connection, *words, **named)

        return wrapped

    def send(original: _Any) -> _Any:
        def wrapped(connection: http.client.HTTPConnection, data: Any) -> None:
            tap = taps.get(connection)
            for piece in _bytes_of(data):
                original(connection, piece)
                if tap is not None:
                    tap.sent(bytes(piece))

        return wrapped

    def getresponse(original: _Any) -> _Any:
        def wrapped(connection: http.client.HTTPConnection) -> Any:
            tap = taps.get(connection)
            if tap is None:
                return original(connection)
            with _tapped(connection, tap):
                return original(connection)

        return wrapped

    patches.wrap(http.client.HTTPConnection, "putrequest", putrequest)
    patches.wrap(http.client.HTTPConnection, "send", send)
    patches.wrap(http.client.HTTPConnection, "getresponse", getresponse)


@contextlib.contextmanager
def _tapped(connection: Any, tap: Tap) -> Iterator[None]:
    """Have the response that is made here read through a tap, from the first byte of its head."""
    make = connection.response_class

    def made(*words: Any, **named: Any) -> Any:
        response = make(*words, **named)
        response.fp = _Along(response.fp, tap)
        return response

    connection.response_class = made
    try:
        yield
    except BaseException as error:
        tap.over(_ended_by(error))
        raise
    finally:
        # A connection that was closed meanwhile has put back its own.
        if connection.response_class is made:
            connection.response_class = make


class _Along:
    """A file that tells a tap what is read from it, and how that ends."""

    def __init__(self, file: Any, tap: Tap) -> None:
        self._file, self._tap = file, tap

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    def read(self, size: int | None = -1) -> bytes:
        data: bytes = self._heard(self._file.read, size)
        self._took(data, is_end=size is None or size < 0 or len(data) < size)
        return data

    def read1(self, size: int = -1) -> bytes:
        data: bytes = self._heard(self._file.read1, size)
        self._took(data, is_end=not data and size != 0)
        return data

    def readline(self, limit: int = -1) -> bytes:
        data: bytes = self._heard(self._file.readline, limit)
        self._took(data, is_end=not data and limit != 0)
        return data

    def readinto(self, buffer: Any) -> int:
        size: int = self._heard(self._file.readinto, buffer)
        self._took(bytes(memoryview(buffer)[:size]), is_end=size < len(buffer))
        return size

    def close(self) -> None:
        self._tap.over_by_client()
        self._file.close()

    def _heard(self, read: _Any, *words: Any) -> Any:
        try:
            return read(*words)
        except BaseException as error:
            self._tap.over(_ended_by(error))
            raise

    def _took(self, data: bytes, *, is_end: bool) -> None:
        self._tap.received(data)
        if is_end:
            self._tap.over("cut")


def _ended_by(error: BaseException) -> Ended:
    if isinstance(error, http.client.HTTPException):  # RemoteDisconnected among them, which is a ConnectionError, too
        return "cut"
    return "reset" if isinstance(error, ConnectionError) else "timeout"


def _bytes_of(data: Any) -> Iterator[Any]:
    """Return what `send` takes in pieces of bytes: it takes files and iterables, too."""
    if isinstance(data, bytes | bytearray | memoryview):
        yield data
    elif hasattr(data, "read"):
        while piece := data.read(_READABLE):
            yield piece.encode("iso-8859-1") if isinstance(piece, str) else piece
    else:
        yield from data


def _origin(connection: Any) -> str:
    """Return "https://host:port" of where a connection leads in the end."""
    is_secret = connection.default_port == 443
    host = getattr(connection, "_tunnel_host", None) or connection.host
    return f"{'https' if is_secret else 'http'}://{host}:{connection.port}"


# --- played ----------------------------------------------------------------------------------------------------------


def play(patches: Patches, answer: Answer, is_through: IsThrough) -> None:
    """Have every connection of `http.client` lead to recordings. What cannot be led there must not send."""

    def connect(original: _Any) -> _Any:
        def wrapped(connection: Any) -> None:
            if is_through(_origin(connection)):
                original(connection)
                return
            connection.sock = _PlayedSocket(_origin(connection), answer)
            if hasattr(connection, "is_verified"):
                connection.is_verified = True

        return wrapped

    def send(original: _Any) -> _Any:
        def wrapped(connection: Any, data: Any) -> None:
            if connection.sock is None and connection.auto_open:
                connection.connect()
            if not isinstance(connection.sock, _PlayedSocket) and not is_through(_origin(connection)):
                raise HookError(
                    f"{type(connection).__qualname__} would send to {_origin(connection)} while recordings are played: it "
                    "was connected before, or connects in a way of its own; name its host in `through` if that is meant"
                )
            for piece in _bytes_of(data):
                original(connection, piece)

        return wrapped

    places = [http.client.HTTPConnection, http.client.HTTPSConnection]
    if installed("urllib3") is not None:
        import urllib3.connection

        places += [urllib3.connection.HTTPConnection, urllib3.connection.HTTPSConnection]
    for place in places:
        patches.wrap(place, "connect", connect)
    patches.wrap(http.client.HTTPConnection, "send", send)


class _PlayedSocket:
    """Looks like a socket to `http.client` and urllib3; what is sent to it is answered, and nothing leaves."""

    def __init__(self, origin: str, answer: Answer) -> None:
        self._origin, self._answer = origin, answer
        self._request, self._body = Message("request"), bytearray()
        self._response: Response | None = None
        # urllib3 asks the system whether there is something to read on an idle connection: never on this one.
        self._idle = socket.socketpair()
        self._is_over = False

    def sendall(self, data: Any) -> None:
        if self._request.done:
            self._request, self._body = Message("request"), bytearray()
        self._body += b"".join(self._request.feed(bytes(data)))
        if self._request.done:
            assert self._request.head is not None
            head = self._request.head
            uri = absolute(head, self._origin)
            asked = Request(method=head.words[0], uri=uri, headers=head.headers, body=bytes(self._body))
            self._response = self._answer(asked)
            if self._response.ended == "refused":
                raise ConnectionRefusedError(111, "Connection refused")

    def makefile(self, mode: str = "rb", *words: Any, **named: Any) -> io.BufferedReader:
        assert self._response is not None and self._request.head is not None
        response, self._response = self._response, None
        return io.BufferedReader(_Played(response, self._request.head.words[0]))

    def fileno(self) -> int:
        return self._idle[0].fileno()

    def close(self) -> None:
        for one in self._idle:
            one.close()

    def __del__(self) -> None:
        self.close()

    def settimeout(self, timeout: float | None) -> None:
        pass

    def gettimeout(self) -> None:
        return None

    def setsockopt(self, *words: Any) -> None:
        pass

    def shutdown(self, how: int) -> None:
        pass


class _Played(io.RawIOBase):
    """A recorded answer as a file: piece by piece, then its end, as it was."""

    def __init__(self, response: Response, method: str) -> None:
        self._pieces = on_the_wire(response, method)
        self._left = b""
        self._response = response

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._left = self._left or next(self._pieces, b"")
        if not self._left:
            self._end()
        size = min(len(buffer), len(self._left))
        buffer[:size], self._left = self._left[:size], self._left[size:]
        return size

    def _end(self) -> None:
        if self._response.ended == "reset":
            raise ConnectionResetError(104, "Connection reset by peer")
        if self._response.ended == "timeout":
            raise TimeoutError("timed out")
        if not ends_connection(self._response):
            raise AssertionError("read past the end of a recorded answer")
