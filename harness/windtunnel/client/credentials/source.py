"""A credential, where one comes from, and what can go wrong on the way to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Protocol

from windtunnel.client.credentials.origins import Origin


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

    @property
    def waits_for_person(self) -> bool:
        """Whether a person is being asked: in vain, where nobody waits for the answer any more."""
        ...

    async def fresh(self, held: Credential | None) -> Credential:
        """Return a credential that is good as far as is known: `held` itself, or another in its place."""
        ...

    async def another(self, refused: Credential | None, why: str) -> Credential | None:
        """Return another credential than the one that was refused, for the reason `why`; None: there is none."""
        ...

    def origin(self) -> Origin:
        """Say where the last one came from."""
        ...

    async def aclose(self) -> None: ...


class NoCredential(Exception):
    """There is no credential to be had, or those who hand it out refuse: no waiting helps."""


class NobodyAsked(NoCredential):
    """A person would have to be asked, and is not to be (`nobody_asked`)."""


_MAY_ASK: ContextVar[bool] = ContextVar("windtunnel_client_may_ask", default=True)


@contextmanager
def nobody_asked() -> Iterator[None]:
    """What is asked of sources in here is to be had without a person, or not at all."""
    token = _MAY_ASK.set(False)
    try:
        yield
    finally:
        _MAY_ASK.reset(token)


def may_ask() -> bool:
    """Whether a person may be asked."""
    return _MAY_ASK.get()


class IssuerFailed(Exception):
    """Those who hand out tokens answered with an error that may pass. Read like an error of the API."""

    def __init__(self, message: str, response: Any, body: object) -> None:
        super().__init__(message)
        self.response, self.body = response, body
        self.status_code = int(response.status_code)


class Fixed:
    """One credential for good."""

    waits_for_person = False

    def __init__(self, credential: Credential, origin: Origin) -> None:
        self._credential, self._origin = credential, origin

    async def fresh(self, held: Credential | None) -> Credential:
        return held or self._credential

    async def another(self, refused: Credential | None, why: str) -> Credential | None:
        return None

    def origin(self) -> Origin:
        return self._origin

    async def aclose(self) -> None:
        """Nothing to let go of."""
