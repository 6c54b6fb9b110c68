"""The check at the door of the direct API: keys, and the tokens of logins where there are any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from windtunnel_server.identity.api_keys import ApiKeys, bearer, header
from windtunnel_server.identity.oauth import OAuth
from windtunnel_server.model.problem import Problem

#: What the access tokens of logins and of federated workloads begin with (wire.md 2.2).
_LOGIN_TOKEN: Final = "sk-ant-oat"


@dataclass(frozen=True, slots=True)
class Gate:
    """Who gets in. Without `oauth` a token counts as a key like any other."""

    keys: ApiKeys
    oauth: OAuth | None = None

    def workspace(self, headers: Sequence[tuple[str, str]], *, of_logins: str) -> str:
        """Name the workspace that a call is for. The tokens of logins come and go, and stay in one: `of_logins`."""
        token = header(headers, "x-api-key") or bearer(headers) or ""
        return of_logins if token.startswith(_LOGIN_TOKEN) else self.keys.workspace(headers)

    def check(self, headers: Sequence[tuple[str, str]]) -> Problem | None:
        """Refuse a request without a good credential; where an `x-api-key` is there, it decides."""
        if self.oauth is not None and self.oauth.concerns(headers):
            return self.oauth.check(headers)
        return self.keys.check(headers)
