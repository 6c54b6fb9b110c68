"""A credential, where one comes from, and what can go wrong on the way to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, eq=False)
class Credential:
    """What an SDK client is made with. Told apart by identity: the same secret obtained again is another credential."""

    arguments: Mapping[str, Any] = field(default_factory=dict, repr=False)
    #: The secret itself, to see whether another one is really another; None where nothing is sent.
    secret: str | None = field(default=None, repr=False)
    #: POSIX seconds; None: not known.
    expires_at: float | None = None


class Source(Protocol):
    """One way to credentials. Never asked twice at once."""

    async def fresh(self, held: Credential | None) -> Credential:
        """Return a credential that is good as far as is known: `held` itself, or another in its place."""
        ...

    async def another(self, refused: Credential | None, why: str) -> Credential | None:
        """Return another credential than the one that was refused, for the reason `why`; None: there is none."""
        ...

    async def aclose(self) -> None: ...


class NoCredential(Exception):
    """There is no credential to be had, or those who hand it out refuse: no waiting helps."""


class IssuerFailed(Exception):
    """Those who hand out tokens answered with an error that may pass. Read like an error of the API."""

    def __init__(self, message: str, response: Any, body: object) -> None:
        super().__init__(message)
        self.response, self.body = response, body
        self.status_code = int(response.status_code)


class Fixed:
    """One credential for good."""

    def __init__(self, credential: Credential) -> None:
        self._credential = credential

    async def fresh(self, held: Credential | None) -> Credential:
        return held or self._credential

    async def another(self, refused: Credential | None, why: str) -> Credential | None:
        return None

    async def aclose(self) -> None:
        """Nothing to let go of."""
