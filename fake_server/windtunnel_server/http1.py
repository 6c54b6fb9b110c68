"""HTTP/1.1 on a socket of our own: requests in, plans performed, and faults that act on the socket itself."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, cast

import httptools

from windtunnel_server.call import Call
from windtunnel_server.clock import Clock
from windtunnel_server.inprocess.flows import Link, registry
from windtunnel_server.journal import Entry
from windtunnel_server.performer import Outlet, Performance
from windtunnel_server.plan import Plan
from windtunnel_server.wheel import Wheel

#: A head above this is refused; no edge takes one (unverified: the real edge's limit is not documented).
MAX_HEAD_BYTES = 128 * 1024
#: How long a refused client may go on sending before the connection is closed on it.
_LINGER_S = 2.0
#: How much of an address that made no sense the journal keeps.
_SHOWN = 200


class UnderWay(Protocol):
    """An answer on its way: a plan's performance, or a stream that is pushed."""

    def go(self) -> None: ...

    def stop(self, ended: str) -> None: ...


class Host(Protocol):
    """What a connection asks of the server it belongs to."""

    clock: Clock
    wheel: Wheel

    def connected(self, connection: Connection) -> bool:
        """A new connection; False when it has been dealt with and takes no requests."""
        ...

    def disconnected(self, connection: Connection) -> None: ...

    def max_body_bytes(self, path: str) -> int: ...

    def feed(self, call: Call, outlet: Outlet, *, chunked: bool) -> UnderWay | None:
        """The stream that answers the call as things happen; None for a call that a plan answers."""
        ...

    def answer(self, call: Call) -> tuple[Plan, Entry]: ...

    def answer_too_large(self, call: Call) -> tuple[Plan, Entry]: ...

    def answer_garbage(self, call: Call, why: str) -> tuple[Plan, Entry]: ...

    def closes_idle(self) -> bool:
        """Say whether a connection would be closed if it were idle now."""
        ...

    def idle(self, connection: Connection) -> None:
        """A reply ended in good order and nothing else is under way on this connection."""
        ...


class Connection(asyncio.Protocol):
    """One connection: parses requests one after another and performs the plan for each."""

    def __init__(self, host: Host, number: int) -> None:
        self._host = host
        self.number = number
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._performance: UnderWay | None = None
        #: Calls to answer: whether the connection is kept behind them, and whether the client speaks HTTP/1.0.
        self._waiting: deque[tuple[Call, bool, bool]] = deque()
        #: What comes behind everything that waits, and ends the connection.
        self._refusal: Callable[[], tuple[Plan, Entry]] | None = None
        self._on_drained: Callable[[], None] | None = None
        self._call: Call | None = None
        self._deaf = False
        self._answering = False
        self._keep_alive = True
        self._begin()

    # --- the socket ----------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # A cast, not a check: uvloop's transports are no asyncio.Transport by inheritance.
        self._transport = cast(asyncio.Transport, transport)
        self._deaf = not self._host.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._performance is not None:
            self._performance.stop("hung up")
        self._forget()
        self._host.disconnected(self)

    def eof_received(self) -> bool:
        # A client that is done sending has hung up: none of the real ones half-closes.
        return False

    def data_received(self, data: bytes) -> None:
        if self._deaf:
            return
        if self._call is None:
            self._call = self._new_call()
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            self._decline(data[offer.args[0] :])
        except httptools.HttpParserError as error:
            if not self._deaf:
                self._garbage(str(error))

    def _decline(self, rest: bytes) -> None:
        """Read a request once more without its offer of another protocol (HTTP/2, a websocket), and what follows it.

        The parser takes the body behind such an offer for the other protocol.
        """
        if not self._is_offer:
            return
        kept = [pair for pair in self._headers if pair[0].lower() not in ("connection", "upgrade", "http2-settings")]
        head = [f"{self._parser.get_method().decode('ascii')} {self._url.decode('latin-1')} HTTP/1.1"]
        head += [f"{name}: {value}" for name, value in kept]
        self._parser = httptools.HttpRequestParser(self)
        self.data_received("\r\n".join([*head, "", ""]).encode("latin-1") + rest)

    @property
    def _is_offer(self) -> bool:
        return self._parser.should_upgrade() and self._parser.get_method() != b"CONNECT"

    def resume_writing(self) -> None:
        then, self._on_drained = self._on_drained, None
        if self._transport is not None:
            self._transport.set_write_buffer_limits()
        if then is not None:
            then()

    @property
    def is_idle(self) -> bool:
        """No request is being read or answered."""
        return self._is_free and self._call is None and not self._answering

    @property
    def _is_free(self) -> bool:
        return self._performance is None and not self._waiting

    def stop(self) -> None:
        """The server stops: end what is under way and leave."""
        if self._performance is not None:
            self._performance.stop("stopped")
        if self._transport is not None:
            self._transport.abort()

    @property
    def _link(self) -> Link | None:
        sock = None if self._transport is None else self._transport.get_extra_info("socket")
        end = None if sock is None else registry.end_of_fd(sock.fileno())
        return None if end is None else end.link

    @property
    def sender(self) -> str | None:
        """Who sent last from the client's end, where that is in this process."""
        link = self._link
        return None if link is None else link.sender

    def _new_call(self) -> Call:
        link = self._link
        call = Call("", "", arrived_at=self._host.clock.now(), connection=self.number)
        if link is not None:
            call.sender, call.in_process = link.sender, link.is_ours
        if self._transport is not None and self._transport.get_extra_info("sslcontext") is not None:
            call.scheme = "https"
        return call

    # --- the parser's calls --------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._url = b""
        self._headers: list[tuple[str, str]] = []
        self._head_bytes = 0
        self._body: list[bytes] = []
        self._body_bytes = 0
        self._max_body_bytes = 0

    def on_message_begin(self) -> None:
        self._begin()
        if self._call is None:
            self._call = self._new_call()

    def on_url(self, url: bytes) -> None:
        self._url += url
        self._measure(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))
        self._measure(len(name) + len(value))

    def _measure(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            raise httptools.HttpParserError(f"request head above {MAX_HEAD_BYTES} bytes")

    def on_headers_complete(self) -> None:
        call = self._call
        if call is None or self._deaf or self._is_offer:
            return
        call.method = self._parser.get_method().decode("ascii")
        path, _, query = _origin_form(self._url.decode("latin-1")).partition("?")
        call.path, call.query = path, query
        call.headers = tuple(self._headers)
        call.head_at = self._host.clock.now()
        self._max_body_bytes = self._host.max_body_bytes(path)
        declared = call.header("content-length") or "0"
        if declared.isdigit() and int(declared) > self._max_body_bytes:
            self._refuse(lambda: self._host.answer_too_large(call))
        elif (call.header("expect") or "").lower() == "100-continue" and self._is_free and self._transport is not None:
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, data: bytes) -> None:
        call = self._call
        if self._deaf or call is None:
            return
        self._body_bytes += len(data)
        if self._body_bytes > self._max_body_bytes:
            self._refuse(lambda: self._host.answer_too_large(call))
        else:
            self._body.append(data)

    def on_message_complete(self) -> None:
        if self._is_offer:
            return
        call, self._call = self._call, None
        if self._deaf or call is None:
            return
        call.body = b"".join(self._body)
        call.body_at = self._host.clock.now()
        is_old = self._parser.get_http_version() == "1.0"
        self._waiting.append((call, self._parser.should_keep_alive() and not is_old, is_old))
        self._next()

    # --- answers -------------------------------------------------------------------------------------------------

    def _next(self) -> None:
        """Answer what waits, in order. Answers that end at once come back here: one loop takes them all."""
        if self._answering:
            return
        self._answering = True
        try:
            while self._performance is None and self._waiting:
                call, self._keep_alive, is_old = self._waiting.popleft()
                self._performance = self._host.feed(call, self, chunked=not is_old)
                if self._performance is not None:
                    self._performance.go()
                    continue
                plan, entry = self._host.answer(call)
                self._perform(_unchunked(plan) if is_old else plan, entry, bodiless=call.method == "HEAD")
            if self._performance is None and self._refusal is not None:
                refusal, self._refusal, self._keep_alive = self._refusal, None, False
                self._perform(*refusal(), bodiless=False)
        finally:
            self._answering = False

    def _refuse(self, answer: Callable[[], tuple[Plan, Entry]]) -> None:
        """Answer as soon as what came before is answered, and take nothing more on this connection."""
        self._deaf, self._refusal = True, answer
        self._next()

    def _garbage(self, why: str) -> None:
        call = self._call or self._new_call()
        self._call = None
        if not call.method:
            path, _, query = self._url.decode("latin-1").partition("?")
            call.method, call.path, call.query = "?", path[:_SHOWN], query[:_SHOWN]
        self._refuse(lambda: self._host.answer_garbage(call, why))

    def _perform(self, plan: Plan, entry: Entry, *, bodiless: bool) -> None:
        if not self._keep_alive:
            plan = plan.map_head(lambda head: head.with_header("connection", "close"))
        self._performance = Performance(plan, entry, self, self._host.clock, self._host.wheel, bodiless=bodiless)
        self._performance.go()

    # --- Outlet: where the performance's bytes go ----------------------------------------------------------------

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def ending(self) -> None:
        """Let the last bytes leave together with the end of the connection, where it will be closed once it is idle.

        A client that had them earlier could send its next request into a connection that is being closed: an attempt
        that nobody sees.
        """
        if self._transport is not None and self._keep_alive and self._host.closes_idle():
            self._cork(True)

    def _cork(self, on: bool) -> None:
        sock = None if self._transport is None else self._transport.get_extra_info("socket")
        if sock is not None and hasattr(socket, "TCP_CORK"):
            with suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, int(on))

    def drained(self, then: Callable[[], None]) -> bool:
        if self._transport is None or self._transport.get_write_buffer_size() == 0:
            return True
        self._on_drained = then
        self._transport.set_write_buffer_limits(high=0)
        return False

    def done(self) -> None:
        self._performance = None
        if not self._keep_alive:
            self._forget()
            if self._deaf:
                self._linger()
            else:
                self.close()
        elif self._waiting or self._refusal is not None:
            self._next()
        else:
            self._host.idle(self)
            if self._transport is not None and not self._transport.is_closing():
                self._cork(False)

    def _linger(self) -> None:
        """Say that we are done, and swallow what the client still sends: a close now would reset our answer away."""
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        if transport.can_write_eof():
            transport.write_eof()
        asyncio.get_running_loop().call_later(_LINGER_S, transport.close)

    def _forget(self) -> None:
        """Nothing more is answered here."""
        self._waiting.clear()
        self._refusal = None

    def close(self) -> None:
        self._deaf = True
        self._performance = None
        self._forget()
        if self._transport is not None:
            self._transport.close()

    def reset(self) -> None:
        self._deaf = True
        self._performance = None
        self._forget()
        if self._transport is not None:
            _linger_nothing(self._transport.get_extra_info("socket"))
            self._transport.abort()


def _unchunked(plan: Plan) -> Plan:
    """HTTP/1.0 knows no chunks: the end of the connection is the end of the body."""
    return plan.map_head(lambda head: head.without_header("transfer-encoding") if head.chunked else head)


def _origin_form(target: str) -> str:
    """A client that takes us for a proxy sends the whole address; the path is what counts."""
    scheme, mark, rest = target.partition("://")
    if mark and scheme in ("http", "https"):
        return "/" + rest.partition("/")[2]
    return target


def _linger_nothing(sock: Any) -> None:
    """Make the next close send a RST instead of a FIN."""
    duplicate = socket.socket(fileno=os.dup(sock.fileno()))
    try:
        duplicate.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    finally:
        os.close(duplicate.detach())
