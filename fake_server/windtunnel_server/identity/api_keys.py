"""API keys: `x-api-key`, or `Authorization: Bearer`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from windtunnel_server.model.problem import Problem


@dataclass(frozen=True, slots=True)
class ApiKeys:
    """The keys that are good; None takes any key that is not empty."""

    valid: frozenset[str] | None = None

    def check(self, headers: Sequence[tuple[str, str]]) -> Problem | None:
        """Refuse a request without a good key.

        Where both headers are present `x-api-key` decides (wire.md section 0). Header names may have any case.
        """
        key, token = header(headers, "x-api-key"), bearer(headers)
        if key:
            return None if self._good(key) else Problem("invalid_api_key", "invalid x-api-key")
        if token:
            return None if self._good(token) else Problem("invalid_bearer_key", "API key is invalid.")
        return Problem("missing_api_key", "x-api-key header is required")

    def _good(self, key: str) -> bool:
        return self.valid is None or key in self.valid


def header(headers: Sequence[tuple[str, str]], name: str) -> str | None:
    """Return the first header of that lower-case name, bare of blanks, or None."""
    return next((value.strip() for key, value in headers if key.lower() == name), None)


def bearer(headers: Sequence[tuple[str, str]]) -> str | None:
    """Return what follows `Bearer` in the Authorization header, or None."""
    scheme, _, token = (header(headers, "authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
