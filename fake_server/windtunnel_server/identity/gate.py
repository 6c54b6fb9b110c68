"""The check at the door of the direct API: keys, and the tokens of logins where there are any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from windtunnel_server.identity.api_keys import ApiKeys
from windtunnel_server.identity.oauth import OAuth
from windtunnel_server.model.problem import Problem


@dataclass(frozen=True, slots=True)
class Gate:
    """Who gets in. Without `oauth` a token counts as a key like any other."""

    keys: ApiKeys
    oauth: OAuth | None = None

    def check(self, headers: Sequence[tuple[str, str]]) -> Problem | None:
        """Refuse a request without a good credential; where an `x-api-key` is there, it decides."""
        if self.oauth is not None and self.oauth.concerns(headers):
            return self.oauth.check(headers)
        return self.keys.check(headers)
