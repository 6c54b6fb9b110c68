"""The check at the door of Microsoft Foundry: a resource's key, or a token by Entra (wire.md 2.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from windtunnel_server.identity.api_keys import ApiKeys, bearer, header
from windtunnel_server.identity.entra import Entra
from windtunnel_server.model.problem import Problem
from windtunnel_server.wire.azure_errors import WRONG_KEY, WRONG_TOKEN, GatewayError


@dataclass(frozen=True, slots=True)
class EntraGate:
    """Who gets in. A key, in either of its headers, decides before a token does (unverified)."""

    keys: ApiKeys
    entra: Entra

    def check(self, headers: Sequence[tuple[str, str]]) -> Problem | None:
        """Refuse a request without a good credential; the gateway tells no more than that."""
        key = header(headers, "x-api-key") or header(headers, "api-key")
        if key:
            good = self.keys.valid is None or key in self.keys.valid
            return None if good else _problem("invalid_api_key", WRONG_KEY)
        token = bearer(headers)
        if not token:
            return _problem("missing_api_key", WRONG_KEY)
        return None if self.entra.admits(token) else _problem("invalid_bearer_token", WRONG_TOKEN)


def _problem(kind: str, error: GatewayError) -> Problem:
    return Problem(kind, error.message or "")
