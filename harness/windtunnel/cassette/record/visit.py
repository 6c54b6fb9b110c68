"""One client's connection to the recording proxy: request after request, each relayed as it comes."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, Final

from windtunnel.cassette.interaction import Ended, Headers, Request, Response, header
from windtunnel.cassette.record.doors import DOORS, door_of
from windtunnel.cassette.record.message import Head, Message, MessageError
from windtunnel.cassette.record.pipe import Pipe
from windtunnel.cassette.record.played import ends_connection, on_the_wire
from windtunnel.cassette.record.refusals import refusal
from windtunnel.cassette.record.signing import SigningError, is_signed
from windtunnel.cassette.record.take import Take
from windtunnel.cassette.record.tap import Tap
from windtunnel.cassette.record.upstreams import UpstreamError

if TYPE_CHECKING:
    from windtunnel.cassette.record.proxy import Proxy

#: What a client of a proxy writes before the path.
_ABSOLUTE: Final = re.compile(r"^https?://[^/?]*")
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class _Over(Exception):
    """The client's connection has nothing more to come."""


class Visit:
    """Relays the requests of one connection, one after the other."""

    def __init__(self, proxy: Proxy, client: Pipe) -> None:
        self._proxy, self._client = proxy, client
        #: Connections upstream by origin, each with who reads along. The last one used is what the client sees.
        self._open: dict[str, tuple[Pipe, Tap]] = {}
        self._facing: Pipe | None = None
        self._provider = ""

    async def run(self) -> None:
        """Serve the connection to its end."""
        try:
            while True:
                await self._serve_next()
        except _Over:
            self._leave(Tap.over_by_client)
            await self._client.close()
        except BaseException:  # the proxy stops
            self._leave(Tap.drop)
            self._client.reset()
            raise

    def _leave(self, end: Callable[[Tap], None]) -> None:
        for pipe, tap in self._open.values():
            end(tap)
            pipe.reset()

    async def _serve_next(self) -> None:
        await self._wait_for_client()
        request = Message("request")
        try:
            came = await self._read_head(request)
            if came is None:
                raise _Over
            assert request.head is not None
            await self._serve(request, request.head, came)
        except (MessageError, UpstreamError, SigningError) as error:
            await self._refuse(str(error))

    async def _wait_for_client(self) -> None:
        """Wait for a request; meanwhile what comes from upstream is passed on, its end above all."""
        while not self._client.has_news:
            if self._facing is None:
                await self._client.news()
                return
            await _first(self._client.news(), self._facing.news())
            if self._facing.has_news:
                await self._pass_on_stray(self._facing)

    async def _pass_on_stray(self, upstream: Pipe) -> None:
        came = await upstream.read()
        if came is not None:
            self._client.write(came[1])
        elif not self._client.has_news:
            await self._client.close(upstream.closed or "closed")
            raise _Over

    async def _read_head(self, request: Message) -> bytes | None:
        """Read up to the end of the head, at least; return the part of the body that came with it, as it is framed."""
        seen = b""
        while request.head is None:
            came = await self._client.read()
            if came is None:
                return None
            seen += came[1]
            end = seen.find(b"\r\n\r\n") + 4
            if end < 4:
                if len(seen) > 1 << 20:
                    raise MessageError("a head of more than a mebibyte")
                continue
            request.feed(seen[:end])
            if request.broken is not None:
                raise MessageError(request.broken)
        return seen[end:]

    async def _serve(self, request: Message, head: Head, came: bytes) -> None:
        method, target, version = head.words
        self._proxy.asked += 1
        self._provider = door_of(target, self._proxy.upstreams) or ""
        keeps_host = self._proxy.signer is None and is_signed(head.headers)
        provider, path = self._signed_for(head) if keeps_host else self._behind_door(target)
        upstream = self._proxy.upstreams[provider]
        origin = upstream.origin_for(path, header(head.headers, "authorization"))
        self._provider = "" if _is_issuer(path) else provider
        headers = head.headers if keeps_host else _with(head.headers, "host", origin.partition("://")[2])
        head = Head((method, path, version), headers)
        if self._proxy.answer is not None or (self._proxy.signer is not None and is_signed(headers)):
            await self._serve_whole(request, head, came, origin)
        else:
            await self._relay(request, head, self._framed(request, came), origin)

    def _behind_door(self, target: str) -> tuple[str, str]:
        """Whose door a path leads to, and the path behind it."""
        provider = door_of(target, self._proxy.upstreams)
        if provider is None:
            on_offer = ", ".join(f"{DOORS[name].prefix or '/'} for {name}" for name in self._proxy.upstreams)
            raise UpstreamError(f"{target}: no door; on offer: {on_offer}")
        return provider, target[len(DOORS[provider].prefix) :] or "/"

    def _signed_for(self, head: Head) -> tuple[str, str]:
        """Whose host a request was signed for, and its path. Nothing of that may change, so it has come by no door."""
        path = _ABSOLUTE.sub("", head.words[1]) or "/"
        host, authorization = header(head.headers, "host") or "", header(head.headers, "authorization")
        own = self._proxy.url.partition("://")[2]
        for name, upstream in self._proxy.upstreams.items():
            if upstream.is_at(host, path, authorization, own=own):
                return name, path
        raise SigningError(
            f"a request is signed for {host or 'no host'}, which is not where it would go, so the service would refuse it; "
            "with --aws pass the client has to sign for the service's own host, and without it the recorder signs anew"
        )

    async def _serve_whole(self, request: Message, head: Head, came: bytes, origin: str) -> None:
        """Serve a request that has to be known whole before it is sent on, if it is at all."""
        if (header(head.headers, "expect") or "").lower() == "100-continue":
            self._client.write(_CONTINUE)
            head = Head(head.words, tuple(pair for pair in head.headers if pair[0].lower() != "expect"))
        framed, body = await self._read_body(request, came)
        method, path, _ = head.words
        if self._proxy.answer is not None:
            answer = await asyncio.to_thread(
                self._proxy.answer, Request(method=method, uri=origin + path, headers=head.headers, body=body)
            )
            if answer is not None:
                await self._play(answer, method)
                return
        if self._proxy.signer is not None and is_signed(head.headers):
            signed = await asyncio.to_thread(self._proxy.signer, method, origin + path, head.headers, body)
            head = Head(head.words, signed)
        await self._relay(request, head, framed, origin)

    async def _read_body(self, request: Message, came: bytes, before: bytes = b"") -> tuple[bytes, bytes]:
        """Read the body to its end; return it as it is framed, and as it is. `before` has been read already."""
        framed = bytearray(before)
        framed += self._framed(request, came) if came else b""
        while not request.done:
            more = await self._client.read()
            if more is None:
                raise _Over
            framed += self._framed(request, more[1])
        assert request.head is not None
        again = Message("request")
        return bytes(framed), b"".join(again.feed(request.head.written() + bytes(framed)))

    async def _play(self, answer: Response, method: str) -> None:
        for piece in on_the_wire(answer, method):
            self._client.write(piece)
            await self._client.flushed()
        if answer.ended == "timeout":
            await self._client.news()  # the client waits no longer, sooner or later
        if ends_connection(answer):
            await self._client.close("reset" if answer.ended in ("reset", "refused") else "closed")
            raise _Over

    async def _relay(self, request: Message, head: Head, piece: bytes, origin: str) -> None:
        """Relay an exchange. `piece` is what `request` has read of the body so far, as it is framed."""
        try:
            upstream, tap = await self._upstream(origin)
        except ConnectionRefusedError:
            await self._pass_on_refusal(request, head, piece, origin)
            raise _Over from None
        self._facing = upstream
        upstream.write(self._proxy.way(origin).written(head) + piece)
        tap.sent(head.written() + piece)
        sending = asyncio.ensure_future(self._send_on(request, upstream, tap))
        try:
            await self._pass_back(upstream, tap)
            if not request.done:
                raise _Over  # answered before it was asked: nobody can tell where the next request begins
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    def _framed(self, request: Message, came: bytes) -> bytes:
        """Have a request read what came; return what of that is its own, and put the rest back."""
        request.feed(came)
        if request.broken is not None:
            raise MessageError(request.broken)
        self._client.unread(request.rest)
        return came[: len(came) - len(request.rest)]

    def _send(self, upstream: Pipe, tap: Tap, data: bytes) -> None:
        upstream.write(data)
        tap.sent(data)

    async def _upstream(self, origin: str) -> tuple[Pipe, Tap]:
        pipe, tap = self._open.get(origin, (None, None))
        if pipe is not None and tap is not None and pipe.closed is None:
            return pipe, tap
        try:
            pipe = await self._proxy.connect(origin)
        except ConnectionRefusedError:
            raise
        except (OSError, ssl.SSLError) as error:
            raise UpstreamError(f"{origin} cannot be reached: {error}") from None
        self._open[origin] = pipe, Tap(self._begin, origin=origin)
        return self._open[origin]

    def _begin(self, request: Request) -> Take:
        return Take(self._proxy.keep, provider=self._provider)

    async def _pass_on_refusal(self, request: Message, head: Head, piece: bytes, origin: str) -> None:
        """Nobody connects upstream. The client has a connection, so it sees that one reset."""
        body = (await self._read_body(request, b"", piece))[1]
        method, path, _ = head.words
        take = self._begin(asked := Request(method=method, uri=origin + path, headers=head.headers, body=body))
        take.ask(asked)
        take.sent()
        take.end("refused")
        await self._client.close("reset")

    async def _send_on(self, request: Message, upstream: Pipe, tap: Tap) -> None:
        """Send the rest of the request as it comes; then see whether the client waits for the answer."""
        while not request.done:
            await upstream.flushed()
            more = await self._client.read()
            if more is None:
                break
            try:
                self._send(upstream, tap, self._framed(request, more[1]))
            except MessageError:
                tap.drop()
                upstream.reset()
                return
        await self._client.news()
        if self._client.closed is not None and tap.is_answering:
            tap.over_by_client()
            upstream.reset()

    async def _pass_back(self, upstream: Pipe, tap: Tap) -> None:
        """Pass the answer on, piece by piece, and its end as it was."""
        while tap.is_answering:
            came = await upstream.read()
            if came is None:
                ended: Ended = "reset" if upstream.closed == "reset" else "cut"
                tap.over(ended)
                await self._client.close("reset" if upstream.closed == "reset" else "closed")
                raise _Over
            self._client.write(came[1])
            tap.received(came[1], came[0])
            await self._client.flushed()

    async def _refuse(self, why: str) -> None:
        """Say that the recorder, not the service, has no answer."""
        self._proxy.tell_once(why)
        said = refusal(self._provider, f"windtunnel record: {why}", status=502)
        head = Head(("HTTP/1.1", str(said.status), said.reason), (*said.headers, ("connection", "close")))
        self._client.write(head.written() + said.body)
        await self._client.close()
        raise _Over


def _is_issuer(path: str) -> bool:
    return path.partition("?")[0].endswith("/oauth/token")


def _with(headers: Headers, name: str, value: str) -> Headers:
    return tuple((key, value if key.lower() == name else was) for key, was in headers)


async def _first(*waits: Coroutine[Any, Any, None]) -> None:
    """Return when the first of them is over; the others are given up."""
    tasks = [asyncio.ensure_future(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
