"""What goes over one connection, told apart: requests as they are sent, answers as they come, one after the other.

For recorders that see bytes: a hook at the socket needs to know nothing of the library above it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from windtunnel.cassette.interaction import Ended, Request, header
from windtunnel.cassette.record.message import Head, Message
from windtunnel.cassette.record.take import Now, Take

_TUNNEL: Final = b"CONNECT "


class Tap:
    """Reads along on one connection, and makes a take of each exchange.

    `begin` makes the takes, None for a request that is not wanted; `origin` is "https://host:port", for requests that name
    no host.
    """

    def __init__(self, begin: Callable[[Request], Take | None], *, origin: str, now: Now = time.perf_counter) -> None:
        self._begin, self._origin, self._now = begin, origin, now
        self._request, self._asked = Message("request"), bytearray()
        self._answer: Message | None = None
        self._take: Take | None = None
        self._is_blind = False

    @property
    def is_answering(self) -> bool:
        """An answer is due, or has not come whole; or nobody can tell."""
        return self._is_blind or self._answer is None or not self._answer.done

    def restart(self) -> None:
        """Forget a request that was begun: another one begins."""
        self.over("timeout")
        self._request, self._asked, self._answer = Message("request"), bytearray(), None
        self._is_blind = False

    def sent(self, data: bytes) -> None:
        """Take in what the client sent."""
        if self._is_blind or not data:
            return
        # The way through a proxy is no part of the exchange. What it answers is never seen here.
        if not self._request.started and data.startswith(_TUNNEL):
            return
        if self._request.done:
            self._request, self._asked, self._answer = Message("request"), bytearray(), None
        self._feed_request(data)
        self._heed(self._request)

    def received(self, data: bytes, at: float | None = None) -> None:
        """Take in what came, now or at an instant of the clock."""
        if self._answer is not None and not self._is_blind:
            self._feed_answer(data, self._now() if at is None else at)
            self._heed(self._answer)

    def drop(self) -> None:
        """Leave out the exchange that is under way: it was cut from here."""
        if self._take is not None:
            self._take.drop()
            self._take = None

    def over_by_client(self) -> None:
        """Take in that the client waits no longer."""
        self.over("timeout")

    def over(self, ended: Ended) -> None:
        """Take in that the connection ended, and how, where an answer was still due."""
        if self._take is not None:
            whole = self._answer is not None and self._answer.started and self._answer.close()
            self._take.end("complete" if whole and ended == "cut" else ended)
            self._take = None

    def _heed(self, message: Message) -> None:
        """What cannot be read is not made up. The answer so far is kept, as one that was cut."""
        if message.broken is not None:
            self._is_blind = True
            self.over("cut")

    def _feed_request(self, data: bytes) -> None:
        for piece in self._request.feed(data):
            self._asked += piece
        head = self._request.head
        if self._answer is None and head is not None:
            self._answer = Message("response", method=head.words[0])
        if self._request.done and head is not None and self._take is None:
            self._ask(head)

    def _ask(self, head: Head) -> None:
        uri = absolute(head, self._origin)
        request = Request(method=head.words[0], uri=uri, headers=head.headers, body=bytes(self._asked))
        self._take = self._begin(request)
        if self._take is not None:
            self._take.ask(request)
            self._take.sent()

    def _feed_answer(self, data: bytes, at: float) -> None:
        assert self._answer is not None
        if not self._request.done and self._request.head is not None and self._take is None:
            self._ask(self._request.head)  # answered before all was asked
        knew_head = self._answer.head is not None
        pieces = self._answer.feed(data)
        if self._take is None:
            return
        if not knew_head and (head := self._answer.head) is not None:
            self._take.head(head.status, head.words[2], head.headers, at)
        for piece in pieces:
            self._take.piece(piece, at)
        if self._answer.done:
            self._take.end("complete", at)
            self._take = None


def absolute(head: Head, origin: str) -> str:
    """Return the address a request is for; `origin` gives its scheme, and its host where the request names none."""
    target, host = head.words[1], header(head.headers, "host")
    if "://" in target:
        return target
    return (origin if host is None else f"{origin.partition('://')[0]}://{host}") + target
