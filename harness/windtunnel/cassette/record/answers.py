"""What is recorded already, found for a request on its way through a recorder."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any, Final, Literal

from windtunnel.cassette.interaction import Request, Response
from windtunnel.cassette.match import Index, from_request
from windtunnel.cassette.match.index import redacting
from windtunnel.cassette.match.reel import Reel, Source
from windtunnel.cassette.record.doors import provider_of

#: How each cloud words a bad request (wire.md 6.4, 6.5); the others do as Anthropic's own API.
_ENVELOPES: Final[dict[str, Callable[[str], dict[str, Any]]]] = {
    "bedrock": lambda why: {"message": why},
    "vertex": lambda why: {"error": {"code": 400, "message": why, "status": "INVALID_ARGUMENT"}},
}


class Answers:
    """Gives recorded answers, each once and in their order. May be asked by several threads.

    A request that none answers goes on (None), or with `on_miss="refuse"` gets a 400 that no SDK retries. `redact` makes
    of a live request what a recorder would have written down.
    """

    def __init__(
        self,
        cassette: Source,
        *,
        on_miss: Literal["record", "refuse"],
        redact: Callable[[Request], Request] | None = None,
    ) -> None:
        self._on_miss = on_miss
        self._reel = Reel([("", cassette)])
        self._index = Index(self._reel, redact=None if redact is None else redacting(redact))
        self._lock = threading.Lock()
        self.played = 0
        #: What was asked and not found: the request's line, what is nearest, what differs first.
        self.misses: list[str] = []

    def __call__(self, request: Request) -> Response | None:
        """Return the recorded answer; None, or a refusal, where there is none."""
        asked = from_request(request, provider=provider_of(request.uri))
        with self._lock:
            found = self._index.take(asked)
            if found is not None:
                self.played += 1
                return self._reel.interaction(found.place).response
            if self._on_miss == "record":
                return None
            nearest = self._index.nearest(asked)
            place = "none, the cassette is empty" if nearest is None else f"interaction {nearest.place + 1}"
            differs = (
                "" if nearest is None else f" · differs: {nearest.difference or 'nothing, but it has been played'}"
            )
            self.misses.append(f"No recording answers {asked.line} · nearest: {place}{differs}")
            return refusal(asked.provider, self.misses[-1])


def refusal(provider: str, why: str) -> Response:
    """Return a 400 in a provider's own words that clients do not retry."""
    usual = {"type": "error", "error": {"type": "invalid_request_error", "message": why}}
    envelope = _ENVELOPES[provider](why) if provider in _ENVELOPES else usual
    body = json.dumps(envelope, ensure_ascii=False).encode()
    headers = [("content-type", "application/json"), ("content-length", str(len(body))), ("x-should-retry", "false")]
    if provider == "bedrock":
        headers.append(("x-amzn-errortype", "ValidationException"))
    return Response(status=400, reason="Bad Request", headers=tuple(headers), body=body)
