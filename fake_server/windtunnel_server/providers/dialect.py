"""What differs between the surfaces of the API when they answer a Messages call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from windtunnel_server.plan import Plan
from windtunnel_server.providers.asked import Asked
from windtunnel_server.script import ErrorSpec, Stream
from windtunnel_server.wire.headers import RateLimits
from windtunnel_server.wire.message import Reply


class Dialect(Protocol):
    """How one surface writes replies and errors. A plan's notes: see the first-party one, `first_party.py`."""

    def reply(self, asked: Asked, reply: Reply, pacing: Stream | None, limits: RateLimits, *, model: str) -> Plan:
        """Frame a reply: as a stream where the request asks for one, else whole."""
        ...

    def error(
        self,
        asked: Asked,
        spec: ErrorSpec,
        *,
        values: Mapping[str, object] | None = None,
        limits: RateLimits | None = None,
    ) -> Plan:
        """Frame an error. `values` fill the placeholders of its own words; `limits` are shown with a 429."""
        ...
