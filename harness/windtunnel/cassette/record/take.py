"""One exchange while it is taken down: what was asked, what comes back and when, and how it ends."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from typing import TypeAlias

from windtunnel.cassette.interaction import Arrival, Ended, Headers, Interaction, Request, Response
from windtunnel.cassette.record.doors import provider_of

#: Takes over every interaction once it is complete. Called on the thread of the client, and never twice at once.
Sink: TypeAlias = Callable[[Interaction], None]
#: Seconds, from any beginning.
Now: TypeAlias = Callable[[], float]


class Take:
    """Collects one interaction and hands it to the sink when it has ended, once."""

    def __init__(self, sink: Sink, *, provider: str | None = None, now: Now = time.perf_counter) -> None:
        self._sink, self._provider, self._now = sink, provider, now
        self._began_at = dt.datetime.now(dt.UTC)
        self._sent_at: float | None = None
        self._request: Request | None = None
        self._status, self._reason = 0, ""
        self._headers: Headers = ()
        self._head_at: float | None = None
        self._pieces: list[tuple[float, bytes]] = []
        self.is_over = False

    def ask(self, request: Request) -> None:
        """Note the request, whole or as far as it went."""
        self._request = request

    def sent(self) -> None:
        """Start counting seconds: the request has been sent whole."""
        self._sent_at = self._now()

    def head(self, status: int, reason: str, headers: Headers, at: float | None = None) -> None:
        """Note the head of the answer, which has just come, or came at an instant of the clock."""
        self._status, self._reason, self._headers = status, reason, headers
        self._head_at = self._now() if at is None else at

    def piece(self, piece: bytes, at: float | None = None) -> None:
        """Note a piece of the body, which has just come, or came at an instant of the clock."""
        if piece and not self.is_over:
            self._pieces.append((self._now() if at is None else at, piece))

    def end(self, ended: Ended, at: float | None = None) -> None:
        """Note how it ended, just now or at an instant, and hand it over. What comes later changes nothing."""
        if self.is_over:
            return
        self.is_over = True
        if self._request is not None:
            self._sink(self._interaction(self._request, ended, self._now() if at is None else at))

    def drop(self) -> None:
        """Hand nothing over: it was none of the service's doing."""
        self.is_over = True

    def _interaction(self, request: Request, ended: Ended, at: float) -> Interaction:
        response = Response(
            status=self._status,
            reason=self._reason,
            headers=self._headers,
            body=b"".join(piece for _, piece in self._pieces),
            arrivals=tuple(Arrival(self._since(at), len(piece)) for at, piece in self._pieces),
            head_at_s=None if self._head_at is None else self._since(self._head_at),
            ended=ended,
            ended_at_s=self._since(at),
        )
        provider = provider_of(request.uri) if self._provider is None else self._provider
        return Interaction(request=request, response=response, provider=provider, recorded_at=self._began_at)

    def _since(self, at: float) -> float:
        """Seconds since the request was sent whole; 0 for what came before that. Microseconds are all that is kept."""
        return 0.0 if self._sent_at is None else round(max(at - self._sent_at, 0.0), 6)
