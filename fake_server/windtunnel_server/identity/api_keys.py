"""API keys: `x-api-key`, or `Authorization: Bearer`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from windtunnel_server.model.problem import Problem


@dataclass(slots=True)
class ApiKeys:
    """The keys that are good; `valid` None takes any key that is not empty. May be changed between two calls."""

    valid: frozenset[str] | None = None
    _disabled: set[str] = field(default_factory=set)
    _workspaces: dict[str, str] = field(default_factory=dict)

    def disable(self, key: str) -> None:
        """Refuse a key from now on."""
        self._disabled.add(key)

    def bind(self, key: str, workspace_id: str) -> None:
        """Let a key be good in one workspace only, for calls that name theirs (`anthropic-workspace-id`)."""
        self._workspaces[key] = workspace_id

    def workspace(self, headers: Sequence[tuple[str, str]]) -> str:
        """Name the workspace a key is for: the one it is bound to; any other key stands for one of its own."""
        key = header(headers, "x-api-key") or bearer(headers) or ""
        return self._workspaces.get(key, key)

    def check(self, headers: Sequence[tuple[str, str]]) -> Problem | None:
        """Refuse a request without a good key.

        Where both headers are present `x-api-key` decides (wire.md section 0). Header names may have any case.
        """
        key, token = header(headers, "x-api-key"), bearer(headers)
        if not (key or token):
            return Problem("missing_api_key", "x-api-key header is required")
        if not self._good(key or token or ""):
            # That a disabled key is refused in the words for an unknown one is unverified.
            return (
                Problem("invalid_api_key", "invalid x-api-key")
                if key
                else Problem("invalid_bearer_key", "API key is invalid.")
            )
        return self._elsewhere(key or token or "", header(headers, "anthropic-workspace-id"))

    def _good(self, key: str) -> bool:
        return key not in self._disabled and (self.valid is None or key in self.valid)

    def _elsewhere(self, key: str, named: str | None) -> Problem | None:
        own = self._workspaces.get(key)
        if own is None or named is None or named == own:
            return None
        # Status and words are unverified.
        return Problem("permission_denied", f"API key does not have access to workspace {named}.")


def header(headers: Sequence[tuple[str, str]], name: str) -> str | None:
    """Return the first header of that lower-case name, bare of blanks, or None."""
    return next((value.strip() for key, value in headers if key.lower() == name), None)


def bearer(headers: Sequence[tuple[str, str]]) -> str | None:
    """Return what follows `Bearer` in the Authorization header, or None."""
    scheme, _, token = (header(headers, "authorization") or "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
