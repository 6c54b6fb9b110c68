"""What is recorded already, found for a request on its way through a recorder."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Literal

from windtunnel.cassette.interaction import Request, Response
from windtunnel.cassette.match import Asked, Index, from_request
from windtunnel.cassette.match.index import redacting
from windtunnel.cassette.match.reel import Reel, Source
from windtunnel.cassette.player import Miss
from windtunnel.cassette.record.doors import provider_of
from windtunnel.cassette.record.refusals import refusal


class Answers:
    """Gives recorded answers, each once and in their order. May be asked by several threads.

    A request that none answers goes on (None), or with `on_miss="refuse"` gets a 400 that no SDK retries. `redact` makes
    of a live request what a recorder would have written down. `name` is the cassette's, for reports.
    """

    def __init__(
        self,
        cassette: Source,
        *,
        on_miss: Literal["record", "refuse"],
        redact: Callable[[Request], Request] | None = None,
        name: str = "",
    ) -> None:
        self._on_miss, self._name = on_miss, name
        self._reel = Reel([(name, cassette)])
        self._index = Index(self._reel, redact=None if redact is None else redacting(redact))
        self._lock = threading.Lock()
        self._asked = 0
        self.played = 0
        #: What was asked and not found.
        self.misses: list[Miss] = []

    def __call__(self, request: Request) -> Response | None:
        """Return the recorded answer; None, or a refusal, where there is none."""
        asked = from_request(request, provider=provider_of(request.uri))
        with self._lock:
            self._asked += 1
            found = self._index.take(asked)
            if found is not None:
                self.played += 1
                return self._reel.interaction(found.place).response
            if self._on_miss == "record":
                return None
            self.misses.append(self._missed(asked))
            return refusal(asked.provider, self.misses[-1].brief)

    def _missed(self, asked: Asked) -> Miss:
        nearest = self._index.nearest(asked)
        place = None if nearest is None else self._reel.places[nearest.place]
        remedy = f"record it: windtunnel record --record new --cassette {self._name}"
        return Miss(asked.line, self._asked, nearest, place, remedy)
